/**
 * A process that takes the lock, to be killed, stopped and asked: `DIR CLUSTER RUN WHO`. Prints one line of JSON for what came of
 * it and one for each answer: to `held` whether it holds the lock, to `release` that it has given it up. Signals of a
 * terminal do not end it.
 */
import { createInterface } from 'node:readline';
import { errorInfo } from '../../src/domain/errors.ts';
import { takeLock } from '../../src/journal/cluster-lock.ts';

const [dir = '', cluster = '', run = '', who = 'ops@bastion'] = process.argv.slice(2);

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const)
  process.on(signal, () => say({ heard: signal }));

// Whoever has started it is gone: an end like a crash, which frees what it holds.
process.stdin.once('end', () => process.kill(process.pid, 'SIGKILL'));

try {
  const lock = await takeLock({ dir, cluster, holder: { run, command: 'drain node-1', who } });
  say({ taken: process.pid });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'held') {
      try {
        lock.assertHeld();
        say({ held: true });
      } catch (error) {
        say({ held: false, error: errorInfo(error) });
      }
    }
    if (line === 'release') {
      await lock.release();
      say({ released: true });
    }
  }
} catch (error) {
  say({ error: errorInfo(error) });
}
