/** Takers of the lock: in this process, and in processes that have a session of their own. */
import { build } from 'esbuild';
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { type ErrorInfo, FshaError } from '../../src/domain/errors.ts';
import { type ClusterLock, takeLock } from '../../src/journal/cluster-lock.ts';
import { RUN } from './events.ts';

export const OTHER_RUN = '20261122-220000-aaaa';

/** What such a process says, one line each. */
export interface Said {
  /** A pid; of a crowd how many took it. */
  readonly taken?: number;
  readonly held?: boolean;
  readonly released?: boolean;
  readonly heard?: string;
  readonly error?: ErrorInfo;
  /** Of a crowd. */
  readonly together?: number;
  readonly refused?: Readonly<Record<string, number>>;
  readonly unnamed?: number;
}

export interface LockProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly pid: number;
  /** The next line that it says; undefined once it has ended. */
  readonly next: () => Promise<Said | undefined>;
  readonly ask: (what: 'held' | 'release') => Promise<Said | undefined>;
  /** Resolves when the process is no more. */
  readonly ended: Promise<void>;
}

export interface LockProcessOptions {
  readonly bundle: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Only where the test is run by root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

const ENTRIES = {
  'cluster-lock-process': new URL('./cluster-lock-process.ts', import.meta.url),
  'cluster-lock-crowd': new URL('./cluster-lock-crowd.ts', import.meta.url),
};

/** Bundles one of the processes beside this file into `directory`, readable for every user. */
export async function bundleProcess(directory: string, name: keyof typeof ENTRIES): Promise<string> {
  const outfile = join(directory, `${name}.mjs`);
  await build({
    entryPoints: [fileURLToPath(ENTRIES[name])],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  await chmod(directory, 0o755);
  return outfile;
}

/** Starts one; it is killed when the test ends. */
export function startLockProcess({ bundle, args, env = {}, user }: LockProcessOptions): LockProcess {
  const child = spawn(process.execPath, [bundle, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    ...(user !== undefined && process.getuid?.() === 0 ? user : {}),
  });
  // Its end is heard of elsewhere; a question that finds nobody is none.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines = linesOf(child.stdout);
  const next = async (): Promise<Said | undefined> => {
    const { value, done } = await lines.next();
    return done === true ? undefined : (JSON.parse(value) as Said);
  };
  return {
    child,
    pid: child.pid ?? Number.NaN,
    next,
    ask: (what) => {
      child.stdin.write(`${what}\n`);
      return next();
    },
    ended,
  };
}

async function* linesOf(stream: Readable): AsyncGenerator<string, undefined, undefined> {
  let rest = '';
  for await (const text of stream.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  return undefined;
}

/** Takes it in this process. */
export function take(dir: string, run = RUN, signal?: AbortSignal): Promise<ClusterLock> {
  return takeLock(
    { dir, cluster: 'voice-eu', holder: { run, command: 'drain node-1', who: 'ops@bastion' } },
    signal,
  );
}

export async function failure(work: Promise<unknown> | (() => void)): Promise<FshaError> {
  try {
    if (typeof work === 'function') work();
    else await work;
  } catch (error) {
    if (error instanceof FshaError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** A process that holds the lock of `dir`. */
export async function holding(dir: string, directory: string): Promise<LockProcess> {
  const bundle = await bundleProcess(directory, 'cluster-lock-process');
  const holder = startLockProcess({ bundle, args: [dir, 'voice-eu', OTHER_RUN] });
  expect(await holder.next()).toEqual({ taken: holder.pid });
  return holder;
}

/** Whether the lock is free at this very moment, without fsha. */
export function isFree(dir: string): boolean {
  try {
    execFileSync('flock', ['-n', '-E', '75', join(dir, 'voice-eu.lock'), 'true']);
    return true;
  } catch {
    return false;
  }
}
