/** The guard of remote commands, on the real flock and timeout. */
import { spawn } from 'node:child_process';
import { chown, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GUARD_EXIT, type GuardedCommand, guardedCommand } from '../../src/ssh/remote-command.ts';
import { shellQuote } from '../../src/domain/shell-quote.ts';
import { until } from '../support/until.ts';

let dir: string;
let lockPath: string;
const daemons: number[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fsha guard '));
  lockPath = join(dir, "fsha-node-1's.lock");
});

afterEach(async () => {
  for (const pid of daemons.splice(0)) process.kill(pid, 'SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
}

function sh(line: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', line], { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout }));
  });
}

function guarded(command: string, more: Partial<GuardedCommand> = {}): Promise<Ended> {
  return sh(guardedCommand({ command, lockPath, lockWait: 0, timeout: 20_000, killAfter: 1_000, ...more }));
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** Starts a command that holds the lock until the file it returns is there. */
async function holdLock(): Promise<{ release(): Promise<unknown>; ended: Promise<Ended> }> {
  const [began, finish] = [join(dir, 'began'), join(dir, 'finish')];
  const waiting = `touch ${shellQuote([began])}; while [ ! -e ${shellQuote([finish])} ]; do sleep 0.05; done`;
  const ended = guarded(waiting);
  await until('the command has the lock', () => exists(began));
  return { ended, release: () => mkdir(finish) };
}

test('the exit code and the words are those of the command', async () => {
  await expect(guarded(`echo "it's $((1+1))"; exit 7`)).resolves.toEqual({ code: 7, stdout: "it's 2\n" });
  expect(((await stat(lockPath)).mode & 0o777).toString(8)).toBe('755');
  await expect(guarded('echo again')).resolves.toEqual({ code: 0, stdout: 'again\n' });
});

test('a lock that is held: not started', async () => {
  const held = await holdLock();
  await expect(guarded('echo started')).resolves.toEqual({ code: GUARD_EXIT.locked, stdout: '' });
  await expect(guarded('echo started', { lockWait: 1_000 })).resolves.toEqual({
    code: GUARD_EXIT.locked,
    stdout: '',
  });
  await held.release();
  await held.ended;
});

test('a lock that becomes free in time is waited for', async () => {
  const held = await holdLock();
  const second = guarded('echo second', { lockWait: 15_000 });
  await held.release();
  await expect(second).resolves.toEqual({ code: 0, stdout: 'second\n' });
});

test('a command that takes too long gets SIGTERM, one that does not listen SIGKILL', async () => {
  await expect(guarded('sleep 30', { timeout: 1_000 })).resolves.toMatchObject({ code: GUARD_EXIT.timedOut });
  const deaf = guarded(`trap '' TERM; while :; do sleep 0.1; done`, { timeout: 1_000 });
  await expect(deaf).resolves.toMatchObject({ code: GUARD_EXIT.killed });
  await expect(guarded('echo free')).resolves.toEqual({ code: 0, stdout: 'free\n' });
});

test('a daemon that outlives the command does not keep the lock', async () => {
  const pidFile = join(dir, 'pid');
  const start = `setsid sh -c 'echo $$ > ${shellQuote([pidFile]).replaceAll("'", '"')}; exec sleep 60' >/dev/null 2>&1 & while [ ! -s ${shellQuote([pidFile])} ]; do sleep 0.05; done`;
  await expect(guarded(start)).resolves.toMatchObject({ code: 0 });
  const pid = Number(await readFile(pidFile, 'utf8'));
  daemons.push(pid);
  expect(process.kill(pid, 0)).toBe(true);
  await expect(guarded('echo free')).resolves.toEqual({ code: 0, stdout: 'free\n' });
});

test("another user's directory in a sticky folder will do", async () => {
  await mkdir(lockPath, { mode: 0o755 });
  if (process.getuid?.() === 0) await chown(lockPath, 65_534, 65_534);
  await expect(guarded('echo shared')).resolves.toEqual({ code: 0, stdout: 'shared\n' });
});
