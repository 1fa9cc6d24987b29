/** A run and the lock of its cluster: taken before anything is changed, given back when everything is over. */
import { join, resolve } from 'node:path';
import type { Cluster } from '../domain/cluster.ts';
import type { LockUse } from '../domain/lock-holder.ts';
import { lockNameOf } from '../domain/lock-name.ts';
import { type ClusterLock, takeLock } from '../journal/cluster-lock.ts';
import { lockState } from '../journal/cluster-lock-state.ts';
import { relieveGuard, takeGuardLock, whoWants } from '../journal/guard-lock.ts';
import type { RunLockPort } from '../workflow/ports.ts';
import { type Call, callText, whoAsks } from './command.ts';
import type { Host } from './host.ts';

export interface HeldLock extends RunLockPort {
  /** `MACHINE:PATH`, by which a journal says under which lock it was written; null where none is held. */
  readonly name: string | null;
  /** Who has the lock now. */
  readonly use: () => Promise<LockUse>;
  /** Holds it for this run from now on, which another process had begun. */
  readonly nameRun: (run: string, signal: AbortSignal) => Promise<void>;
}

/** For what changes nothing, and for what may go on beside a run. */
export function withoutLock(cluster: Cluster): HeldLock {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    name: null,
    assertHeld: () => undefined,
    retake: nothing,
    nameRun: nothing,
    guardOnly: nothing,
    relieve: nothing,
    whoWants: () => Promise.resolve(null),
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
  asker: { readonly run: string; readonly command: string },
  signal: AbortSignal,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  const { dir } = cluster.state;
  const { name } = cluster;
  const who = whoAsks(call);
  let holder = { ...asker, who };
  // The cluster's, until the run does nothing but keep a node out.
  let lock: ClusterLock = await takeLock({ dir, cluster: name, holder, call: callText(call) }, signal);
  try {
    return await work({
      name: lockName(call.host, cluster),
      assertHeld: () => lock.assertHeld(),
      retake: (again) => lock.retake(again),
      use: () => Promise.resolve({ held: true, run: holder.run }),
      nameRun: async (run, until) => {
        await lock.nameRun(run, until);
        holder = { ...holder, run };
      },
      guardOnly: async (node, until) => {
        const own = await takeGuardLock({ dir, cluster: name, node }, holder, until, callText(call));
        await lock.release();
        lock = own;
      },
      whoWants: (node) => whoWants({ dir, cluster: name, node }),
      relieve: (node, until) =>
        relieveGuard({ dir, cluster: name, node }, `run ${holder.run} (${holder.command}) of ${who}`, until),
    });
  } finally {
    await lock.release();
  }
}

/** `MACHINE:PATH` of the cluster's lock on this machine. */
export function lockName(
  { machine, machineId = null }: Pick<Host, 'machine' | 'machineId'>,
  { state, name }: Cluster,
): string {
  return lockNameOf({ name: machine, id: machineId }, join(resolve(state.dir), `${name}.lock`));
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= work());
}
