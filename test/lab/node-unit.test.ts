import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { UnitConfig, UnitStatus } from '../../src/lab/unit/unit.ts';
import { eventually } from '../support/eventually.ts';

const PROGRAM = join(process.env['FSHA_DIST'] ?? '', 'lab-unit.js');

let directory: string;
let unit: ChildProcess;

/** A child that says when it is up and writes down its end; a stubborn one stays. */
const CHILD = `
  process.on('SIGTERM', () => { console.log('ending'); if (process.argv[2] !== 'stubborn') process.exit(0); });
  setInterval(() => undefined, 1000);
  console.log('up');
`;

async function start(options: Partial<UnitConfig> = {}, how = 'willing'): Promise<void> {
  const script = join(directory, 'child.cjs');
  await writeFile(script, CHILD);
  const config = {
    name: 'child',
    command: [process.execPath, script, how],
    socket: socket(),
    logFile: join(directory, 'child.log'),
    readyPattern: '^up$',
    ...options,
  };
  await writeFile(join(directory, 'unit.json'), JSON.stringify(config));
  unit = spawn(process.execPath, [PROGRAM, 'run', join(directory, 'unit.json')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await eventually(
    () => status().catch(() => undefined),
    (seen) => seen?.ready === true,
  );
}

const socket = (): string => join(directory, 'socket');

function ctl(verb: string, path = socket()): Promise<{ code: number; out: string; error: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, 'ctl', path, verb], (failure, out, error) => {
      resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, out, error });
    });
  });
}

async function status(): Promise<UnitStatus> {
  return JSON.parse((await ctl('status')).out) as UnitStatus;
}

function isAlive(pid: number | null): boolean {
  try {
    return process.kill(pid ?? 0, 0);
  } catch {
    return false;
  }
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fsha-unit-'));
});
afterEach(async () => {
  if (unit.exitCode === null && unit.signalCode === null) {
    const ended = once(unit, 'exit');
    unit.kill('SIGTERM');
    await ended;
  }
  await rm(directory, { recursive: true, force: true });
});

describe('lab-unit', () => {
  test('restart, stop and start exit 0, and status 3 once it is stopped', async () => {
    await start();
    const before = await status();
    expect((await ctl('restart')).code).toBe(0);
    const after = await status();
    expect(after).toMatchObject({ state: 'active', starts: 2, exit: '0' });
    expect(after.pid).not.toBe(before.pid);
    expect(isAlive(before.pid)).toBe(false);
    expect((await ctl('stop')).code).toBe(0);
    expect(await ctl('status')).toMatchObject({ code: 3 });
    expect(await status()).toMatchObject({ state: 'inactive', pid: null });
    expect((await ctl('start')).code).toBe(0);
    expect((await ctl('status')).code).toBe(0);
    expect((await readFile(join(directory, 'child.log'), 'utf8')).match(/ending/g)).toHaveLength(2);
  });

  test('what it does not know, or cannot reach, exits 1', async () => {
    await start();
    expect((await ctl('reload')).code).toBe(1);
    const nobody = await ctl('status', join(directory, 'nobody'));
    expect(nobody.code).toBe(1);
    expect(nobody.error).toContain('Failed to connect');
  });

  test('a killed child stays away', async () => {
    await start();
    await ctl('kill');
    expect(await status()).toMatchObject({ state: 'failed', exit: 'SIGKILL', pid: null });
  });

  test('with Restart=always it comes back', async () => {
    await start({ restartAlways: true });
    await ctl('kill');
    await eventually(status, ({ ready, starts }) => ready && starts === 2);
    await ctl('stop');
    expect(await status()).toMatchObject({ state: 'inactive', starts: 2 });
  });

  test('a child that does not heed SIGTERM is killed', async () => {
    await start({ stopTimeoutMs: 300 }, 'stubborn');
    expect((await ctl('stop')).code).toBe(0);
    expect(await status()).toMatchObject({ exit: 'SIGKILL', pid: null });
  });

  test('two restarts at once are two restarts', async () => {
    await start();
    const codes = await Promise.all([ctl('restart'), ctl('restart')]);
    expect(codes.map(({ code }) => code)).toEqual([0, 0]);
    expect(await status()).toMatchObject({ state: 'active', starts: 3 });
  });

  test.each(['its stdin ends', 'SIGTERM'])('ends with its child when %s', async (how) => {
    await start();
    const { pid } = await status();
    const ended = once(unit, 'exit');
    if (how === 'SIGTERM') unit.kill('SIGTERM');
    else unit.stdin?.end();
    await ended;
    expect(unit.exitCode).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });
});
