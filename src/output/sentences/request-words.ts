import { formatDuration } from '../../domain/duration.ts';
import type { RunRequest } from '../../domain/policy.ts';
import { printable } from '../../domain/text.ts';
import { counted } from '../count-words.ts';

/** What a person asks of a run, in words. */
export function requestWords(request: RunRequest): string {
  const node = request.node === undefined ? '' : ` (${printable(request.node)})`;
  switch (request.kind) {
    case 'extend':
      return `wait ${formatDuration(request.ms)} longer${node}`;
    case 'hold':
      return `keep it out and stop when drained${node}`;
    case 'cut':
      return `cut the ${counted(request.confirmed, 'call')} that are left${node}`;
    case 'abort':
      return `stop and undo${node}`;
    default:
      return printable(JSON.stringify(request));
  }
}
