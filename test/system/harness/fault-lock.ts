/** The lock of a cluster and what a dead run has left on this machine, seen from outside of fsha. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { processesWith } from './processes-with.ts';

const run = promisify(execFile);

/** Whether anybody could take every lock in that state directory now (flock(1), which is what holds it), and nobody works there. */
export async function isLockFree(stateDir: string): Promise<boolean> {
  const locks = existsSync(stateDir) ? readdirSync(stateDir).filter((name) => name.endsWith('.lock')) : [];
  for (const lock of locks) {
    const isFree = await run('flock', ['--nonblock', join(stateDir, lock), 'true']).then(
      () => true,
      () => false,
    );
    if (!isFree) return false;
  }
  return processesWith(stateDir).length === 0;
}
