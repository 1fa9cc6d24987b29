import { counted } from '../count-words.ts';
import { effectOrder } from '../effect-words.ts';
import { type Sentence, subject } from './sentence.ts';

export const undoStarted: Sentence<'undo.started'> = {
  level: () => 'warning',
  say: (event, { verbose }) => {
    const { effects } = event.data;
    const head = `${subject(event)}undoing: ${counted(effects.length, 'thing')} to give back as found`;
    return verbose ? [head, ...effects.map((effect) => `  ${effectOrder(effect)}`)].join('\n') : head;
  },
};
