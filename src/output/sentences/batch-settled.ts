import { formatDuration } from '../../domain/duration.ts';
import { said, type Sentence } from './sentence.ts';

export const batchSettled: Sentence<'batch.settled'> = {
  level: ({ data }) => (data.stopped === undefined ? 'info' : 'warning'),
  say: ({ data: { batch, of, pauseMs, stopped } }) => {
    const after = stopped !== undefined && batch < of ? `, no further node is begun: ${said(stopped)}` : '';
    const pause = pauseMs > 0 ? `, the next one in ${formatDuration(pauseMs)}` : '';
    return `batch ${batch} of ${of} is over${after}${pause}`;
  },
};
