import { counted } from '../count-words.ts';
import { effectOrder } from '../effect-words.ts';
import { type Sentence, subject } from './sentence.ts';

export const undoStarted: Sentence<'undo.started'> = {
  level: () => 'warning',
  say: (event, { verbose }) => {
    const { effects, steps = [] } = event.data;
    const first = steps.length === 0 ? '' : `${counted(steps.length, 'step')} of the playbook, then `;
    const head = `${subject(event)}undoing: ${first}${counted(effects.length, 'thing')} to give back as found`;
    return verbose ? [head, ...effects.map((effect) => `  ${effectOrder(effect)}`)].join('\n') : head;
  },
};
