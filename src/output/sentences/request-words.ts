import { formatDuration } from '../../domain/duration.ts';
import type { RunRequest } from '../../domain/policy.ts';
import type { EventData } from '../../domain/run-events.ts';
import { printable } from '../../domain/text.ts';
import { counted } from '../count-words.ts';

/** What a person asks of a run, and by what: `asked by key e: wait 10m longer`. `told`: the node that is named before. */
export function requestWords({ request, by }: EventData['request.received'], told?: string): string {
  const { node } = request;
  const of = node === undefined || node === told ? '' : ` (${printable(node)})`;
  return `asked by ${printable(by)}: ${wishWords(request)}${of}`;
}

function wishWords(request: RunRequest): string {
  switch (request.kind) {
    case 'extend':
      return `wait ${formatDuration(request.ms)} longer`;
    case 'hold':
      return 'keep it out, and not restart it unless that has begun';
    case 'cut':
      return `cut the ${counted(request.confirmed, 'call')} that ${request.confirmed === 1 ? 'is' : 'are'} left`;
    case 'abort':
      return 'stop and undo';
    default:
      return printable(JSON.stringify(request));
  }
}
