import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { takeLock } from '../../src/journal/cluster-lock.ts';
import { flock } from '../../src/journal/cluster-lock-flock.ts';
import { processEntry } from '../support/processes.ts';
import { until } from '../support/until.ts';
import {
  bundleProcess,
  failure,
  isFree,
  type LockProcess,
  OTHER_RUN,
  startLockProcess,
  take,
} from './cluster-lock-processes.ts';
import { RUN } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;

describe('takeLock', () => {
  test('makes files that nobody else may read, names the holder, and takes the name away again', async () => {
    const dir = join(await temporaryDirectory(), 'deep', 'state');
    const before = Date.now();
    const lock = await take(dir);
    lock.assertHeld();
    expect(await mode(dir)).toBe(0o700);
    expect(await mode(join(dir, 'voice-eu.lock'))).toBe(0o600);
    expect(await mode(join(dir, 'voice-eu.holder'))).toBe(0o600);
    const holder = JSON.parse(await readFile(join(dir, 'voice-eu.holder'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(holder).toEqual({
      run: RUN,
      command: 'drain node-1',
      who: 'ops@bastion',
      pid: process.pid,
      started: Number(processEntry(process.pid)?.startedAt),
      since: expect.any(String) as string,
    });
    expect(Date.parse(String(holder['since']))).toBeGreaterThanOrEqual(before);
    expect(isFree(dir)).toBe(false);
    await lock.release();
    expect(await readdir(dir)).toEqual(['voice-eu.lock']);
    expect(isFree(dir)).toBe(true);
    expect((await failure(() => lock.assertHeld())).code).toBe('lock.lost');
    await lock.release();
  });

  test('refuses, naming the holder and what to do', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    const error = await failure(
      takeLock({
        dir,
        cluster: 'voice-eu',
        holder: { run: OTHER_RUN, command: 'drain node-2', who: 'eve@bastion' },
        call: 'fsha --config /etc/fsha.yaml',
      }),
    );
    expect(error.code).toBe('locked');
    expect(error.message).toMatch(
      /^Another run changes voice-eu: run 20261122-213134-k3f9 \(drain node-1\) by ops@bastion, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \([\d.]+m?s\), pid \d+\.$/,
    );
    expect(error.hint).toBe(
      `Watch it: fsha --config /etc/fsha.yaml show ${RUN} --follow. Ask it to stop: fsha --config /etc/fsha.yaml unlock`,
    );
    lock.assertHeld();
    await lock.release();
  });

  test('keeps clusters apart', async () => {
    const dir = await temporaryDirectory();
    const locks = await Promise.all(
      ['voice-eu', 'voice-us'].map((cluster) =>
        takeLock({ dir, cluster, holder: { run: RUN, command: 'drain node-1', who: 'ops@bastion' } }),
      ),
    );
    for (const lock of locks) lock.assertHeld();
    await Promise.all(locks.map((lock) => lock.release()));
  });

  test('lets its members take it where a group shares the directory, whatever their umask', async () => {
    const directory = await temporaryDirectory();
    const bundle = await bundleProcess(directory, 'cluster-lock-process');
    const dir = join(directory, 'state');
    await mkdir(dir);
    // Any group for root, who can be two users then; else the one user there is, twice.
    const group = process.getuid?.() === 0 ? 65_534 : (process.getgid?.() ?? 0);
    await chown(dir, process.getuid?.() ?? 0, group);
    await chmod(dir, 0o2770);
    const start = (uid: number): LockProcess =>
      startLockProcess({ bundle, args: [dir, 'voice-eu', RUN], user: { uid, gid: group } });
    const first = start(65_533);
    expect(await first.next()).toEqual({ taken: first.pid });
    for (const name of ['voice-eu.lock', 'voice-eu.holder']) {
      expect(await mode(join(dir, name))).toBe(0o660);
      expect((await stat(join(dir, name))).gid).toBe(group);
    }
    const refused = await start(65_532).next();
    expect(refused?.error).toMatchObject({ code: 'locked', message: expect.stringContaining(RUN) as string });
    // Killed: what it leaves behind belongs to the one, and must not be in the way of the other.
    first.child.kill('SIGKILL');
    await first.ended;
    const second = start(65_532);
    expect(await second.next()).toEqual({ taken: second.pid });
    expect(await second.ask('release')).toEqual({ released: true });
  });

  test('names path and remedy where state.dir cannot be written', async () => {
    const directory = await temporaryDirectory();
    const bundle = await bundleProcess(directory, 'cluster-lock-process');
    const dir = join(directory, 'state');
    await mkdir(dir, { mode: 0o555 });
    const nobody = { uid: 65_534, gid: 65_534 };
    const said = await startLockProcess({ bundle, args: [dir, 'voice-eu', RUN], user: nobody }).next();
    expect(said?.error).toEqual({
      code: 'journal',
      message: `Cannot open ${join(dir, 'voice-eu.lock')}: permission denied.`,
      hint: 'Run as a user who may use it, or set state.dir to a directory that you may write.',
    });
  });

  test('says which package is missing where there is no flock', async () => {
    const directory = await temporaryDirectory();
    const bundle = await bundleProcess(directory, 'cluster-lock-process');
    const args = [join(directory, 'state'), 'voice-eu', RUN];
    const said = await startLockProcess({ bundle, args, env: { PATH: directory } }).next();
    expect(said?.error?.code).toBe('refused');
    expect(said?.error?.hint).toContain('util-linux');
  });

  test('says what another flock complains about, and does not believe it', async () => {
    const directory = await temporaryDirectory();
    const bundle = await bundleProcess(directory, 'cluster-lock-process');
    await writeFile(join(directory, 'flock'), "#!/bin/sh\nprintf 'unknown option\\033[31m' >&2\nexit 1\n", {
      mode: 0o755,
    });
    const args = [join(directory, 'state'), 'voice-eu', RUN];
    const said = await startLockProcess({ bundle, args, env: { PATH: `${directory}:/bin` } }).next();
    expect(said?.error).toEqual({
      code: 'journal',
      message: `Cannot lock ${join(directory, 'state', 'voice-eu.lock')}: unknown option\ufffd[31m.`,
      hint: expect.stringContaining('util-linux') as string,
    });
  });

  test('waits for no flock that hangs, and leaves none behind', async () => {
    const directory = await temporaryDirectory();
    const noted = join(directory, 'pid');
    await writeFile(join(directory, 'flock'), `#!/bin/sh\necho $$ >> ${noted}\nexec sleep 600\n`, {
      mode: 0o755,
    });
    vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const stop = new AbortController();
    const taking = take(join(directory, 'state'), RUN, stop.signal);
    await until('it hangs', async () => (await readFile(noted, 'utf8')) !== '');
    stop.abort();
    expect((await failure(taking)).code).toBe('interrupted');
    const handle = await open('/dev/null');
    const error = await failure(flock(handle.fd, 'shared', '/dev/null', new AbortController().signal, 200));
    await handle.close();
    expect(error.message).toBe('Cannot lock /dev/null: the disk does not answer.');
    const pids = (await readFile(noted, 'utf8')).trim().split('\n').map(Number);
    await until('they are gone', () =>
      pids.every((pid) => [undefined, 'Z'].includes(processEntry(pid)?.state)),
    );
  });

  test('holds the file that is there, though another one was there when it was opened', async () => {
    const directory = await temporaryDirectory();
    const path = process.env['PATH'] ?? '';
    const dir = join(directory, 'state');
    const replace = `mkdir "${directory}/once" 2>/dev/null && rm "${dir}/voice-eu.lock"`;
    await writeFile(join(directory, 'flock'), `#!/bin/sh\nPATH='${path}'\n${replace}\nexec flock "$@"\n`, {
      mode: 0o755,
    });
    vi.stubEnv('PATH', `${directory}:${path}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const lock = await take(dir);
    lock.assertHeld();
    vi.unstubAllEnvs();
    expect(isFree(dir)).toBe(false);
    await lock.release();
  });

  test('does nothing for a signal that has fired, and leaves nothing held', async () => {
    const dir = await temporaryDirectory();
    expect((await failure(take(dir, RUN, AbortSignal.abort()))).code).toBe('interrupted');
    const stop = new AbortController();
    const taking = take(dir, RUN, stop.signal);
    setImmediate(() => stop.abort());
    expect((await failure(taking)).code).toBe('interrupted');
    await until('it is free', () => isFree(dir));
    expect(await readdir(dir)).not.toContain('voice-eu.holder');
  });

  test('waits a moment for whoever holds it and has not said who it is', async () => {
    const dir = await temporaryDirectory();
    const other = spawn('flock', [join(dir, 'voice-eu.lock'), 'sh', '-c', 'echo held && read gone'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    const taking = take(dir);
    // Longer than a first try, shorter than the patience.
    setTimeout(() => other.stdin.end(), 150);
    const lock = await taking;
    lock.assertHeld();
    await lock.release();
  });

  test('refuses without a name where nothing says who holds it', async () => {
    const dir = await temporaryDirectory();
    const other = spawn('flock', [join(dir, 'voice-eu.lock'), 'sh', '-c', 'echo held && read gone'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    const error = await failure(take(dir));
    other.stdin.end();
    expect(error.code).toBe('locked');
    expect(error.message).toContain('nothing beside it says by whom');
    expect(error.hint).toContain(`fuser -v ${join(dir, 'voice-eu.lock')}`);
  });

  test('follows no symbolic link', async () => {
    const dir = await temporaryDirectory();
    await writeFile(join(dir, 'precious'), 'as it was');
    await symlink(join(dir, 'precious'), join(dir, 'voice-eu.lock'));
    expect((await failure(take(dir))).message).toContain('too many symbolic links');
    await unlink(join(dir, 'voice-eu.lock'));
    await symlink(join(dir, 'precious'), join(dir, 'voice-eu.holder.new'));
    const lock = await take(dir);
    await lock.release();
    expect(await readFile(join(dir, 'precious'), 'utf8')).toBe('as it was');
  });
});
