/** Where the lock of a cluster lies: `<state.dir>/<cluster>.lock`, and beside it who holds it. */
import { join } from 'node:path';

export function lockPath(dir: string, cluster: string): string {
  return join(dir, `${cluster}.lock`);
}

export function holderPath(dir: string, cluster: string): string {
  return join(dir, `${cluster}.holder`);
}
