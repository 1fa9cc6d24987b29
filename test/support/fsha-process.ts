/** fsha as a process of its own, which can be killed; the host of its runs is this machine, by its real name. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from './until.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/fsha.js', import.meta.url));

export interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout that are events. */
  readonly events: readonly RunEvent[];
}

export interface FshaProcess {
  readonly events: () => readonly RunEvent[];
  /** Waits for an event; what it printed is told where none comes. */
  readonly until: (what: string, is: (event: RunEvent) => boolean) => Promise<RunEvent>;
  /** SIGKILL, and waits until it is gone. */
  readonly kill: () => Promise<Ended>;
  readonly send: (signal: 'SIGINT' | 'SIGTERM') => void;
  readonly done: Promise<Ended>;
}

/** Starts it; it is killed at the end of the test, should it go on then. */
export function startFshaProcess(argv: readonly string[]): FshaProcess {
  const child = spawn(process.execPath, [LAUNCHER, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const events = (): readonly RunEvent[] =>
    stdout
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as RunEvent);
  const done = new Promise<Ended>((resolve) =>
    child.once('close', (exit) => resolve({ exit, stdout, stderr, events: events() })),
  );
  const kill = (): Promise<Ended> => {
    if (child.exitCode === null) child.kill('SIGKILL');
    return done;
  };
  onTestFinished(async () => {
    await kill();
  });
  return {
    events,
    until: (what, is) =>
      until(what, () => events().find(is)).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${stdout.slice(-2_000)}${stderr}`);
      }),
    kill,
    send: (signal) => child.kill(signal),
    done,
  };
}
