/** One run at a time, and what becomes of a run whose lock is taken away from under it. */
import { readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EventOf } from '../../src/domain/run-events.ts';
import { takeLock } from '../../src/journal/cluster-lock.ts';
import type { Called, Calling } from '../support/call-fsha.ts';
import { ALL_IN, type LabForFsha, NODE_1_OUT, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

let lab: LabForFsha;
let cluster: string;

beforeAll(async () => {
  lab = await startLabForFsha();
  cluster = /^cluster: (\S+)$/m.exec(await readFile(lab.lab.configFile, 'utf8'))?.[1] ?? '';
});
afterEach(async () => {
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});
afterAll(() => lab.stop());

/** A drain of node-1 that is out and waits, for as long as it is let. */
async function waiting(): Promise<Calling> {
  const drain = lab.start('drain', 'node-1', '--no-restart', '--settle', '10m', '--poll', '200ms', '--json');
  await drain.until('step.started', 'node-1/wait_drained');
  return drain;
}

function endOf({ events }: Called): EventOf<'run.settled'>['data'] {
  const last = events.at(-1);
  if (last?.type !== 'run.settled') throw new Error(`it ends with ${last?.type ?? 'nothing'}`);
  return last.data;
}

const lockFile = (): string => join(lab.stateDir, `${cluster}.lock`);

test('a second run is refused, and told who has it, a dry run too; looking is not', async () => {
  const first = await waiting();
  const { run } = await firstEvent();
  const second = await lab.call('deactivate', 'node-2');
  expect([second.exit, second.stderr]).toEqual([4, expect.stringContaining(run)]);
  expect(second.stderr).toMatch(/drain node-1/);
  expect(await lab.flags()).toEqual(NODE_1_OUT);
  expect((await lab.call('status')).exit).toBe(0);
  expect((await lab.call('activate', 'node-2', '--dry-run')).exit).toBe(4);
  first.send('SIGINT');
  expect((await first.done).exit).toBe(130);

  async function firstEvent(): Promise<{ readonly run: string }> {
    const [name = ''] = [...(await lab.journals())].sort().reverse();
    return { run: name.replace('.ndjson', '') };
  }
});

describe('the lock is taken away', () => {
  test('nobody else has it: the run stops, takes it again and gives the node back', async () => {
    const drain = await waiting();
    await unlink(lockFile());
    const ended = await drain.done;
    const { error, nodes } = endOf(ended);
    expect([ended.exit, error?.code, nodes]).toEqual([12, 'lock.lost', { 'node-1': 'in service' }]);
    expect(await lab.flags()).toEqual(ALL_IN);
  });

  test('another run has it: nothing more is changed, and what goes on is said', async () => {
    const drain = await waiting();
    // Put in its place in one moment: the run looks every 200 ms, and would take a lock that is free.
    const elsewhere = `${lab.stateDir}-elsewhere`;
    const other = await takeLock({
      dir: elsewhere,
      cluster,
      holder: { run: '20261122-213134-k3f9', command: 'drain node-2', who: 'ops@elsewhere' },
    });
    await rename(join(elsewhere, `${cluster}.holder`), join(lab.stateDir, `${cluster}.holder`));
    await rename(join(elsewhere, `${cluster}.lock`), lockFile());
    const ended = await drain.done;
    const { error, next } = endOf(ended);
    expect([ended.exit, error?.code, await lab.flags()]).toEqual([9, 'lock.lost', NODE_1_OUT]);
    const run = ended.events[0]?.run ?? '';
    expect(next.some((line) => line.endsWith(`resume ${run} --undo`))).toBe(true);
    const refused = await lab.call('resume', run, '--undo');
    expect([refused.exit, refused.stderr]).toEqual([4, expect.stringMatching(/ops@elsewhere/)]);
    await other.release();
    const undone = await lab.call('resume', run, '--undo');
    expect([undone.exit, undone.stderr]).toEqual([0, '']);
    expect(await lab.flags()).toEqual(ALL_IN);
  });
});
