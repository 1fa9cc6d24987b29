import { printable } from '../../domain/text.ts';
import type { Sentence } from './sentence.ts';

export const runResumed: Sentence<'run.resumed'> = {
  level: () => 'info',
  say: ({ run, data }) =>
    `run ${printable(run)} resumed by ${printable(data.who)}: ${data.mode === 'undo' ? 'undoing what it did' : 'going on'}`,
};
