/** A run and the lock of its cluster: taken before anything is changed, given back when everything is over. */
import { join, resolve } from 'node:path';
import type { Cluster } from '../domain/cluster.ts';
import type { LockUse } from '../domain/lock-holder.ts';
import { takeLock } from '../journal/cluster-lock.ts';
import { lockState } from '../journal/cluster-lock-state.ts';
import type { LockPort } from '../workflow/ports.ts';
import { type Call, callText, whoAsks } from './command.ts';
import type { Host } from './host.ts';

export interface HeldLock extends LockPort {
  /** `MACHINE:PATH`, by which a journal says under which lock it was written; null where none is held. */
  readonly name: string | null;
  /** Who has the lock now. */
  readonly use: () => Promise<LockUse>;
  /** Holds it for this run from now on, which another process had begun. */
  readonly nameRun: (run: string, signal: AbortSignal) => Promise<void>;
}

/** For what changes nothing, and for what may go on beside a run. */
export function withoutLock(cluster: Cluster): HeldLock {
  return {
    name: null,
    assertHeld: () => undefined,
    retake: () => Promise.resolve(),
    nameRun: () => Promise.resolve(),
    // Asked once: what it is for is over before it matters that it changes.
    use: once(async () => {
      const state = await lockState(cluster.state.dir, cluster.name);
      return state.held ? { held: true, run: state.holder?.run ?? null } : { held: false };
    }),
  };
}

/**
 * Does `work` with the lock held.
 * @throws FshaError `locked` naming who has it; nothing was changed then
 */
export async function underLock<T>(
  call: Call,
  cluster: Cluster,
  { run, command }: { readonly run: string; readonly command: string },
  signal: AbortSignal,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  const { dir } = cluster.state;
  const holder = { run, command, who: whoAsks(call) };
  const lock = await takeLock({ dir, cluster: cluster.name, holder, call: callText(call) }, signal);
  let named = run;
  try {
    return await work({
      name: lockName(call.host, cluster),
      assertHeld: () => lock.assertHeld(),
      retake: (again) => lock.retake(again),
      use: () => Promise.resolve({ held: true, run: named }),
      nameRun: async (other, until) => {
        await lock.nameRun(other, until);
        named = other;
      },
    });
  } finally {
    await lock.release();
  }
}

/** `MACHINE:PATH` of the cluster's lock on this machine. */
export function lockName({ machine }: Pick<Host, 'machine'>, { state, name }: Cluster): string {
  return `${machine}:${join(resolve(state.dir), `${name}.lock`)}`;
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= work());
}
