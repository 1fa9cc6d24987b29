/** The view that a call asks for: NDJSON, the screen, or plain lines. */
import { ndjsonView, type EventView } from '../output/ndjson.ts';
import { plainLines } from '../output/plain-lines.ts';
import { canShowScreen } from '../tui/terminal.ts';
import { type Call, callText, wantsColor } from './command.ts';
import { screenView, type ScreenViewOptions } from './screen-view.ts';

/** How long a reader that has stalled is waited for at the end: ms. */
const LAST_WORDS = 2_000;

/** @param screen what the screen needs of the run, where it is shown there */
export function viewOf(call: Call, screen: Omit<ScreenViewOptions, 'call'>): EventView {
  const { host, globals } = call;
  if (globals.json) return ndjsonView(host.stdout);
  if (wantsScreen(call)) return screenView({ call, ...screen });
  const amount = globals.quiet ? 'quiet' : globals.verbose ? 'verbose' : 'normal';
  return plainLines({ out: host.stdout, colour: wantsColor(call), amount });
}

/** Whether the screen is drawn: on a terminal, unless something else was asked for. */
export function wantsScreen({ host, globals }: Call): boolean {
  const { tui, json, quiet, verbose, dryRun } = globals;
  return (
    tui &&
    !json &&
    !quiet &&
    !verbose &&
    !dryRun &&
    canShowScreen({ stdout: host.stdout, stdin: host.stdin, env: host.env, foreground: host.isForeground })
  );
}

/** Lets the last lines out; says on stderr how many found no reader. */
export async function closeView(view: EventView, call: Call): Promise<void> {
  const lost = await view.close(LAST_WORDS);
  if (lost > 0)
    call.host.stderr.write(
      `fsha: ${lost} lines found no reader; the journal has them all: ${callText(call)} show last\n`,
    );
}
