/** A directory in which nobody may remove or replace what belongs to others (sticky, as /tmp), with what a killed run left. */
import { chmod, chown, link, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Call } from '../../src/cli/command.ts';
import { stateVerdicts } from '../../src/cli/doctor-state.ts';
import { systemClock } from '../../src/cli/main.ts';
import { lockState } from '../../src/journal/cluster-lock-state.ts';
import { cluster } from '../domain/builders.ts';
import { bundleProcess, isFree, OTHER_RUN, startLockProcess } from './cluster-lock-processes.ts';
import type { LockProcess } from './cluster-lock-processes.ts';
import { RUN } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const FIRST = 65_533;
const SECOND = 65_532;
const THIRD = 65_531;

// Two users for root; else the one there is, twice, who may replace everything.
const isRoot = process.getuid?.() === 0;
const group = isRoot ? 65_534 : (process.getgid?.() ?? 0);

async function place(mode: number) {
  const directory = await temporaryDirectory();
  const bundle = await bundleProcess(directory, 'cluster-lock-process');
  const dir = join(directory, 'state');
  await mkdir(dir);
  await chown(dir, process.getuid?.() ?? 0, group);
  await chmod(dir, mode);
  const start = (uid: number, run: string): LockProcess =>
    startLockProcess({ bundle, args: [dir, 'voice-eu', run], user: { uid, gid: group } });
  return { directory, dir, holder: join(dir, 'voice-eu.holder'), start };
}

type Place = Awaited<ReturnType<typeof place>>;

/** The file beside the lock is another user's then, and nobody's. */
async function killed({ start }: Place): Promise<void> {
  const first = start(FIRST, RUN);
  expect(await first.next()).toEqual({ taken: first.pid });
  first.child.kill('SIGKILL');
  await first.ended;
}

/** Whoever has it keeps everybody else out, and frees it. */
async function expectHolds({ dir, start }: Place, holder: LockProcess): Promise<void> {
  expect(isFree(dir)).toBe(false);
  expect((await start(FIRST, RUN).next())?.error?.code).toBe('locked');
  expect(await holder.ask('held')).toEqual({ held: true });
  expect(await holder.ask('release')).toEqual({ released: true });
  expect(isFree(dir)).toBe(true);
  expect(await lockState(dir, 'voice-eu')).toEqual({ held: false });
}

test('a group shares it: what the one left is written anew by the other, who is named in it', async () => {
  const there = await place(0o3770);
  await killed(there);
  const second = there.start(SECOND, OTHER_RUN);
  expect(await second.next()).toEqual({ taken: second.pid });
  expect(await lockState(there.dir, 'voice-eu')).toMatchObject({
    held: true,
    holder: { run: OTHER_RUN, pid: second.pid },
  });
  const refused = await there.start(FIRST, RUN).next();
  expect(refused?.error?.message).toContain(`run ${OTHER_RUN} (drain node-1)`);
  await expectHolds(there, second);
  // And again by the first, whose file it is.
  const third = there.start(FIRST, RUN);
  expect(await third.next()).toEqual({ taken: third.pid });
  expect(await lockState(there.dir, 'voice-eu')).toMatchObject({ holder: { run: RUN, pid: third.pid } });
  expect(await third.ask('release')).toEqual({ released: true });
});

test('what may not be written either: the lock is held, and nobody is named', async () => {
  const there = await place(0o3770);
  await killed(there);
  await chmod(there.holder, 0o640);
  const before = await readFile(there.holder, 'utf8');
  const second = there.start(SECOND, OTHER_RUN);
  expect(await second.next()).toEqual({ taken: second.pid });
  const state = await lockState(there.dir, 'voice-eu');
  expect(state).toEqual(
    isRoot
      ? { held: true, holder: null }
      : { held: true, holder: expect.objectContaining({ run: OTHER_RUN }) as unknown },
  );
  if (isRoot) expect(await readFile(there.holder, 'utf8')).toBe(before);
  const refused = await there.start(FIRST, RUN).next();
  // The one whose file is in the way is told so.
  expect(refused?.error?.code).toBe('locked');
  await expectHolds(there, second);
});

