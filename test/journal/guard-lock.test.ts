/** Word that is left for whoever keeps a node out: whole or not at all, and also where it may not be read. */
import { chmod, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { ClusterLock } from '../../src/journal/cluster-lock.ts';
import { type GuardPlace, relieveGuard, takeGuardLock, whoWants } from '../../src/journal/guard-lock.ts';
import { until } from '../support/until.ts';
import { RUN } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const NOBODY = 65_534;

let place: GuardPlace;
let wish: string;
let guard: ClusterLock;
const never = new AbortController().signal;

beforeEach(async () => {
  const dir = join(await temporaryDirectory(), 'state');
  await mkdir(dir);
  place = { dir, cluster: 'voice-eu', node: 'node-1' };
  wish = join(dir, 'voice-eu.guard-node-1.wanted');
  guard = await takeGuardLock(place, { run: RUN, command: 'deactivate node-1', who: 'ops@bastion' }, never);
});
afterEach(() => guard.release());

/** Does it as a user who may not read what is closed to all: root is one who may. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const { getuid, seteuid } = process;
  if (getuid?.() !== 0 || seteuid === undefined) return work();
  seteuid(NOBODY);
  try {
    return await work();
  } finally {
    seteuid(0);
  }
}

test('nobody has asked for the node, then somebody has, and the word is gone with the guard', async () => {
  expect(await whoWants(place)).toBeNull();
  const relieving = relieveGuard(place, 'run r2 (activate node-1) of ops', never);
  expect(await until('the word is there', async () => (await whoWants(place)) ?? false)).toBe(
    'run r2 (activate node-1) of ops',
  );
  await guard.release();
  await relieving;
  expect((await readdir(place.dir)).filter((name) => name.includes('wanted'))).toEqual([]);
});

test('who looks while it is written sees what was there before, or all of it: never a part', async () => {
  await writeFile(wish, 'of before');
  const before = await open(wish);
  onTestFinished(() => before.close());
  const relieving = relieveGuard(place, 'run r2', never);
  await until('the word is there', async () => (await readFile(wish, 'utf8').catch(() => '')) === 'run r2');
  // A file of its own, and not the same one emptied and filled again.
  expect(await before.readFile('utf8')).toBe('of before');
  await guard.release();
  await relieving;
});

test('one that may not be read says all the same that somebody wants the node', async () => {
  await chmod(join(place.dir, '..'), 0o755);
  await chmod(place.dir, 0o755);
  await writeFile(wish, 'run r2');
  await chmod(wish, 0);
  expect(await asNobody(() => whoWants(place))).toBe('another user');
});

test('one that cannot be read at all is an error, and never nobody', async () => {
  await mkdir(wish);
  await expect(whoWants(place)).rejects.toMatchObject({ code: 'journal' });
});

test('word that cannot be left is an error of whoever wants the node, and the guard goes on', async () => {
  await mkdir(`${wish}.new`);
  await expect(relieveGuard(place, 'run r2', never)).rejects.toMatchObject({ code: 'journal' });
  expect(await whoWants(place)).toBeNull();
  guard.assertHeld();
});

test('a word of before was meant for another guard', async () => {
  await guard.release();
  await writeFile(wish, 'run r0');
  guard = await takeGuardLock(place, { run: RUN, command: 'deactivate node-1', who: 'ops@bastion' }, never);
  expect(await whoWants(place)).toBeNull();
});
