import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockState } from '../../src/journal/cluster-lock-state.ts';
import {
  bundleProcess,
  failure,
  holding,
  OTHER_RUN,
  startLockProcess,
  take,
} from './cluster-lock-processes.ts';
import { RUN } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const FREE = { held: false };
const NAMELESS = { held: true, holder: null };

const validHolder = {
  run: OTHER_RUN,
  command: 'drain node-1',
  who: 'ops@bastion',
  pid: 4_711,
  started: 815,
  since: '2026-11-22T21:31:34.000Z',
};

describe('lockState', () => {
  test('is not held where there is no directory, no file, and where nobody has it any more', async () => {
    const dir = join(await temporaryDirectory(), 'state');
    expect(await lockState(dir, 'voice-eu')).toEqual(FREE);
    await mkdir(dir);
    expect(await lockState(dir, 'voice-eu')).toEqual(FREE);
    const lock = await take(dir);
    await lock.release();
    expect(await lockState(dir, 'voice-eu')).toEqual(FREE);
  });

  test('names the holder, in this process and in another one', async () => {
    const directory = await temporaryDirectory();
    const dir = join(directory, 'state');
    const own = await take(dir);
    expect(await lockState(dir, 'voice-eu')).toMatchObject({
      held: true,
      holder: { run: RUN, command: 'drain node-1', who: 'ops@bastion', pid: process.pid },
    });
    expect(await lockState(dir, 'voice-us')).toEqual(FREE);
    await own.release();
    const other = await holding(dir, directory);
    expect(await lockState(dir, 'voice-eu')).toMatchObject({
      held: true,
      holder: { run: OTHER_RUN, pid: other.pid },
    });
  });

  test('does not believe the file of a holder that was killed', async () => {
    const directory = await temporaryDirectory();
    const dir = join(directory, 'state');
    const holder = await holding(dir, directory);
    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    expect(await lockState(dir, 'voice-eu')).toEqual(FREE);
  });

  test('is held by nobody knows whom where the file beside it is gone', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    await unlink(join(dir, 'voice-eu.holder'));
    expect(await lockState(dir, 'voice-eu')).toEqual(NAMELESS);
    await lock.release();
    expect(await lockState(dir, 'voice-eu')).toEqual(FREE);
  });

  test('does not take those who wait for the lock, or share it, for its holder', async () => {
    const dir = await temporaryDirectory();
    const looker = spawn(
      'flock',
      ['-s', join(dir, 'voice-eu.lock'), 'sh', '-c', 'echo shared && read gone'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    await once(looker.stdout, 'data');
    const waiting = spawn('flock', [join(dir, 'voice-eu.lock'), 'true'], { stdio: 'ignore' });
    await once(waiting, 'spawn');
    expect(await lockState(dir, 'voice-eu')).toEqual(FREE);
    looker.stdin.end();
    await once(waiting, 'exit');
  });

  test.each([
    ['a directory', (path: string) => mkdir(path)],
    ['another one, put there by hand', (path: string) => writeFile(path, JSON.stringify(validHolder))],
  ])('is held by nobody knows whom where its holder’s file is %s', async (_what, make) => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    await unlink(join(dir, 'voice-eu.holder'));
    await make(join(dir, 'voice-eu.holder'));
    expect(await lockState(dir, 'voice-eu')).toEqual(NAMELESS);
    await lock.release();
    await rm(join(dir, 'voice-eu.holder'), { recursive: true });
  });

  test('says where it may not look', async () => {
    const directory = await temporaryDirectory();
    const dir = join(directory, 'state');
    const lock = await take(dir);
    await unlink(join(dir, 'voice-eu.holder'));
    await symlink('/etc/hostname', join(dir, 'voice-eu.holder'));
    const error = await failure(lockState(dir, 'voice-eu'));
    expect(error.code).toBe('journal');
    expect(error.message).toContain(`Cannot read ${join(dir, 'voice-eu.holder')}`);
    await lock.release();
  });

  test('hears a signal', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    expect((await failure(lockState(dir, 'voice-eu', AbortSignal.abort()))).code).toBe('interrupted');
    await lock.release();
  });
});

describe('the file beside the lock', () => {
  test('names nobody where something else is in it than fsha writes', async () => {
    const texts = {
      'not JSON': '}',
      nothing: '',
      null: 'null',
      'a list': '[]',
      'a run id that is a path': JSON.stringify({ ...validHolder, run: '../../etc' }),
      'a command that is none': JSON.stringify({ ...validHolder, command: ['drain'] }),
      'a pid of init': JSON.stringify({ ...validHolder, pid: 1 }),
      'a pid that is a group': JSON.stringify({ ...validHolder, pid: -4_711 }),
      'a pid that is a text': JSON.stringify({ ...validHolder, pid: '4711' }),
      'a start that is none': JSON.stringify({ ...validHolder, started: 1.5 }),
      'a moment that is none': JSON.stringify({ ...validHolder, since: 'yesterday' }),
      'far too much': JSON.stringify({ ...validHolder, who: 'x'.repeat(100_000) }),
      'no fault': JSON.stringify(validHolder),
    };
    const seen = await Promise.all(
      Object.entries(texts).map(async ([what, text]) => {
        const dir = await temporaryDirectory();
        const lock = await take(dir);
        await writeFile(join(dir, 'voice-eu.holder'), text);
        const [error, state] = await Promise.all([failure(take(dir, OTHER_RUN)), lockState(dir, 'voice-eu')]);
        await lock.release();
        return [what, { code: error.code, named: error.message.includes('by ops@bastion'), state }];
      }),
    );
    expect(Object.fromEntries(seen)).toEqual({
      ...Object.fromEntries(
        Object.keys(texts).map((what) => [what, { code: 'locked', named: false, state: NAMELESS }]),
      ),
      'no fault': { code: 'locked', named: true, state: { held: true, holder: validHolder } },
    });
  });

  test('shows nothing that could steer a terminal, and no more than fits', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    const command = `a\nb\u202e${'x'.repeat(2_000)}`;
    await writeFile(
      join(dir, 'voice-eu.holder'),
      JSON.stringify({ ...validHolder, who: '\u001b[2Jroot', command }),
    );
    const { message } = await failure(take(dir, OTHER_RUN));
    expect(message).toContain('(a\ufffdb\ufffdxxx');
    expect(message).toContain('…) by \ufffd[2Jroot, since 2026-11-22 21:31:34 UTC');
    expect(message.length).toBeLessThan(800);
    await lock.release();
  });

  test('says no age where a clock was set back since', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    const since = new Date(Date.now() + 3_600_000).toISOString();
    await writeFile(join(dir, 'voice-eu.holder'), JSON.stringify({ ...validHolder, since }));
    expect((await failure(take(dir, OTHER_RUN))).message).toMatch(/UTC, pid 4711\.$/);
    await lock.release();
  });

  test('may not be read by others, who are told so', async () => {
    const directory = await temporaryDirectory();
    const bundle = await bundleProcess(directory, 'cluster-lock-process');
    const dir = join(directory, 'state');
    await mkdir(dir, { mode: 0o711 });
    const lock = await take(dir);
    const nobody = { uid: 65_534, gid: 65_534 };
    const said = await startLockProcess({ bundle, args: [dir, 'voice-eu', RUN], user: nobody }).next();
    // Who is no other user, where the test is not run by root, is told who has it.
    expect(said?.error?.code).toBe(process.getuid?.() === 0 ? 'journal' : 'locked');
    await lock.release();
  });
});
