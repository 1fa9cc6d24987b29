/** Word for a guard counts while its writer lives; what the dead and other users left is in nobody's way. */
import { build } from 'esbuild';
import { chmod, chown, link, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { guardOf, relieveGuard, whoWants } from '../../src/journal/guard-lock.ts';
import { until } from '../support/until.ts';
import { type LockProcess, OTHER_RUN, startLockProcess } from './cluster-lock-processes.ts';
import { RUN } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const FIRST = 65_533;
const SECOND = 65_532;
const never = new AbortController().signal;

// Two users for root; else the one there is, twice.
const isRoot = process.getuid?.() === 0;
const group = isRoot ? 65_534 : (process.getgid?.() ?? 0);

let dir: string;
let wish: string;
let bundle: string;

beforeEach(async () => {
  const directory = await temporaryDirectory();
  await chmod(directory, 0o755);
  bundle = join(directory, 'guard-lock-process.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./guard-lock-process.ts', import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  dir = join(directory, 'state');
  wish = join(dir, 'voice-eu.guard-node-1.wanted');
  await mkdir(dir);
});

/** Everybody of the group may write there, and remove nothing of another's. */
async function sticky(): Promise<void> {
  await chown(dir, process.getuid?.() ?? 0, group);
  await chmod(dir, 0o3770);
}

function start(mode: 'guard' | 'want', uid: number, run: string): LockProcess {
  return startLockProcess({ bundle, args: [mode, dir, run], user: { uid, gid: uid === 0 ? 0 : group } });
}

async function guarding(uid: number): Promise<{ readonly wanted: () => Promise<unknown> } & LockProcess> {
  const guard = start('guard', uid, RUN);
  expect(await guard.next()).toEqual({ taken: guard.pid });
  const wanted = async (): Promise<unknown> => {
    guard.child.stdin.write('wanted\n');
    return guard.next();
  };
  return { ...guard, wanted };
}

/** Waits for the node of a guard. */
async function wanting(uid: number, run: string): Promise<LockProcess> {
  const wanter = start('want', uid, run);
  await until('the word is there', async () => (await readFile(wish, 'utf8').catch(() => '')).includes(run));
  return wanter;
}

async function killed(one: LockProcess): Promise<void> {
  one.child.kill('SIGKILL');
  await one.ended;
}

test('whoever wanted the node is killed while the guard is stopped: the guard goes on, and the word is cleared', async () => {
  const guard = await guarding(0);
  guard.child.kill('SIGSTOP');
  const wanter = await wanting(0, OTHER_RUN);
  await killed(wanter);
  guard.child.kill('SIGCONT');
  expect(await guard.wanted()).toEqual({ wanted: null });
  expect(await readFile(wish, 'utf8')).toBe('');
  // And the next one is heard.
  const next = await wanting(0, OTHER_RUN);
  expect(await guard.wanted()).toEqual({ wanted: `run ${OTHER_RUN}` });
  expect(await guard.ask('release')).toEqual({ released: true });
  expect(await next.next()).toEqual({ relieved: true });
  expect(await readFile(wish, 'utf8')).toBe('');
});

test('one that is stopped does not hear that the node is wanted: that is said, with what lets it go on', async () => {
  const guard = await guarding(0);
  guard.child.kill('SIGSTOP');
  const place = { dir, cluster: 'voice-eu', node: 'node-1' };
  await expect(relieveGuard(place, 'run r2', never, 500)).rejects.toMatchObject({
    code: 'locked',
    message: `node-1 is kept out by run ${RUN} of ops@bastion (pid ${guard.pid}), whose process is stopped`,
    hint: `Let it go on with: kill -CONT ${guard.pid}. Then try again.`,
  });
  guard.child.kill('SIGCONT');
  expect(await guard.wanted()).toEqual({ wanted: null });
  await expect(relieveGuard(place, 'run r2', never, 500)).rejects.toMatchObject({
    code: 'locked',
    message: `node-1 is kept out by run ${RUN} of ops@bastion (pid ${guard.pid}), which does not end`,
  });
});

test('what another user left in a sticky directory keeps nobody from guarding, nor from wanting the node', async () => {
  await sticky();
  const first = await guarding(FIRST);
  await killed(await wanting(FIRST, RUN));
  await killed(first);
  expect((await stat(wish)).uid).toBe(isRoot ? FIRST : process.getuid?.());

  const guard = await guarding(SECOND);
  expect(await guard.wanted()).toEqual({ wanted: null });
  const wanter = await wanting(SECOND, OTHER_RUN);
  expect(await guard.wanted()).toEqual({ wanted: `run ${OTHER_RUN}` });
  expect(await guard.ask('release')).toEqual({ released: true });
  expect(await wanter.next()).toEqual({ relieved: true });
});

test.runIf(isRoot)(
  'one that may not be read says nothing; one that may not be written is a typed error',
  async () => {
    await sticky();
    await writeFile(wish, 'run r0\n');
    await chown(wish, FIRST, group);
    await chmod(wish, 0o600);
    const guard = await guarding(SECOND);
    expect(await guard.wanted()).toEqual({ wanted: null });
    expect(await start('want', SECOND, OTHER_RUN).next()).toMatchObject({
      error: { code: 'journal', message: `Cannot open ${wish}: permission denied.` },
    });
  },
);

test.runIf(isRoot)(
  'root wants the node from a user who guards in a directory of his own: he is told',
  async () => {
    await chown(dir, FIRST, group);
    await chmod(dir, 0o700);
    const guard = await guarding(FIRST);
    const wanter = await wanting(0, OTHER_RUN);
    expect(await guard.wanted()).toEqual({ wanted: `run ${OTHER_RUN}` });
    expect(await guard.ask('release')).toEqual({ released: true });
    expect(await wanter.next()).toEqual({ relieved: true });
  },
);

test('something of that name that is no file: no word, and an error of whoever would leave one', async () => {
  await mkdir(wish);
  const guard = await guarding(0);
  expect(await guard.wanted()).toEqual({ wanted: null });
  const place = { dir, cluster: 'voice-eu', node: 'node-1' };
  await expect(relieveGuard(place, 'run r2', never)).rejects.toMatchObject({ code: 'journal' });
  expect(await guardOf(place)).toMatchObject({ run: RUN });
});

test('a file that has another name too is not written: it may be anybody’s', async () => {
  const precious = join(dir, 'precious');
  await writeFile(precious, 'precious');
  await link(precious, wish);
  const place = { dir, cluster: 'voice-eu', node: 'node-1' };
  const guard = await guarding(0);
  expect(await whoWants(place)).toBeNull();
  await expect(relieveGuard(place, 'run r2', never)).rejects.toMatchObject({ code: 'journal' });
  expect(await readFile(precious, 'utf8')).toBe('precious');
  expect(await guard.ask('release')).toEqual({ released: true });
});
