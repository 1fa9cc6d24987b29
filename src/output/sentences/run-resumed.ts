import { printable } from '../../domain/text.ts';
import type { EventData } from '../../domain/run-events.ts';
import { counted } from '../count-words.ts';
import { said, type Sentence } from './sentence.ts';

export const runResumed: Sentence<'run.resumed'> = {
  level: () => 'info',
  say: ({ run, data }) =>
    `run ${printable(run)} resumed by ${printable(data.who)}${data.reason === undefined ? '' : `, reason: ${said(data.reason)}`}: ${data.mode === 'undo' ? 'undoing what it did' : 'going on'}${restWords(data)}`,
};

/** How much of a rolling run is left. */
function restWords({ plan, mode }: EventData['run.resumed']): string {
  const rolling = mode === 'undo' ? undefined : plan?.rolling;
  if (plan === undefined || rolling === undefined) return '';
  const { length } = rolling.done;
  const through = length === 0 ? '' : `, ${counted(length, 'node')} ${length === 1 ? 'is' : 'are'} through`;
  return ` with ${counted(plan.nodes.length, 'node')} in ${counted(rolling.batches.length, 'batch', 'batches')}${through}`;
}
