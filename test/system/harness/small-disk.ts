/** A file system of its own with little room on it, for processes of fsha's that are started on it: real ENOSPC. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, openSync, rmSync, writeSync } from 'node:fs';

export interface SmallDisk {
  /** What there is in front of a command that is to see it; the process number stays the same. */
  readonly prefix: readonly [string, ...string[]];
  /** Where this process finds what lies on it. */
  readonly seenAt: string;
  /** Leaves no room for another byte. */
  fill(): void;
  /** Everything on it is from now on where it was, on the disk of this machine, which has room. */
  leave(): Promise<void>;
}

export interface DiskSize {
  readonly bytes: number;
  /** How many files and directories, its own included; default as many as there is room for. */
  readonly inodes?: number;
}

const FILLED = 'filled';

/** @param dir which is that file system for whoever is started on it, and what it was for everybody else */
export async function startSmallDisk(dir: string, { bytes, inodes }: DiskSize): Promise<SmallDisk> {
  const size = [`size=${bytes}`, ...(inodes === undefined ? [] : [`nr_inodes=${inodes}`])].join(',');
  const isRoot = process.getuid?.() === 0;
  const unshare = ['unshare', ...(isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount'])] as const;
  const mount = 'mkdir -p "$0" && mount -t tmpfs -o "$1" tmpfs "$0" && echo mounted && exec cat';
  // It ends with this process, whatever way that ends: `cat` reads from its pipe.
  const [program, ...words] = [...unshare, 'sh', '-c', mount, dir, size] as const;
  const keeper = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(keeper, 'close');
  const mounted = await Promise.race([once(keeper.stdout, 'data'), ended.then(() => null)]);
  if (mounted === null) throw new Error(`no small disk could be mounted at ${dir}`);
  const enter = ['nsenter', '--target', String(keeper.pid), '--mount'] as const;
  const seenAt = `/proc/${keeper.pid ?? 0}/root${dir}`;
  return {
    prefix: [...enter, ...(isRoot ? [] : ['--user', '--preserve-credentials']), '--'],
    seenAt,
    fill: () => fill(`${seenAt}/${FILLED}`),
    async leave() {
      rmSync(`${seenAt}/${FILLED}`, { force: true });
      cpSync(seenAt, dir, { recursive: true, preserveTimestamps: true });
      keeper.stdin.end();
      await ended;
    },
  };
}

function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4_096));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    closeSync(file);
  }
}
