/** What `sofia status` says: profiles and gateways with their states. Pure. Form as measured on 1.10.12. */
import { known, unknown, type Known, type NamedState } from '../domain/observation.ts';
import { printable } from '../domain/text.ts';
import { unreadable } from './plain-replies.ts';

export interface SofiaReading {
  readonly profiles: Known<readonly NamedState[]>;
  readonly gateways: Known<readonly NamedState[]>;
}

const RULER = /^={20,}\s*$/;
const ROW = /\t\s*(?:profile|gateway|alias)\s*\t/;
const TYPES: ReadonlySet<string> = new Set(['profile', 'gateway', 'alias']);

/**
 * A table between two rulers, `name TAB type TAB data TAB state`, and below it `N profiles M aliases`. A table that is
 * not whole is unknown, and so is one with a row beside it: nothing counts the gateways, so that none of them may be missed.
 */
export function readSofiaStatus(body: string): SofiaReading {
  const lines = body.split('\n');
  const first = lines.findIndex((line) => RULER.test(line));
  const last = lines.findLastIndex((line) => RULER.test(line));
  const total = /^(\d{1,6}) profiles? \d+ alias(?:es)?\s*$/m.exec(lines.slice(last + 1).join('\n'))?.[1];
  if (first < 0 || last <= first || total === undefined)
    return unreadableTable(unreadable(body, 'the sofia table').why);
  const beside = [...lines.slice(0, first), ...lines.slice(last + 1)].find((line) => ROW.test(line));
  if (beside !== undefined)
    return unreadableTable(`a line of sofia status outside of its table: "${printable(beside.trim(), 60)}"`);

  const profiles = new Map<string, NamedState>();
  const gateways: NamedState[] = [];
  for (const line of lines.slice(first + 1, last)) {
    const [name = '', type = '', , state = ''] = line.split('\t').map((cell) => cell.trim());
    const row = { name: printable(name), state: bareState(state) };
    if (name === '' || row.state === '' || !TYPES.has(type))
      return unreadableTable(`a line of sofia status that cannot be read: "${printable(line.trim(), 60)}"`);
    // A profile with TLS or WebSocket has a line for each transport.
    if (type === 'profile' && profiles.get(name)?.state !== 'RUNNING') profiles.set(name, row);
    if (type === 'gateway') gateways.push(row);
  }
  if (profiles.size !== Number(total))
    return unreadableTable(`sofia status: list incomplete, ${profiles.size} of ${total} profiles`);
  return { profiles: known([...profiles.values()]), gateways: known(gateways) };
}

/** `RUNNING (2)` and `TRYING (retry: NEVER)` without what changes all the time; empty where it is not a state. */
function bareState(text: string): string {
  return /^([A-Z][A-Z_]*)(?:\s*\(.*\))?$/.exec(text)?.[1] ?? '';
}

function unreadableTable(why: string): SofiaReading {
  return { profiles: unknown(why), gateways: unknown(why) };
}
