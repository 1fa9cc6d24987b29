/** Where the lock of a cluster lies: `<state.dir>/<cluster>.lock`, and beside it who holds it and who was asked to give it up. */
import { join } from 'node:path';

export function lockPath(dir: string, cluster: string): string {
  return join(dir, `${cluster}.lock`);
}

export function holderPath(dir: string, cluster: string): string {
  return join(dir, `${cluster}.holder`);
}

/** In which it stands who was asked to stop last. */
export function unlockPath(dir: string, cluster: string): string {
  return join(dir, `${cluster}.unlock`);
}
