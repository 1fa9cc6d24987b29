/** Who holds the lock of a cluster, as the file beside the lock says it. */
export interface LockHolder {
  readonly run: string;
  /** As it was meant: `drain node-1`. */
  readonly command: string;
  /** `ops@bastion`. */
  readonly who: string;
  readonly pid: number;
  /** When that process began, in ticks since boot (field 22 of /proc/PID/stat): a pid alone may be another's by now. */
  readonly started: number;
  /** When the lock was taken, ISO 8601, UTC. */
  readonly since: string;
}

/** Which run has the lock; null where it is not named. */
export type LockUse = { readonly held: false } | { readonly held: true; readonly run: string | null };

/** `held`: some process has it; who, is null where the file beside it cannot be read or is older than the lock. */
export type LockState =
  { readonly held: false } | { readonly held: true; readonly holder: LockHolder | null };
