/** fsha as its users run it: a process of its own with no terminal, from the bundle in FSHA_DIST. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventOf, EventType, RunEvent } from '../../../src/domain/run-events.ts';
import type { SmallDisk } from './small-disk.ts';
import { stalledPipe } from './stalled-pipe.ts';

export const LAUNCHER = fileURLToPath(new URL('../../../bin/fsha.js', import.meta.url));

export interface FshaResult {
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface FshaOptions {
  /** Over the environment of this process; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /**
   * `pipe` (default) is read. `closed`: the reading end goes away once something has come through it, as with `head -1`.
   * `stalled`: a pipe that was full from the start and is never read.
   */
  readonly stdout?: 'pipe' | 'closed' | 'stalled';
  /** `ignore` (default) is /dev/null; `pipe` is written to with `write`. */
  readonly stdin?: 'ignore' | 'pipe';
  /** It sees that small disk. */
  readonly disk?: SmallDisk;
  /** The host name that it sees; default that of this machine. */
  readonly machine?: string;
  /** It is killed after so long, and `done` rejects. Default 150 s. */
  readonly limitMs?: number;
}

export interface StartedFsha {
  readonly pid: number;
  /** Resolves when it has ended, whatever ended it; rejects only where `limitMs` did. */
  readonly done: Promise<FshaResult>;
  /** What `--json` has printed so far, whole lines only. Nothing of it with stdout stalled: see `journalEvents`. */
  events(): readonly RunEvent[];
  /**
   * The first event for which `wanted` holds, one that is there already included.
   * @throws when fsha ends without it, or it has not come within `timeoutMs`; with what fsha said
   */
  untilEvent<T extends RunEvent>(
    wanted: ((event: RunEvent) => event is T) | ((event: RunEvent) => boolean),
    timeoutMs?: number,
  ): Promise<T>;
  stdout(): string;
  stderr(): string;
  send(signal: NodeJS.Signals): void;
  /** Whoever reads its standard output goes away. */
  closeStdout(): void;
  /** To its standard input, where that is a pipe. */
  write(text: string): void;
  /** SIGKILL, if it still runs; resolves when it is gone. */
  end(): Promise<void>;
}

const running = new Set<StartedFsha>();
process.on('exit', () => {
  for (const { pid } of running) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
});

/** Kills what of fsha this process started and did not wait for. Resolves with how many these were. */
export async function endStrayRuns(): Promise<number> {
  const strays = [...running];
  await Promise.all(strays.map((one) => one.end()));
  return strays.length;
}

/** With a name of its own for its machine; the same process number: each of these becomes the next one. */
function onMachine(name: string): readonly string[] {
  const namespaces = process.getuid?.() === 0 ? ['--uts'] : ['--user', '--map-root-user', '--uts'];
  return ['unshare', ...namespaces, 'sh', '-c', 'hostname "$0" && exec "$@"', name];
}

/** Starts fsha and returns at once. */
export async function startFsha(args: readonly string[], options: FshaOptions = {}): Promise<StartedFsha> {
  const began = performance.now();
  const { stdout: output = 'pipe', stdin = 'ignore', limitMs = 150_000 } = options;
  const stalled = output === 'stalled' ? await stalledPipe() : undefined;
  const env = Object.fromEntries(
    Object.entries({ ...process.env, ...options.env }).filter(([, value]) => value !== undefined),
  );
  const [program = process.execPath, ...words] = [
    ...(options.disk?.prefix ?? []),
    ...(options.machine === undefined ? [] : onMachine(options.machine)),
    ...[process.execPath, LAUNCHER, ...args],
  ];
  const child = spawn(program, words, {
    stdio: [stdin, stalled?.writingEnd ?? 'pipe', 'pipe'],
    env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  stalled?.given();
  let stdout = '';
  let stderr = '';
  let ended = false;
  let expired = false;
  const look = new Set<() => void>();
  const looks = (): void => {
    for (const one of [...look]) one();
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (output === 'closed') child.stdout?.destroy();
    looks();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin?.on('error', () => undefined);
  const timer = setTimeout(() => {
    expired = true;
    child.kill('SIGKILL');
  }, limitMs);
  const done = new Promise<FshaResult>((resolve, reject) => {
    const over = (): void => {
      ended = true;
      clearTimeout(timer);
      stalled?.close();
      running.delete(fsha);
      looks();
    };
    child.once('error', (error) => {
      over();
      reject(error);
    });
    child.once('close', (exitCode, signal) => {
      over();
      if (expired)
        reject(new Error(`fsha ${args.join(' ')} did not end within ${limitMs} ms:\n${stdout}\n${stderr}`));
      else resolve({ exitCode, signal, stdout, stderr, ms: performance.now() - began });
    });
  });
  // Who does not wait for it is not to be told.
  done.catch(() => undefined);

  const events = (): readonly RunEvent[] => parse(stdout.slice(0, stdout.lastIndexOf('\n') + 1));
  const fsha: StartedFsha = {
    pid: child.pid ?? 0,
    done,
    events,
    untilEvent<T extends RunEvent>(wanted: (event: RunEvent) => boolean, timeoutMs = 60_000): Promise<T> {
      return new Promise((resolve, reject) => {
        const fail = (why: string): void => {
          finish();
          reject(new Error(`the awaited event did not come: ${why}\n${tail(stdout)}\n${stderr}`));
        };
        const late = setTimeout(() => fail(`${timeoutMs} ms are over`), timeoutMs);
        const finish = (): void => {
          clearTimeout(late);
          look.delete(see);
        };
        const see = (): void => {
          const found = events().find(wanted);
          if (found !== undefined) {
            finish();
            resolve(found as T);
          } else if (ended) fail('fsha has ended');
        };
        look.add(see);
        see();
      });
    },
    stdout: () => stdout,
    stderr: () => stderr,
    send: (signal) => void child.kill(signal),
    closeStdout: () => void child.stdout?.destroy(),
    write(text) {
      const input: Writable | null = child.stdin;
      if (input === null) throw new Error("its standard input is no pipe: say { stdin: 'pipe' }");
      input.write(text);
    },
    async end() {
      if (!ended) child.kill('SIGKILL');
      await done.catch(() => undefined);
    },
  };
  running.add(fsha);
  return fsha;
}

/**
 * Runs fsha to its end.
 * @throws when it has not ended after `timeoutMs`; it is killed then
 */
export async function runFsha(
  args: readonly string[],
  timeoutMs: number,
  options: Omit<FshaOptions, 'limitMs'> = {},
): Promise<FshaResult> {
  return (await startFsha(args, { ...options, limitMs: timeoutMs })).done;
}

/** Reads NDJSON: one object a line, a line break after each, nothing else. */
export function readEvents(ndjson: string): readonly RunEvent[] {
  if (ndjson !== '' && !ndjson.endsWith('\n')) throw new Error('the last line of the NDJSON is not whole');
  return parse(ndjson);
}

/** The events of one type. */
export function only<T extends EventType>(events: readonly RunEvent[], type: T): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

/** The events of every run in that state directory, oldest run first: what is there whatever became of stdout. */
export function journalEvents(stateDir: string): readonly (readonly RunEvent[])[] {
  const runs = join(stateDir, 'runs');
  return readdirSync(runs)
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
    .map((name) => readFileSync(join(runs, name), 'utf8'))
    .map((text) => parse(text.slice(0, text.lastIndexOf('\n') + 1)));
}

function parse(lines: string): readonly RunEvent[] {
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RunEvent);
}

function tail(text: string): string {
  return text.split('\n').slice(-6).join('\n');
}
