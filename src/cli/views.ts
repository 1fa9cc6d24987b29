/** The view that a call asks for: NDJSON, or plain lines. */
import { ndjsonView, type EventView } from '../output/ndjson.ts';
import { plainLines } from '../output/plain-lines.ts';
import { type Call, wantsColor } from './command.ts';

/** How long a reader that has stalled is waited for at the end: ms. */
const LAST_WORDS = 2_000;

export function viewOf(call: Call, _screen?: unknown): EventView {
  const { host, globals } = call;
  if (globals.json) return ndjsonView(host.stdout);
  const amount = globals.quiet ? 'quiet' : globals.verbose ? 'verbose' : 'normal';
  return plainLines({ out: host.stdout, colour: wantsColor(call), amount });
}

/** Lets the last lines out; says on stderr how many found no reader. */
export async function closeView(view: EventView, call: Call): Promise<void> {
  const lost = await view.close(LAST_WORDS);
  if (lost > 0)
    call.host.stderr.write(`fsha: ${lost} lines found no reader; the journal has them all: fsha show last\n`);
}
