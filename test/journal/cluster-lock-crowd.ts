/**
 * A process in which many take the lock at one moment: `DIR COUNT KEEP HOLD_MS`. Whoever has it makes a file that must not be
 * there yet and, unless KEEP is `keep`, takes it away after HOLD_MS and gives the lock up. Waits for a line on stdin before
 * it begins; prints how many took it, the codes of those that were refused, and how often two were in at once.
 */
import { once } from 'node:events';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { errorInfo } from '../../src/domain/errors.ts';
import { takeLock } from '../../src/journal/cluster-lock.ts';

const [dir = '', count = '0', keep = '', holdMs = '0'] = process.argv.slice(2);
const inside = join(dir, 'inside');

let taken = 0;
let together = 0;
const refused: Record<string, number> = {};
let unnamed = 0;

async function start(index: number): Promise<void> {
  try {
    const lock = await takeLock({
      dir,
      cluster: 'voice-eu',
      holder: { run: '20261122-213134-k3f9', command: `drain node-${index}`, who: 'ops@bastion' },
    });
    taken += 1;
    await mkdir(inside).catch(() => (together += 1));
    lock.assertHeld();
    if (keep === 'keep') return;
    await wait(Number(holdMs));
    lock.assertHeld();
    await rmdir(inside).catch(() => (together += 1));
    await lock.release();
  } catch (error) {
    const { code, message } = errorInfo(error);
    refused[code] = (refused[code] ?? 0) + 1;
    if (!message.includes('drain node-')) unnamed += 1;
  }
}

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
await once(process.stdin, 'data');
await Promise.all(Array.from({ length: Number(count) }, (_, index) => start(index)));
process.stdout.write(`${JSON.stringify({ taken, together, refused, unnamed })}\n`);
// Whoever keeps it keeps it until the test has seen all the others refused.
await once(process.stdin, 'close');
