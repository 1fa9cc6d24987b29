import { chmod, readdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Call } from '../../src/cli/command.ts';
import { damageAside, stateVerdicts } from '../../src/cli/doctor-state.ts';
import { systemClock } from '../../src/cli/main.ts';
import type { Room } from '../../src/cli/state-room.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { cluster } from '../domain/builders.ts';
import { take } from '../journal/cluster-lock-processes.ts';
import { findStandingBaseline } from '../../src/journal/standing-baseline.ts';
import type { World } from '../../src/workflow/world.ts';
import { asNobody, lockAway } from '../journal/as-nobody.ts';
import { disable, lines, preflight, RUN, started } from '../journal/events.ts';
import { eventsOf, journalOf, runsDirectory } from '../journal/runs-directory.ts';
import { temporaryDirectory } from '../journal/temporary-directory.ts';

const call = {
  globals: { config: '/etc/fsha.yaml' },
  host: { clock: systemClock },
} as unknown as Call;

async function verdicts(
  dir: string,
  isDefault = false,
  room?: Room,
): Promise<Readonly<Record<string, Verdict>>> {
  const state = { dir, keepRuns: 10, keepAge: 1_000, ...(isDefault && { isDefault: true as const }) };
  const all = await stateVerdicts(
    call,
    cluster({ name: 'voice-eu', state }),
    AbortSignal.timeout(15_000),
    ...(room === undefined ? [] : [() => Promise.resolve(room)]),
  );
  return Object.fromEntries(all.map((one) => [one.check, one]));
}

test('nothing is there yet: all is well, and nothing is made', async () => {
  const directory = await temporaryDirectory();
  expect(await verdicts(join(directory, 'a', 'state'))).toEqual({
    'state-dir': {
      check: 'state-dir',
      forceable: false,
      level: 'ok',
      why: `journals can be written in ${directory}/a/state`,
    },
    lock: { check: 'lock', forceable: false, level: 'ok', why: 'no run changes voice-eu' },
  });
  expect(await readdir(directory)).toEqual([]);
});

test('the default is nobody else’s, unless a group shares it', async () => {
  const dir = await temporaryDirectory();
  const own = await verdicts(dir, true);
  expect(own['state-dir']).toMatchObject({
    level: 'warning',
    fix: expect.stringContaining('-m 2770') as string,
  });
  expect(own['state-dir']?.why).toContain('runs of other users of this host do not see it');
  await chmod(dir, 0o2770);
  expect((await verdicts(dir, true))['state-dir']).toMatchObject({
    level: 'ok',
    why: `journals can be written in ${dir}, which a group shares`,
  });
});

test('a file is no directory', async () => {
  const path = join(await temporaryDirectory(), 'file');
  await writeFile(path, '');
  expect((await verdicts(path))['state-dir']).toMatchObject({
    level: 'refusal',
    fix: `Make ${path} a directory that you may write, or set state.dir in the inventory.`,
  });
});

const ROOM: Room = { bsize: 4096, blocks: 100_000, bavail: 50_000, files: 1_000, ffree: 500 };

test.each([
  ['room enough', ROOM, 'ok', 'journals can be written in DIR'],
  [
    'a full disk',
    { ...ROOM, bavail: 10 },
    'refusal',
    'no run can begin, DIR: the disk is full: 40 KiB are free',
  ],
  [
    'no inode',
    { ...ROOM, ffree: 0 },
    'refusal',
    'no run can begin, DIR: no more files can be made there: no inode is free',
  ],
  [
    'hardly any room',
    { ...ROOM, bavail: 2_560 },
    'warning',
    'journals can be written in DIR, and little room is left: 10 MiB are free',
  ],
  [
    'a file system that does not say',
    { bsize: 4096, blocks: 0, bavail: 0, files: 0, ffree: 0 },
    'ok',
    'journals can be written in DIR',
  ],
] as const)('%s', async (_, room, level, why) => {
  const dir = await temporaryDirectory();
  expect((await verdicts(dir, false, room))['state-dir']).toMatchObject({
    level,
    why: why.replace('DIR', dir),
    ...(level === 'ok'
      ? {}
      : { fix: 'Free space there, or set state.dir to a directory on another file system.' }),
  });
});

