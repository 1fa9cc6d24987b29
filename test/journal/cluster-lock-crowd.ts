/**
 * A process in which many take the lock at one moment: `DIR COUNT WHAT`. Whoever has it makes a directory that must not be there
 * yet. With `keep` it keeps both, and who is refused leaves it at that; with `pass` it takes the directory away after 2 ms and
 * gives the lock up, and who is refused tries again until it had it. Waits for a line on stdin before it begins; prints how
 * many took it, the codes of refusals, and how often two were in at once.
 */
import { once } from 'node:events';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { errorInfo } from '../../src/domain/errors.ts';
import { takeLock } from '../../src/journal/cluster-lock.ts';

const [dir = '', count = '0', what = ''] = process.argv.slice(2);
const inside = join(dir, 'inside');

let taken = 0;
let together = 0;
const refused: Record<string, number> = {};
let unnamed = 0;

/** Whether it is done with it. */
async function start(index: number): Promise<boolean> {
  try {
    const lock = await takeLock({
      dir,
      cluster: 'voice-eu',
      holder: { run: '20261122-213134-k3f9', command: `drain node-${index}`, who: 'ops@bastion' },
    });
    taken += 1;
    await mkdir(inside).catch(() => (together += 1));
    lock.assertHeld();
    if (what === 'keep') return true;
    await wait(2);
    lock.assertHeld();
    await rmdir(inside).catch(() => (together += 1));
    await lock.release();
    return true;
  } catch (error) {
    const { code, message } = errorInfo(error);
    refused[code] = (refused[code] ?? 0) + 1;
    if (!message.includes('drain node-')) unnamed += 1;
    return what === 'keep' || code !== 'locked';
  }
}

// Whoever has started it is gone, or has seen enough: an end like a crash, which frees what it holds.
process.stdin.once('end', () => process.kill(process.pid, 'SIGKILL'));
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
await once(process.stdin, 'data');
await Promise.all(
  Array.from({ length: Number(count) }, async (_, index) => {
    while (!(await start(index))) await wait(20);
  }),
);
process.stdout.write(`${JSON.stringify({ taken, together, refused, unnamed })}\n`);
