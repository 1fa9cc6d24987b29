/**
 * What bin/fsha.js loads in tests of the screen: a scene that says how large it is and does what the keys say, and a
 * process that goes on behind it. `main` of this bundle instead of fsha's own.
 */
import { appendFileSync } from 'node:fs';
import type { Host } from '../../../src/cli/host.ts';
import { isForeground } from '../../../src/local/foreground.ts';
import { type Line, line, styled } from '../../../src/tui/line.ts';
import { openScreen } from '../../../src/tui/open-screen.ts';
import type { Key, Scene, Size } from '../../../src/tui/scene.ts';
import { canShowScreen } from '../../../src/tui/terminal.ts';

export { machineId } from '../../../src/local/machine-id.ts';
export { systemClock } from '../../../src/workflow/system-clock.ts';

/**
 * Exits 0 at `q`, 5 at a failure, 6 where no screen can be shown, and at a signal with its number over 128 where `listen`
 * is among the arguments.
 */
export async function main(argv: readonly string[], host: Host): Promise<number> {
  const { stdout, stdin, env, clock } = host;
  if (!canShowScreen({ stdout, stdin, env, foreground: () => isForeground() })) {
    stdout.write('no screen here\n');
    return 6;
  }
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  if (argv.includes('listen')) {
    host.onSignal('SIGTERM', () => end(143));
    host.onSignal('SIGINT', () => end(130));
    host.onSignal('SIGHUP', () => tell('SIGHUP'));
  }
  /** Where the terminal may be gone. */
  const tell = (what: string): void => {
    if (env['FSHA_TOLD'] !== undefined) appendFileSync(env['FSHA_TOLD'], `${what}\n`);
  };
  stdout.write('printed before\n');
  const screen = await openScreen({
    scene: new Keyed(end),
    stdout,
    stdin,
    clock,
    colour: env['NO_COLOR'] === undefined,
    onFailure: (error) => {
      tell(`failed: ${String(error)}`);
      host.stderr.write(`failed: ${String(error)}\n`);
      end(5);
    },
  });
  const code = await ended;
  await screen.close();
  stdout.write('printed behind\n');
  tell(`went on, ${code}`);
  return code;
}

class Keyed implements Scene {
  readonly #end: (code: number) => void;
  readonly #heard: string[] = [];
  #broken = false;

  constructor(end: (code: number) => void) {
    this.#end = end;
  }

  draw({ columns, rows }: Size): readonly Line[] {
    if (this.#broken) throw new Error('cannot draw');
    const marks = Array.from({ length: rows - 2 }, (_, row) => line(`${row + 2}`.padEnd(columns, '.')));
    return [
      line(styled('good', `${columns} columns`), ` and ${rows} rows`),
      line(`heard: ${this.#heard.join(' ')}`),
      ...marks,
    ];
  }

  onKey({ text, name }: Key): void {
    this.#heard.push(name ?? text);
    if (text === 'q') this.#end(0);
    if (text === 'd') this.#broken = true;
    if (text === 'k') throw new Error('cannot hear');
    if (text === 'b') setImmediate(fall);
    if (text === 'u') {
      process.removeAllListeners('uncaughtException');
      setImmediate(fall);
    }
    // eslint-disable-next-line no-restricted-properties
    if (text === 'e') process.exit(7);
  }
}

function fall(): never {
  throw new Error('nobody caught it');
}