test('a run under way is told, with the commands for it', async () => {
  const dir = await temporaryDirectory();
  const lock = await take(dir);
  expect((await verdicts(dir))['lock']).toMatchObject({
    level: 'warning',
    why: expect.stringMatching(
      `^a run changes voice-eu: run ${RUN} \\(drain node-1\\) by ops@bastion`,
    ) as string,
    fix: `Watch it: fsha --config /etc/fsha.yaml show ${RUN} --follow. Ask it to stop: fsha --config /etc/fsha.yaml unlock`,
  });
  await unlink(join(dir, 'voice-eu.holder'));
  expect((await verdicts(dir))['lock']).toMatchObject({
    level: 'warning',
    why: 'a run changes voice-eu, and nothing says which',
  });
  lock.assertHeld();
  await lock.release();
});

test('what every run would be refused for is a problem', async () => {
  const dir = await temporaryDirectory();
  await symlink('/etc/hostname', join(dir, 'voice-eu.lock'));
  expect((await verdicts(dir))['lock']).toMatchObject({
    level: 'refusal',
    why: `Cannot open ${dir}/voice-eu.lock: too many symbolic links.`,
  });
  await unlink(join(dir, 'voice-eu.lock'));
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('PATH', dir);
  expect((await verdicts(dir))['lock']).toMatchObject({
    level: 'refusal',
    fix: expect.stringContaining('util-linux') as string,
  });
  await writeFile(join(dir, 'flock'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  expect((await verdicts(dir))['lock']).toMatchObject({
    level: 'refusal',
    why: 'Cannot lock /dev/null: flock ended with 1.',
  });
});

test('a damaged journal is a problem of the node that it is about, and hides nothing of the others', async () => {
  const whole = [started({ nodes: ['node-2'] }), preflight('node-2'), disable('node-2')];
  const torn = lines(eventsOf(1, [started(), preflight('node-1'), disable('node-1')]));
  const dir = await runsDirectory(whole, torn.replace('"seq":2', '"seq":7'));
  const known = {
    standing: async (node: string) => (await findStandingBaseline(dir, 'voice-eu', node)) ?? null,
  } as unknown as World;
  await expect(known.standing('node-1')).rejects.toMatchObject({ code: 'journal' });
  const { world, verdicts: damaged } = damageAside(known, 'fsha');
  expect((await world.standing('node-2'))?.settled).toBe(false);
  expect(damaged()).toEqual([]);
  expect(await world.standing('node-1')).toBeNull();
  expect(damaged()).toMatchObject([
    {
      node: 'node-1',
      level: 'refusal',
      fix: expect.stringContaining('fsha activate node-1 --force mark') as string,
    },
  ]);
  expect(damaged()[0]?.why).toContain(journalOf(dir, 1));
});

test('journals that may not be read are one problem, and nothing is to be moved', async () => {
  const dir = await runsDirectory([started(), preflight('node-1'), disable('node-1')]);
  await chmod(dir, 0o755);
  const runs = join(dir, 'runs');
  await lockAway(runs);
  const known = {
    standing: async (node: string) => (await findStandingBaseline(dir, 'voice-eu', node)) ?? null,
  } as unknown as World;
  const { world, verdicts: met } = damageAside(known, 'fsha');
  await asNobody(async () => {
    for (const node of ['node-1', 'node-2', 'node-3']) expect(await world.standing(node)).toBeNull();
  });
  await chmod(runs, 0o700);
  expect(met()).toEqual([
    {
      check: 'journal',
      level: 'refusal',
      forceable: false,
      why: `what runs left node-1, node-2, node-3 as is unknown: Cannot read the journals in ${runs}: permission denied`,
      fix: `Run as its owner or root, or have one of them let your group read it: chmod g+rx ${runs}`,
    },
  ]);
});
