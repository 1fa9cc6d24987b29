import { printable } from '../../domain/text.ts';
import type { Sentence } from './sentence.ts';

export const batchStarted: Sentence<'batch.started'> = {
  level: () => 'info',
  say: ({ data }) =>
    `batch ${data.batch} of ${data.of}: ${data.nodes.map((name) => printable(name)).join(', ')}`,
};
