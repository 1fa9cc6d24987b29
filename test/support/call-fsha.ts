/** fsha as a user calls it, in this process: main(argv, host) with streams that can be read and signals that can be sent. */
import { tmpdir } from 'node:os';
import { Readable, Writable } from 'node:stream';
import type { Host } from '../../src/cli/host.ts';
import { main, systemClock } from '../../src/cli/main.ts';
import type { RunEvent } from '../../src/domain/run-events.ts';

export interface Called {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout as events, where --json was given. */
  readonly events: readonly RunEvent[];
}

export interface Calling {
  readonly done: Promise<Called>;
  /** Sends a signal, as the terminal or systemd would. */
  readonly send: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void;
  /** Resolves when an event of that type (and step) has been printed; needs --json. */
  readonly until: (type: RunEvent['type'], step?: string) => Promise<void>;
}

/** Starts a command and gives it to be watched. */
export function startFsha(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: Pick<Host, 'onRun'> = {},
): Calling {
  const listeners = new Map<string, Set<() => void>>();
  const waiting = new Set<() => void>();
  const out = new Collector(() => waiting.forEach((check) => check()));
  const err = new Collector(() => undefined);
  const host: Host = {
    stdout: out,
    stderr: err,
    stdin: Readable.from([]),
    ...(options.onRun === undefined ? {} : { onRun: options.onRun }),
    env: { PATH: process.env['PATH'] ?? '', ...env },
    cwd: tmpdir(),
    home: tmpdir(),
    user: 'tester',
    machine: 'bench',
    clock: systemClock,
    isForeground: () => true,
    dist: process.env['FSHA_DIST'] ?? '',
    onSignal: (signal, listener) => {
      const set = listeners.get(signal) ?? new Set();
      listeners.set(signal, set.add(listener));
      return () => set.delete(listener);
    },
  };
  const done = main(argv, host).then((exit) => ({
    exit,
    stdout: out.text,
    stderr: err.text,
    events: argv.includes('--json') ? eventsIn(out.text) : [],
  }));
  return {
    done,
    send: (signal) => listeners.get(signal)?.forEach((listener) => listener()),
    until: (type, step) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const there = eventsIn(out.text).some(
            (event) => event.type === type && (step === undefined || event.step === step),
          );
          if (there) {
            waiting.delete(check);
            resolve();
          }
        };
        waiting.add(check);
        check();
        void done.then(({ stdout, stderr }) =>
          reject(new Error(`fsha ended before ${type} ${step ?? ''}: ${stdout}${stderr}`)),
        );
      }),
  };
}

/** Runs a command to its end. */
export function callFsha(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Called> {
  return startFsha(argv, env).done;
}

function eventsIn(text: string): readonly RunEvent[] {
  return text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as RunEvent);
}

class Collector extends Writable {
  text = '';
  readonly #onText: () => void;

  constructor(onText: () => void) {
    super({ decodeStrings: false });
    this.#onText = onText;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
    this.#onText();
  }
}
