import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { createLocalCommand } from '../../src/local/local-command.ts';
import { until } from '../support/until.ts';

const LIMIT = 64 * 1024;
const ENV = { PATH: '/usr/bin:/bin' };
const never = new AbortController().signal;
const local = createLocalCommand();
const run: typeof local.run = (...args) => local.run(...args);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsha-local-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** What the command has written to that file of the folder, once it is there and whole. */
async function written(name: string): Promise<string> {
  const text = await until(
    `${name} is written`,
    async () => {
      const found = await readFile(join(folder, name), 'utf8').catch(() => '');
      return found.endsWith('\n') ? found : undefined;
    },
    10_000,
  );
  return text.trim();
}

/** Whether a process runs; one that has ended and that nobody has asked for does not. */
async function runs(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && !/\) [ZX] /.test(stat);
}

async function gone(pid: string): Promise<void> {
  await until(`process ${pid} is gone`, async () => ((await runs(pid)) ? undefined : true), 10_000);
}

async function failure(running: Promise<unknown>): Promise<FshaError> {
  const error: unknown = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FshaError)) throw new Error(`no FshaError but ${String(error)}`);
  return error;
}

describe('how it ends', () => {
  test('an exit status is a result, with what it wrote', async () => {
    await expect(run('echo out; echo err >&2; exit 7', ENV, 10_000, never)).resolves.toEqual({
      exitCode: 7,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  test('a signal is a result', async () => {
    await expect(run('echo out; kill -9 $$', ENV, 10_000, never)).resolves.toEqual({
      exitCode: null,
      signal: 'SIGKILL',
      stdout: 'out\n',
      stderr: '',
    });
  });

  test('a command that is not there is a result: the shell says so', async () => {
    const result = await run('fsha-no-such-command', ENV, 10_000, never);
    expect(result.exitCode).toBe(127);
    expect(result.stderr).toContain('fsha-no-such-command');
  });

  test('it has the given environment and no other, nothing to read, and a session of its own', async () => {
    const result = await run(
      'echo "$NODE ${HOME-no home}"; cat; cut -d " " -f 5,6 /proc/$$/stat; echo $$',
      { ...ENV, NODE: 'node-1; $(id)' },
      10_000,
      never,
    );
    const [env, groupAndSession, pid] = result.stdout.split('\n');
    expect(env).toBe('node-1; $(id) no home');
    expect(groupAndSession).toBe(`${pid} ${pid}`);
  });
});

describe('output', () => {
  test('is read to its end, and its last 64 KiB are kept', async () => {
    const result = await run(
      'head -c 20000000 /dev/zero | tr "\\0" a; echo end; head -c 20000000 /dev/zero | tr "\\0" b >&2; echo "err end" >&2',
      ENV,
      20_000,
      never,
    );
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toBe(`${'a'.repeat(LIMIT - 4)}end\n`);
    expect(result.stderr).toBe(`${'b'.repeat(LIMIT - 8)}err end\n`);
  });

  test('of just 64 KiB is whole', async () => {
    const { stdout } = await run(`head -c ${LIMIT} /dev/zero | tr "\\0" a`, ENV, 10_000, never);
    expect(stdout).toBe('a'.repeat(LIMIT));
  });

  test('is not cut within a character', async () => {
    // 3 bytes each: one goes in no more, and of the next one a byte does not.
    const euros = Math.ceil((LIMIT + 2) / 3);
    const { stdout } = await run(
      `head -c ${euros} /dev/zero | sed "s/\\x00/€/g"; printf xx`,
      ENV,
      10_000,
      never,
    );
    expect(stdout).toMatch(/^€+xx$/);
    expect(Buffer.byteLength(stdout)).toBeGreaterThan(LIMIT - 3);
    expect(Buffer.byteLength(stdout)).toBeLessThanOrEqual(LIMIT);
  });

  test('that comes after the end of the shell is heard', async () => {
    // The shell is there, as far as kill can tell, until fsha has been told of its end.
    const late = '(while kill -0 $$ 2>/dev/null; do :; done; echo late) & echo early';
    const { stdout } = await run(late, ENV, 10_000, never);
    expect(stdout).toBe('early\nlate\n');
  });

  test('that somebody left behind keeps open does not hold it up', async () => {
    const result = await run(
      `sleep 30 & echo $! > ${folder}/pid; echo whole; echo "whole too" >&2`,
      ENV,
      // Were the pipe waited for, this would be a result after 30 s: later than the test may take.
      60_000,
      never,
    );
    expect(result).toMatchObject({ exitCode: 0, stdout: 'whole\n', stderr: 'whole too\n' });
    // It goes on: a command may begin something that is to stay.
    const pid = await written('pid');
    expect(await runs(pid)).toBe(true);
    process.kill(Number(pid));
  });
});

describe('its time', () => {
  test('at the timeout it is ended, and the message holds the time and not the command', async () => {
    const error = await failure(run(`echo $$ > ${folder}/pid; sleep 30 # s3cret`, ENV, 1_500, never));
    expect(error.toJSON()).toEqual({
      code: 'timeout',
      message: 'the command on this machine took longer than 1s500ms and was ended',
      hint: '',
    });
    expect(await runs(await written('pid'))).toBe(false);
  });

  test('who ignores SIGTERM gets SIGKILL, as do its children', async () => {
    const ignores = `trap '' TERM; echo $$ > ${folder}/pid; sh -c 'echo $$ > ${folder}/child; while :; do sleep 1; done'; :`;
    const error = await failure(run(ignores, ENV, 1_000, never));
    expect(error.code).toBe('timeout');
    await gone(await written('pid'));
    await gone(await written('child'));
  });

  test('a child that ignores SIGTERM is ended though the shell has gone before it', async () => {
    const leaves = `(trap '' TERM; sh -c 'echo $$ > ${folder}/child; while :; do sleep 1; done') & wait`;
    const error = await failure(run(leaves, ENV, 1_000, never));
    expect(error.code).toBe('timeout');
    await gone(await written('child'));
  });

  test('a child outside the group that keeps the pipe does not hold it up', async () => {
    // setsid takes it out of the group: it is not ended, and it keeps both pipes.
    const escapes = `setsid sh -c 'echo $$ > ${folder}/child; exec sleep 30' & wait`;
    const error = await failure(run(escapes, ENV, 1_000, never));
    expect(error.code).toBe('timeout');
    const child = await written('child');
    expect(await runs(child)).toBe(true);
    process.kill(Number(child));
  });

  test('SIGTERM is enough for who hears it', async () => {
    const error = await failure(
      run(`trap 'echo asked > ${folder}/asked; exit 0' TERM; sleep 30 & wait`, ENV, 1_000, never),
    );
    expect(error.code).toBe('timeout');
    expect(await written('asked')).toBe('asked');
  });

  test('a timeout longer than any timer is one', async () => {
    await expect(run('sleep 0.2; echo yes', ENV, 10 ** 12, never)).resolves.toMatchObject({
      stdout: 'yes\n',
    });
  });
});

describe('its signal', () => {
  test('ends it', async () => {
    const controller = new AbortController();
    const running = failure(run(`echo $$ > ${folder}/pid; sleep 30`, ENV, 60_000, controller.signal));
    const pid = await written('pid');
    expect(await runs(pid)).toBe(true);
    controller.abort();
    expect((await running).code).toBe('interrupted');
    expect(await runs(pid)).toBe(false);
  });

  test('that has fired before begins nothing', async () => {
    // A line that no shell takes: beginning it would be an error of its own.
    const error = await failure(run(`: ${'x'.repeat(200_000)}`, ENV, 10_000, AbortSignal.abort()));
    expect(error.code).toBe('interrupted');
  });

  test('that fires at once ends what was begun', async () => {
    const controller = new AbortController();
    const running = failure(run('sleep 30', ENV, 60_000, controller.signal));
    controller.abort();
    expect((await running).code).toBe('interrupted');
  });

  test('keeps no listener', async () => {
    const added: string[] = [];
    const { signal } = new AbortController();
    const spied = Object.assign(signal, {
      addEventListener: (...args: Parameters<AbortSignal['addEventListener']>) => {
        added.push('added');
        AbortSignal.prototype.addEventListener.apply(signal, args);
      },
      removeEventListener: (...args: Parameters<AbortSignal['removeEventListener']>) => {
        added.push('removed');
        AbortSignal.prototype.removeEventListener.apply(signal, args);
      },
    });
    await run('true', ENV, 10_000, spied);
    expect(added).toEqual(['added', 'removed']);
  });
});

describe('a shell that cannot be begun', () => {
  test.each([
    ['for the length of its line', `: ${'x'.repeat(200_000)} s3cret`, {}],
    ['for a NUL in it', 'echo s3cret\0', {}],
    ['for a NUL in its environment', 'true', { NODE: 's3cret\0' }],
  ])('%s', async (_why, command, env) => {
    const error = await failure(run(command, env, 10_000, never));
    expect(error.code).toBe('hook.failed');
    expect(error.message).toMatch(
      /^the command could not be begun on this machine \((E2BIG|ERR_INVALID_ARG_VALUE)\)$/,
    );
    expect(error.hint).not.toContain('s3cret');
  });
});
