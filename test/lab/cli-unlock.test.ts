import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inventoryText } from '../inventory/inventory-folder.ts';
import { bundleProcess, startLockProcess } from '../journal/cluster-lock-processes.ts';
import { RUN } from '../journal/events.ts';
import { temporaryDirectory } from '../journal/temporary-directory.ts';
import { ALL_IN, type LabForFsha, NODE_1_OUT, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

const FSHA = fileURLToPath(new URL('../../bin/fsha.js', import.meta.url));

let lab: LabForFsha;

beforeAll(async () => {
  lab = await startLabForFsha();
});

afterEach(async () => {
  // What a test leaves behind would be the next one's riddle.
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});

afterAll(() => lab.stop());

interface Program {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly text: () => string;
  readonly exit: Promise<number | null>;
}

/** fsha as a process of its own: one that another one can send a signal to. */
function program(argv: readonly string[], user?: { readonly uid: number; readonly gid: number }): Program {
  const child = spawn(process.execPath, [FSHA, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(user ?? {}),
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return { child, text: () => said, exit };
}

const onLab = (...argv: string[]): Program => program([...argv, '--config', lab.lab.configFile]);

/** A drain that waits for ever, with the node out. */
async function waitingDrain(): Promise<Program & { readonly run: string }> {
  const drain = onLab('drain', 'node-1', '--json', '--settle', '1h');
  await until('the drain waits', () => drain.text().includes('"step":"node-1/wait_drained"'));
  expect(await lab.flags()).toEqual(NODE_1_OUT);
  const { run } = JSON.parse(drain.text().split('\n')[0] ?? '') as { run: string };
  return { ...drain, run };
}

describe('a run under way', () => {
  it('keeps every other one out, is told by doctor, and is stopped by unlock, which gives the node back', async () => {
    const drain = await waitingDrain();
    for (const argv of [
      ['drain', 'node-2'],
      ['deactivate', 'node-2'],
      ['activate', 'node-1'],
    ]) {
      const other = onLab(...argv);
      expect(await other.exit).toBe(4);
      expect(other.text()).toContain(`run ${drain.run} (drain node-1) by `);
      expect(other.text()).toContain(`unlock`);
    }
    const doctor = onLab('doctor', 'node-2', '--json');
    await doctor.exit;
    const { verdicts } = JSON.parse(doctor.text()) as { verdicts: readonly { check: string }[] };
    expect(verdicts.find(({ check }) => check === 'lock')).toMatchObject({
      level: 'warning',
      why: expect.stringContaining(`run ${drain.run} (drain node-1)`) as string,
    });
    const asking = onLab('unlock');
    expect(await asking.exit).toBe(3);
    expect(await lab.flags()).toEqual(NODE_1_OUT);

    const unlock = onLab('unlock', '--yes', '--json');
    expect(await unlock.exit).toBe(0);
    expect(await drain.exit).toBe(143);
    expect(JSON.parse(unlock.text())).toMatchObject({
      free: true,
      holder: { run: drain.run, pid: drain.child.pid, command: 'drain node-1' },
      ended: { outcome: 'interrupted', exit: 143, nodes: { 'node-1': 'in service' } },
    });
    expect(await lab.flags()).toEqual(ALL_IN);
    const again = onLab('unlock');
    expect(await again.exit).toBe(0);
    expect(again.text()).toMatch(/^nobody holds the lock/);
    const free = onLab('doctor', '--json');
    expect(await free.exit).toBe(0);
    expect(JSON.parse(free.text())).toMatchObject({
      verdicts: expect.arrayContaining([
        expect.objectContaining({ check: 'lock', level: 'ok' }),
        expect.objectContaining({ check: 'state-dir', level: 'ok' }),
      ]) as unknown,
    });
  });

  it('that is stopping already is only waited for: a second signal would leave the node half out', async () => {
    const drain = await waitingDrain();
    await lab.askProxy('lb-2', { refuse: true });
    const first = onLab('unlock', '--yes');
    await until('it gives back', () => drain.text().includes('"undo.started"'));
    const second = onLab('unlock', '--yes');
    await until('it waits too', () => second.text().includes('is stopping already'));
    await lab.askProxy('lb-2', { refuse: false });
    expect(await Promise.all([first.exit, second.exit, drain.exit])).toEqual([0, 0, 143]);
    expect(first.text()).toContain('node-1: in service');
    expect(second.text()).toContain('node-1: in service');
  });

  it('that was killed holds nothing any more', async () => {
    const drain = await waitingDrain();
    drain.child.kill('SIGKILL');
    await drain.exit;
    const unlock = onLab('unlock', '--yes');
    expect(await unlock.exit).toBe(0);
    expect(unlock.text()).toMatch(/^nobody holds the lock/);
    // The node is out still: giving it back is a run like any other.
    const back = onLab('resume', drain.run, '--undo');
    expect(await back.exit).toBe(0);
    expect(await lab.flags()).toEqual(ALL_IN);
  });
});

describe('whoever may not', () => {
  it('is told whose the run is', async () => {
    const directory = await temporaryDirectory();
    const bundle = await bundleProcess(directory, 'cluster-lock-process');
    const dir = join(directory, 'state');
    await mkdir(dir);
    const isRoot = process.getuid?.() === 0;
    const group = isRoot ? 65_534 : (process.getgid?.() ?? 0);
    await chown(dir, process.getuid?.() ?? 0, group);
    await chmod(dir, 0o2770);
    const config = join(directory, 'fsha.yaml');
    await writeFile(config, inventoryText({ rest: `state: { dir: ${dir} }` }), { mode: 0o644 });
    const machine = (await readFile('/proc/sys/kernel/hostname', 'utf8')).trim();
    const args = [dir, 'voice-eu', RUN, `ops@${machine}`];
    const holder = startLockProcess({ bundle, args, user: { uid: 65_533, gid: group } });
    expect(await holder.next()).toEqual({ taken: holder.pid });
    const unlock = program(
      ['unlock', '--yes', '--config', config],
      isRoot ? { uid: 65_532, gid: group } : undefined,
    );
    if (!isRoot) {
      // Without root there is no other user: then it is his own run, which hears it.
      expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
      await holder.ask('release');
      expect(await unlock.exit).toBe(0);
      return;
    }
    expect(await unlock.exit).toBe(3);
    expect(unlock.text()).toContain('belongs to another user: only ops or root may stop it');
    expect(await holder.ask('held')).toEqual({ held: true });
  });
});

describe('doctor', () => {
  it('warns of a state directory that is the user’s own by default, and of no other', async () => {
    const directory = await temporaryDirectory();
    const text = (await readFile(lab.lab.configFile, 'utf8')).replace(/^state: .*$/m, '');
    const config = join(directory, 'fsha.yaml');
    await writeFile(config, text);
    const state = join(directory, 'xdg');
    const look = async (): Promise<unknown> => {
      const doctor = spawn(process.execPath, [FSHA, 'doctor', '--json', '--config', config], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, XDG_STATE_HOME: state },
      });
      let said = '';
      for await (const part of doctor.stdout.setEncoding('utf8') as AsyncIterable<string>) said += part;
      const { verdicts } = JSON.parse(said) as { verdicts: readonly { check: string }[] };
      return verdicts.find(({ check }) => check === 'state-dir');
    };
    expect(await look()).toMatchObject({
      level: 'warning',
      why: expect.stringContaining(`${state}/fsha, this user's own`) as string,
      fix: expect.stringContaining('2770') as string,
    });
    await mkdir(join(state, 'fsha'), { recursive: true });
    await chmod(join(state, 'fsha'), 0o2770);
    expect(await look()).toMatchObject({
      level: 'ok',
      why: expect.stringContaining('a group shares') as string,
    });
    await rm(state, { recursive: true });
  });
});
