/**
 * A process about the guard of node-1, to be killed and asked: `guard|want DIR RUN`. Prints one line of JSON for what came of it.
 * A guard answers `wanted` with who wants the node, and `release` with having given its lock up.
 */
import { createInterface } from 'node:readline';
import { errorInfo } from '../../src/domain/errors.ts';
import { relieveGuard, takeGuardLock, whoWants } from '../../src/journal/guard-lock.ts';

const [mode = '', dir = '', run = ''] = process.argv.slice(2);
const place = { dir, cluster: 'voice-eu', node: 'node-1' };
const never = new AbortController().signal;

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

// Whoever has started it is gone: an end like a crash, which frees what it holds.
process.stdin.once('end', () => process.kill(process.pid, 'SIGKILL'));

async function want(): Promise<void> {
  await relieveGuard(place, `run ${run}`, never);
  say({ relieved: true });
}

async function guard(): Promise<void> {
  const command = 'deactivate node-1 --guard';
  const lock = await takeGuardLock(place, { run, command, who: 'ops@bastion' }, never);
  say({ taken: process.pid });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'wanted') say({ wanted: await whoWants(place) });
    if (line === 'release') {
      await lock.release();
      say({ released: true });
    }
  }
}

try {
  await (mode === 'want' ? want() : guard());
} catch (error) {
  say({ error: errorInfo(error) });
}
