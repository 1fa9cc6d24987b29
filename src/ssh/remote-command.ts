/** The shell line that runs a command on a host once at a time and not for ever. Measured on util-linux 2.38, coreutils 9.1. */
import { shellQuote } from '../domain/shell-quote.ts';

export interface GuardedCommand {
  /** One line for `sh -c` on the host. */
  readonly command: string;
  /** A directory, made where it is missing; an absolute path such as `/tmp/fsha-node-1.lock`. */
  readonly lockPath: string;
  /** Milliseconds to wait for somebody else's command to end; 0 does not wait. */
  readonly lockWait: number;
  /** Milliseconds until the command gets SIGTERM, more than 0. */
  readonly timeout: number;
  /** Milliseconds from SIGTERM to SIGKILL, more than 0. */
  readonly killAfter: number;
}

/** Exit codes that the guard adds to those of the command itself. */
export const GUARD_EXIT = {
  /** The lock was still held when `lockWait` had passed; the command was not started. */
  locked: 75,
  /** The command was ended by SIGTERM at its timeout. */
  timedOut: 124,
  /** The command was ended by SIGKILL, `killAfter` later. */
  killed: 137,
} as const;

/**
 * The lock is a directory, opened read-only by flock, so that different users can share it in a sticky `/tmp` under
 * `fs.protected_regular`. `-o` keeps it from a daemon that the command starts and that outlives it. Times are rounded
 * up to whole seconds: a fraction would be read by the host's locale.
 *
 * @throws RangeError for a timeout that would mean "never" to timeout(1)
 */
export function guardedCommand({ command, lockPath, lockWait, timeout, killAfter }: GuardedCommand): string {
  if (!lockPath.startsWith('/')) throw new RangeError(`the lock's path is not absolute: ${lockPath}`);
  if (!(timeout > 0) || !(killAfter > 0)) throw new RangeError('a guarded command needs a timeout above 0');
  const lock = shellQuote(['flock', '-o', '-E', `${GUARD_EXIT.locked}`, '-w', seconds(lockWait), lockPath]);
  const limit = shellQuote(['timeout', '-k', seconds(killAfter), seconds(timeout)]);
  return `${shellQuote(['mkdir', '-p', '-m', '0755', lockPath])} && exec ${lock} ${limit} ${shellQuote(['sh', '-c', command])}`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)}`;
}
