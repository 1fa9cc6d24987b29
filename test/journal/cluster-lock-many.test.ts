import { execFileSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeLock } from '../../src/journal/cluster-lock.ts';
import { lockState } from '../../src/journal/cluster-lock-state.ts';
import { bundleProcess, type Said, startLockProcess } from './cluster-lock-processes.ts';
import { RUN } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const PROCESSES = 5;

/** As many starts at one moment, in a state directory that is not there yet; what the processes say of it together. */
async function crowd(starts: number, what: 'keep' | 'pass') {
  const directory = await temporaryDirectory();
  const dir = join(directory, 'state');
  const bundle = await bundleProcess(directory, 'cluster-lock-crowd');
  const processes = Array.from({ length: PROCESSES }, () =>
    startLockProcess({ bundle, args: [dir, String(starts / PROCESSES), what] }),
  );
  await Promise.all(processes.map(({ next }) => next()));
  for (const { child } of processes) child.stdin.write('now\n');
  const said = await Promise.all(processes.map(({ next }) => next()));
  const sum = (of: (one: Said) => number | undefined): number =>
    said.reduce((total, one) => total + (one === undefined ? Number.NaN : (of(one) ?? 0)), 0);
  return {
    dir,
    processes,
    taken: sum(({ taken }) => taken),
    together: sum(({ together }) => together),
    locked: sum(({ refused }) => refused?.['locked']),
    otherwise: said.flatMap((one) => Object.keys(one?.refused ?? {})).filter((code) => code !== 'locked'),
    unnamed: sum(({ unnamed }) => unnamed),
  };
}

test('500 start at once: one has it, and each of the others is refused', async () => {
  const seen = await crowd(500, 'keep');
  expect(seen).toMatchObject({ taken: 1, together: 0, locked: 499, otherwise: [] });
  expect(await readdir(seen.dir)).toEqual(['inside', 'voice-eu.holder', 'voice-eu.lock']);
  expect(await lockState(seen.dir, 'voice-eu')).toMatchObject({ held: true, holder: { run: RUN } });
  for (const { child } of seen.processes) child.stdin.end();
  await Promise.all(seen.processes.map(({ ended }) => ended));
  expect(await lockState(seen.dir, 'voice-eu')).toEqual({ held: false });
}, 120_000);

test('each of 25 has it in the end, and never two at a time', async () => {
  const seen = await crowd(25, 'pass');
  expect(seen).toMatchObject({ taken: 25, together: 0, otherwise: [] });
  expect(await lockState(seen.dir, 'voice-eu')).toEqual({ held: false });
}, 120_000);

test('is never refused since somebody looks', async () => {
  const dir = await temporaryDirectory();
  const over = new AbortController();
  let looks = 0;
  const look = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await lockState(dir, 'voice-eu');
      looks += 1;
    }
  };
  // Without a holder's file, and with the one that a killed holder left: both have to leave the lock alone.
  const lookers = Promise.all(Array.from({ length: 8 }, look));
  let taken = 0;
  try {
    while (taken < 60 || looks < 100) {
      if (taken % 2 === 0) await writeFile(join(dir, 'voice-eu.holder'), '{}');
      // The first try has to do: flock itself, without the second look that fsha has.
      execFileSync('flock', ['-n', '-E', '75', join(dir, 'voice-eu.lock'), 'true']);
      const lock = await takeLock({
        dir,
        cluster: 'voice-eu',
        holder: { run: RUN, command: 'drain node-1', who: 'ops@bastion' },
      });
      await lock.release();
      taken += 1;
    }
  } finally {
    over.abort();
    await lookers;
  }
  expect(taken).toBeGreaterThanOrEqual(60);
}, 60_000);
