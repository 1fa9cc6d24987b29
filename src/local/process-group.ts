/** A shell in a process group of its own, and how all of it is ended. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { FshaError } from '../domain/errors.ts';

/** Milliseconds: from SIGTERM to SIGKILL, from that until it is left behind, between two looks at the group. */
const POLITE = 2_000;
const LAST = 3_000;
const LOOK = 20;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ProcessGroup {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<Exit>;
  /** SIGTERM, and 2 s later SIGKILL, to every process of the group; returns when it is gone, or 3 s after the SIGKILL. */
  readonly end: () => Promise<void>;
}

/**
 * Begins `/bin/sh -c command` with nothing to read and nothing in its environment but `env`.
 * @throws FshaError `hook.failed` where the shell cannot be begun
 */
export async function beginShell(
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<ProcessGroup> {
  const shell = spawnShell(command, env);
  const { pid, stdout, stderr } = shell;
  if (pid === undefined) {
    const [error] = (await once(shell, 'error')) as [unknown];
    throw notBegun(error);
  }
  // A child that cannot be signalled says so by an event of that name.
  shell.on('error', () => undefined);
  const exited = new Promise<Exit>((resolve) =>
    shell.once('exit', (code, signal) => resolve({ code, signal })),
  );
  return {
    stdout,
    stderr,
    exited,
    end: async () => {
      await endGroup(pid, exited);
      // Should it still be there, it is no reason for fsha to stay.
      shell.unref();
    },
  };
}

function spawnShell(
  command: string,
  env: Readonly<Record<string, string>>,
): ChildProcessByStdio<null, Readable, Readable> {
  try {
    return spawn('/bin/sh', ['-c', command], {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  } catch (error) {
    throw notBegun(error);
  }
}

/** Node's own message may hold the command or a value of the environment: only the code is told. */
function notBegun(error: unknown): FshaError {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return new FshaError(
    'hook.failed',
    `the command could not be begun on this machine${code}`,
    'Look whether /bin/sh runs here, and shorten the command by means of a script.',
    error,
  );
}

async function endGroup(group: number, exited: Promise<Exit>): Promise<void> {
  send(group, 'SIGTERM');
  // The shell may go at once while something that it has begun does not.
  if (await settlesWithin(POLITE, (signal) => exited.then(() => untilGone(group, signal)))) return;
  send(group, 'SIGKILL');
  await settlesWithin(LAST, () => exited);
}

async function untilGone(group: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && send(group, 0)) await wait(LOOK);
}

/** Whether there is anybody in the group. */
function send(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch (error) {
    // EPERM: they are there and belong to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether `work` has ended within `ms`; its signal fires when it has not. */
export async function settlesWithin(
  ms: number,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  const over = new AbortController();
  const timer = new AbortController();
  const late = wait(ms, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const);
  try {
    return (await Promise.race([work(over.signal), late])) !== 'late';
  } finally {
    over.abort();
    timer.abort();
  }
}
