import { nameList } from '../name-list.ts';
import type { Sentence } from './sentence.ts';

export const batchStarted: Sentence<'batch.started'> = {
  level: () => 'info',
  say: ({ data }) =>
    `batch ${data.batch} of ${data.of}${data.canary === true ? ', canary' : ''}: ${nameList(data.nodes)}`,
};
