import { execFile } from 'node:child_process';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { RunsWatch } from '../../src/cli/runs-watch.ts';
import type { Observation } from '../../src/domain/observation.ts';
import { cluster, observation, seenNode, seenProxy } from '../output/events.ts';
import { disable, enveloped, lines, preflight, settled, started } from '../journal/events.ts';
import { temporaryDirectory } from '../journal/temporary-directory.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

const RUN = '20261122-213134-k3f9';
const never = new AbortController().signal;
const seen = (flags: string): Observation =>
  observation([seenNode('node-1')], [seenProxy('lb-1', [flags], { at: 10_000_000 })]);

async function trial() {
  const dir = await temporaryDirectory();
  await mkdir(join(dir, 'runs'));
  const clock = new ManualClock();
  const of = cluster(['node-1'], ['lb-1']);
  const watch = new RunsWatch({
    cluster: { ...of, state: { ...of.state, dir } },
    clock,
    locks: {
      name: 'bench:/x.lock',
      cluster: () => Promise.resolve({ held: false }),
      guard: () => Promise.resolve(null),
    },
    command: 'fsha',
  });
  const journal = (run: string) => join(dir, 'runs', `${run}.ndjson`);
  const out = settled({ 'node-1': 'out of service' }, 6);
  const events = [started(), preflight('node-1'), disable('node-1'), out];
  await writeFile(journal(RUN), lines(enveloped(events, RUN)));
  return { dir, clock, watch, journal };
}

test('the same notes are the same object, whenever they are made', async () => {
  const { clock, watch } = await trial();
  expect(watch.latest()).toBeNull();
  const first = await watch.look(seen('DX'), never);
  expect(first.runs).toMatchObject([{ run: RUN, state: 'left-out' }]);
  const before = watch.latest();
  await clock.pass(60_000);
  await watch.look(seen('DX'), never);
  expect(watch.latest()).toBe(before);
  await watch.look(seen('AP'), never);
  expect(watch.latest()).not.toBe(before);
  expect(watch.latest()).toMatchObject({ runs: [], contradictions: [{ node: 'node-1', run: RUN }] });
});

test('a disk that does not answer holds nobody up: what was known counts, and that is said', async () => {
  const { dir, clock, watch, journal } = await trial();
  await watch.look(seen('DX'), never);
  // Opened for reading it waits until somebody writes.
  const stuck = journal('20261123-000000-zzzz');
  await promisify(execFile)('mkfifo', [stuck]);
  const looking = watch.look(seen('DX'), never);
  await until('it waits', () => clock.sleeping > 0);
  await clock.pass(5_000);
  const notes = await looking;
  expect(notes.runs).toMatchObject([{ run: RUN, state: 'left-out' }]);
  expect(notes.gaps).toEqual([`what runs did is unknown: reading ${dir} took longer than 5000 ms`]);
  const writer = await open(stuck, 'r+');
  expect((await watch.look(seen('DX'), never)).gaps).toEqual([]);
  await writer.close();
});

test('an interruption ends the wait', async () => {
  const { clock, watch } = await trial();
  const stop = new AbortController();
  const looking = watch.keepLooking(() => seen('DX'), stop.signal);
  await until('it has looked', () => watch.latest() !== null);
  await until('it sleeps', () => clock.sleeping > 0);
  stop.abort();
  await looking;
  await expect(watch.look(seen('DX'), stop.signal)).rejects.toMatchObject({ code: 'interrupted' });
  expect(clock.sleeping).toBe(0);
});
