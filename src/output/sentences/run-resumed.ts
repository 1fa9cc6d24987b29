import { printable } from '../../domain/text.ts';
import { said, type Sentence } from './sentence.ts';

export const runResumed: Sentence<'run.resumed'> = {
  level: () => 'info',
  say: ({ run, data }) =>
    `run ${printable(run)} resumed by ${printable(data.who)}${data.reason === undefined ? '' : `, reason: ${said(data.reason)}`}: ${data.mode === 'undo' ? 'undoing what it did' : 'going on'}`,
};
