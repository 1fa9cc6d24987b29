import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockState } from '../../src/journal/cluster-lock-state.ts';
import { processEntry } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { failure, holding, isFree, OTHER_RUN, take } from './cluster-lock-processes.ts';
import { RUN } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('a lock that is held', () => {
  test('is free the moment its holder is killed, whatever it leaves behind', async () => {
    const directory = await temporaryDirectory();
    const dir = join(directory, 'state');
    const holder = await holding(dir, directory);
    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    expect(isFree(dir)).toBe(true);
    expect(await readdir(dir)).toContain('voice-eu.holder');
    const lock = await take(dir);
    expect((await failure(take(dir))).message).toContain(RUN);
    await lock.release();
  });

  test('is not given up for what a terminal sends to the whole group', async () => {
    const directory = await temporaryDirectory();
    const dir = join(directory, 'state');
    const holder = await holding(dir, directory);
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
      process.kill(-holder.pid, signal);
      expect(await holder.next()).toEqual({ heard: signal });
      expect(await holder.ask('held')).toEqual({ held: true });
      expect(isFree(dir)).toBe(false);
    }
    expect((await failure(take(dir))).message).toContain(OTHER_RUN);
    expect(await holder.ask('release')).toEqual({ released: true });
    expect(isFree(dir)).toBe(true);
  });

  test('stays with a holder that is stopped', async () => {
    const directory = await temporaryDirectory();
    const dir = join(directory, 'state');
    const holder = await holding(dir, directory);
    holder.child.kill('SIGSTOP');
    await until('it is stopped', () => processEntry(holder.pid)?.state === 'T');
    const refused = await failure(take(dir));
    expect(refused.message).toMatch(new RegExp(`: run ${OTHER_RUN} .*; its process is stopped\\.$`));
    expect(refused.hint).toContain(`kill -CONT ${holder.pid}. `);
    holder.child.kill('SIGCONT');
    expect(await holder.ask('held')).toEqual({ held: true });
  });

  test('leaves no process behind that could lose it', async () => {
    const directory = await temporaryDirectory();
    const dir = join(directory, 'state');
    const holder = await holding(dir, directory);
    const children = await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
    expect(children.trim()).toBe('');
    expect(await holder.ask('held')).toEqual({ held: true });
  });

  test('is not handed on to the children of its holder', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] });
    await once(child, 'spawn');
    await lock.release();
    expect(isFree(dir)).toBe(true);
    child.stdin.end();
    await once(child, 'exit');
  });

  test.each([
    ['removed', (path: string) => unlink(path)],
    ['moved away', (path: string) => rename(path, `${path}.old`)],
    [
      'replaced',
      async (path: string) => {
        await writeFile(`${path}.new`, '');
        await rename(`${path}.new`, path);
      },
    ],
  ])('is lost once its file was %s', async (_what, remove) => {
    const dir = await temporaryDirectory();
    const path = join(dir, 'voice-eu.lock');
    const lock = await take(dir);
    await remove(path);
    const error = await failure(() => lock.assertHeld());
    expect(error.code).toBe('lock.lost');
    expect(error.message).toContain(`${path} was removed or replaced while run ${RUN} held it`);
    // Somebody else may have been in since, whatever is put back.
    await take(dir, OTHER_RUN).then((other) => other.release());
    expect((await failure(() => lock.assertHeld())).code).toBe('lock.lost');
    await lock.release();
  });
});

describe('nameRun', () => {
  test('names another run, and keeps everything else', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    const before = await lockState(dir, 'voice-eu');
    const looks: string[] = [];
    let over = false;
    const look = async (): Promise<void> => {
      while (!over) {
        const state = await lockState(dir, 'voice-eu');
        looks.push(state.held ? (state.holder?.run ?? 'nobody') : 'free');
      }
    };
    const looking = look();
    for (const run of [OTHER_RUN, RUN, OTHER_RUN]) await lock.nameRun(run);
    over = true;
    await looking;
    expect(looks.filter((run) => run !== RUN && run !== OTHER_RUN)).toEqual([]);
    lock.assertHeld();
    if (!before.held) throw new Error('it was not held');
    expect(await lockState(dir, 'voice-eu')).toEqual({
      held: true,
      holder: { ...before.holder, run: OTHER_RUN },
    });
    expect((await failure(take(dir))).message).toContain(`run ${OTHER_RUN} `);
    await unlink(join(dir, 'voice-eu.lock'));
    const error = await failure(lock.nameRun(RUN));
    expect(error.code).toBe('lock.lost');
    expect(error.message).toContain(`while run ${OTHER_RUN} held it`);
    await lock.retake(AbortSignal.timeout(5_000));
    expect(await lockState(dir, 'voice-eu')).toMatchObject({ holder: { run: OTHER_RUN } });
    await lock.release();
    expect(await readdir(dir)).toEqual(['voice-eu.lock']);
  });
});

describe('retake', () => {
  test('does nothing for a lock that is held', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    await lock.retake(AbortSignal.timeout(5_000));
    lock.assertHeld();
    expect((await failure(take(dir, OTHER_RUN))).message).toContain(RUN);
    await lock.release();
  });

  test('takes the file that is there now', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    await unlink(join(dir, 'voice-eu.lock'));
    expect((await failure(() => lock.assertHeld())).code).toBe('lock.lost');
    await lock.retake(AbortSignal.timeout(5_000));
    lock.assertHeld();
    const error = await failure(take(dir, OTHER_RUN));
    expect(error.message).toContain(RUN);
    await lock.release();
    expect(isFree(dir)).toBe(true);
  });

  test('holds what it had where the file was only away for a while', async () => {
    const dir = await temporaryDirectory();
    const path = join(dir, 'voice-eu.lock');
    const lock = await take(dir);
    await rename(path, `${path}.old`);
    expect((await failure(() => lock.assertHeld())).code).toBe('lock.lost');
    await rename(`${path}.old`, path);
    await lock.retake(AbortSignal.timeout(5_000));
    lock.assertHeld();
    expect(isFree(dir)).toBe(false);
    await lock.release();
  });

  test('waits for whoever has it by now, then takes it', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    await unlink(join(dir, 'voice-eu.lock'));
    const other = await take(dir, OTHER_RUN);
    const again = lock.retake(AbortSignal.timeout(15_000));
    setTimeout(() => void other.release(), 300);
    await again;
    lock.assertHeld();
    expect((await failure(() => other.assertHeld())).code).toBe('lock.lost');
    await lock.release();
  });

  test('names whoever has it when the time is over', async () => {
    const dir = await temporaryDirectory();
    const lock = await take(dir);
    await unlink(join(dir, 'voice-eu.lock'));
    const other = await take(dir, OTHER_RUN);
    const error = await failure(lock.retake(AbortSignal.timeout(1_000)));
    expect(error.code).toBe('locked');
    expect(error.message).toContain(OTHER_RUN);
    // Giving up what one does not have takes nothing from whoever has it.
    await lock.release();
    other.assertHeld();
    expect((await failure(take(dir))).message).toContain(OTHER_RUN);
    await other.release();
  });
});
