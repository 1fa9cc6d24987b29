/** The locks that tell whether runs go on: that of the cluster, and for a node that is only kept out one of its own. */
import { isInterruption } from '../domain/errors.ts';
import type { LockHolder, LockState } from '../domain/lock-holder.ts';
import type { Plan } from '../domain/plan.ts';
import { isUnderWay } from '../domain/under-way.ts';
import { lockState } from './cluster-lock-state.ts';
import { isStopped } from './lock-holder-process.ts';
import { guardOf } from './guard-lock.ts';

export interface RunLocks {
  /** By which journals name the lock of the cluster here: `MACHINE:PATH`. */
  readonly name: string;
  /** Who has it. */
  readonly cluster: () => Promise<LockState>;
  /** The run that keeps this node out; null for none. */
  readonly guard: (node: string) => Promise<LockHolder | 'unnamed' | null>;
}

/** @param name by which journals name the lock of the cluster */
export function runLocks(dir: string, cluster: string, name: string): RunLocks {
  return {
    name,
    cluster: () => lockState(dir, cluster),
    guard: (node) => guardOf({ dir, cluster, node }),
  };
}

/** The process of a run that goes on, where it is stopped; null where it is not, or that cannot be seen from here. */
export async function stoppedProcess(
  { run, nodes }: Lockable,
  lock: LockState | null,
  locks: RunLocks,
): Promise<number | null> {
  const holder = lock?.held === true ? lock.holder : null;
  if (holder?.run === run) return (await isStopped(holder)) ? holder.pid : null;
  for (const node of nodes) {
    const guard = await locks.guard(node).catch((error: unknown) => {
      if (isInterruption(error)) throw error;
      return null;
    });
    if (guard === null || guard === 'unnamed' || guard.run !== run) continue;
    return (await isStopped(guard)) ? guard.pid : null;
  }
  return null;
}

/** What of a run says which lock it would hold. */
export interface Lockable {
  readonly run: string;
  readonly kind: Plan['kind'] | null;
  readonly nodes: readonly string[];
}

/**
 * Whether a run goes on that has not come to its end; null where that cannot be told.
 * @param lock of the cluster, looked at since the run was seen not to have ended, and before this
 */
export async function goesOn(
  { run, kind, nodes }: Lockable,
  lock: LockState | null,
  locks: RunLocks,
): Promise<boolean | null> {
  // A hang-up holds none.
  if (kind === 'hangup') return null;
  const holds = isUnderWay(run, lock);
  if (holds === true || kind !== 'deactivate') return holds;
  // A guard has its own lock before it gives up that of the cluster.
  for (const node of nodes) {
    try {
      const guard = await locks.guard(node);
      if (guard === 'unnamed' || guard?.run === run) return true;
    } catch (error) {
      if (isInterruption(error)) throw error;
      return null;
    }
  }
  return holds;
}
