/** Word that is left for whoever keeps a node out: whole or not at all, and by nobody but who waits for it. */
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { ClusterLock } from '../../src/journal/cluster-lock.ts';
import { flock } from '../../src/journal/cluster-lock-flock.ts';
import { type GuardPlace, relieveGuard, takeGuardLock, whoWants } from '../../src/journal/guard-lock.ts';
import { until } from '../support/until.ts';
import { RUN } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

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

test('nobody has asked for the node, then somebody has, and the word is gone with the guard', async () => {
  expect(await whoWants(place)).toBeNull();
  const relieving = relieveGuard(place, 'run r2 (activate node-1) of ops', never);
  expect(await until('the word is there', async () => (await whoWants(place)) ?? false)).toBe(
    'run r2 (activate node-1) of ops',
  );
  await guard.release();
  await relieving;
  expect([await whoWants(place), await readFile(wish, 'utf8')]).toEqual([null, '']);
});

test('who looks while it is written sees nobody yet, and never a part or the word of before', async () => {
  const file = await open(wish, 'w');
  onTestFinished(() => file.close());
  expect(await flock(file.fd, 'exclusive', wish, never)).toBe(true);
  expect(await whoWants(place)).toBeNull();
  await file.write('run r2 (acti');
  expect(await whoWants(place)).toBeNull();
  await file.write('vate node-1)\n');
  expect(await whoWants(place)).toBe('run r2 (activate node-1)');
});

test('of a word that is no text and has no end, no more is shown than of one of fsha’s', async () => {
  const file = await open(wish, 'w');
  onTestFinished(() => file.close());
  expect(await flock(file.fd, 'exclusive', wish, never)).toBe(true);
  await file.write('\u001b[2J\n');
  expect(await whoWants(place)).toBe('\ufffd[2J');
  await file.write('x'.repeat(1_000_000), 0);
  expect(await whoWants(place)).toBeNull();
});

test('word that cannot be left is an error of whoever wants the node, and the guard goes on', async () => {
  await mkdir(wish);
  await expect(relieveGuard(place, 'run r2', never)).rejects.toMatchObject({ code: 'journal' });
  expect(await whoWants(place)).toBeNull();
  guard.assertHeld();
});

test('a word of before was meant for another guard, and is cleared', async () => {
  await guard.release();
  await writeFile(wish, 'run r0\n');
  guard = await takeGuardLock(place, { run: RUN, command: 'deactivate node-1', who: 'ops@bastion' }, never);
  expect(await whoWants(place)).toBeNull();
  expect(await readFile(wish, 'utf8')).toBe('');
});