test('a draft that another one left is in nobody’s way', async () => {
  const there = await place(0o3770);
  await writeFile(`${there.holder}.new`, 'half');
  if (isRoot) await chown(`${there.holder}.new`, FIRST, group);
  const second = there.start(SECOND, OTHER_RUN);
  expect(await second.next()).toEqual({ taken: second.pid });
  expect(await lockState(there.dir, 'voice-eu')).toMatchObject({ holder: { run: OTHER_RUN } });
  await expectHolds(there, second);
});

test('a file that has another name too is not written: it may be anybody’s', async () => {
  const there = await place(0o3770);
  await killed(there);
  const precious = join(there.dir, 'precious');
  await link(there.holder, precious);
  const before = await readFile(precious, 'utf8');
  const second = there.start(SECOND, OTHER_RUN);
  expect(await second.next()).toEqual({ taken: second.pid });
  expect(await readFile(precious, 'utf8')).toBe(before);
  await expectHolds(there, second);
});

test('everybody writes there, and the lock is another user’s: no run without the lock', async () => {
  const there = await place(0o1777);
  await killed(there);
  expect((await stat(join(there.dir, 'voice-eu.lock'))).mode & 0o777).toBe(0o600);
  const said = await there.start(SECOND, OTHER_RUN).next();
  if (isRoot) expect(said?.error?.message).toBe(`Cannot open ${there.dir}/voice-eu.lock: permission denied.`);
  else expect(said?.taken).toBeTypeOf('number');
});

test('everybody writes there, and may lock: it is held, and nobody is named', async () => {
  const there = await place(0o1777);
  await killed(there);
  await chmod(join(there.dir, 'voice-eu.lock'), 0o666);
  const second = there.start(SECOND, OTHER_RUN);
  expect(await second.next()).toEqual({ taken: second.pid });
  expect((await lockState(there.dir, 'voice-eu')).held).toBe(true);
  // Who may not read the file is refused like everybody.
  const third = await there.start(THIRD, RUN).next();
  expect(third?.error?.code).toBe('locked');
  await expectHolds(there, second);
});

test('doctor says whose file is in the way, and to him that nothing is', async () => {
  const there = await place(0o3770);
  await chmod(there.directory, 0o755);
  await killed(there);
  expect(await lockVerdict(there.dir, SECOND)).toMatchObject({ level: 'ok' });
  await chmod(there.holder, 0o640);
  expect(await lockVerdict(there.dir, FIRST)).toMatchObject({ level: 'ok' });
  // Root replaces whatever stands there, and so does the one user where there is no root.
  expect(await lockVerdict(there.dir, 0)).toMatchObject({ level: 'ok' });
  expect(await lockVerdict(there.dir, SECOND)).toMatchObject(
    isRoot
      ? {
          level: 'warning',
          why: expect.stringContaining(
            `${there.holder} was left by a run of another user (uid ${FIRST})`,
          ) as string,
          fix: `That user or root has to remove it: rm ${there.holder}`,
        }
      : { level: 'ok' },
  );
});

/** What doctor says of the lock to a user. */
async function lockVerdict(dir: string, uid: number): Promise<unknown> {
  const call = { globals: { config: '/etc/fsha.yaml' }, host: { clock: systemClock } } as unknown as Call;
  const state = { dir, keepRuns: 10, keepAge: 1_000 };
  return asUser(uid, async () => {
    const all = await stateVerdicts(call, cluster({ name: 'voice-eu', state }), AbortSignal.timeout(15_000));
    return all.find(({ check }) => check === 'lock');
  });
}

/** Root becomes that user for a moment; who is not stays who he is. */
async function asUser<T>(uid: number, work: () => Promise<T>): Promise<T> {
  const { seteuid, setegid } = process;
  if (!isRoot || uid === 0 || seteuid === undefined || setegid === undefined) return work();
  setegid(group);
  seteuid(uid);
  try {
    return await work();
  } finally {
    seteuid(0);
    setegid(0);
  }
}
