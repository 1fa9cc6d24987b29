import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Call } from '../../src/cli/command.ts';
import { systemClock } from '../../src/cli/main.ts';
import { unlockCluster } from '../../src/cli/unlock.ts';
import type { LockHolder } from '../../src/domain/lock-holder.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { lockState } from '../../src/journal/cluster-lock-state.ts';
import { takeGuardLock } from '../../src/journal/guard-lock.ts';
import type { Clock } from '../../src/workflow/ports.ts';
import { inventoryText } from '../inventory/inventory-folder.ts';
import {
  bundleProcess,
  failure,
  type LockProcess,
  startLockProcess,
} from '../journal/cluster-lock-processes.ts';
import { disable, enveloped, lines, RUN, settled, started } from '../journal/events.ts';
import { callFsha, startFsha } from '../support/call-fsha.ts';
import { until } from '../support/until.ts';

/** An inventory, and where its lock lies. */
async function place() {
  const directory = await mkdtemp(join(tmpdir(), 'fsha-unlock-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const config = join(directory, 'fsha.yaml');
  const dir = join(directory, 'state');
  await writeFile(config, inventoryText({ rest: `state: { dir: ${dir} }` }));
  await mkdir(join(dir, 'runs'), { recursive: true });
  const journal = (events: readonly NewEvent[]): Promise<void> =>
    writeFile(join(dir, 'runs', `${RUN}.ndjson`), lines(enveloped(events)));
  return { directory, config, dir, journal, unlock: ['unlock', '--config', config] };
}

/** A process of this host (as startFsha says it is) that holds the lock for a run. */
async function holding(dir: string, directory: string, who = 'tester@bench'): Promise<LockProcess> {
  const bundle = await bundleProcess(directory, 'cluster-lock-process');
  const holder = startLockProcess({ bundle, args: [dir, 'voice-eu', RUN, who] });
  expect(await holder.next()).toEqual({ taken: holder.pid });
  return holder;
}

async function holderOf(dir: string): Promise<LockHolder> {
  const state = await lockState(dir, 'voice-eu');
  if (!state.held || state.holder === null) throw new Error('nobody is named');
  return state.holder;
}

const document = (stdout: string): unknown => JSON.parse(stdout);

describe('fsha unlock', () => {
  test('says that nobody holds it, where nothing was ever run too', async () => {
    const { unlock, dir } = await place();
    expect(await callFsha(unlock)).toMatchObject({
      exit: 0,
      stdout: 'nobody holds the lock of voice-eu\n',
      stderr: '',
    });
    await rm(dir, { recursive: true });
    const json = await callFsha([...unlock, '--json']);
    expect(json.exit).toBe(0);
    expect(document(json.stdout)).toEqual({
      v: 1,
      type: 'unlock',
      at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      cluster: 'voice-eu',
      free: true,
      holder: null,
      ended: null,
      guards: [],
    });
  });

  test('is a question that has to be answered, and does nothing before', async () => {
    const { unlock, dir, directory } = await place();
    const holder = await holding(dir, directory);
    const refused = await callFsha(unlock);
    expect(refused.exit).toBe(3);
    expect(refused.stderr).toMatch(
      new RegExp(
        `run ${RUN} \\(drain node-1\\) by tester@bench, since .* UTC \\(.*\\), pid ${holder.pid}, is to stop`,
      ),
    );
    expect(refused.stderr).toContain('Say --yes');
    const dry = await callFsha([...unlock, '--yes', '--dry-run']);
    expect(dry).toMatchObject({ exit: 0, stderr: '' });
    expect(dry.stdout).toContain('would be asked to stop');
    // Had it heard of a signal, that would be the next thing it says.
    expect(await holder.ask('held')).toEqual({ held: true });
  });

  test('asks the holder to stop, waits, and says how the run ended', async () => {
    const { unlock, dir, directory, journal } = await place();
    await journal([started(), disable('node-1')]);
    const holder = await holding(dir, directory);
    const holds = await holderOf(dir);
    const unlocking = callFsha([...unlock, '--yes', '--json']);
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    const end = settled({ 'node-1': 'in service' }, 143);
    await journal([started(), disable('node-1'), end]);
    expect(await holder.ask('release')).toEqual({ released: true });
    const { exit, stdout, stderr } = await unlocking;
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(document(stdout)).toMatchObject({ free: true, holder: holds, ended: end.data });
  });

  test('says it in words too, with the commands that go on', async () => {
    const { unlock, dir, directory, journal } = await place();
    const holder = await holding(dir, directory);
    const unlocking = callFsha([...unlock, '--yes']);
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    await journal([
      started(),
      {
        type: 'run.settled',
        data: {
          outcome: 'interrupted',
          exit: 143,
          nodes: { 'node-1': 'out of service' },
          callsCut: 0,
          next: ['fsha activate node-1'],
        },
      },
    ]);
    await holder.ask('release');
    const { exit, stdout } = await unlocking;
    expect(exit).toBe(0);
    expect(stdout).toBe(
      [
        `run ${RUN} was asked to stop; waiting until the lock is free`,
        `run ${RUN} has ended: interrupted (exit 143: interrupted: asked to end)`,
        '  node-1: out of service',
        '  next:',
        '    fsha activate node-1',
        '',
      ].join('\n'),
    );
  });

  test.each([
    ['nothing, having done nothing', null, 0, `run ${RUN} has ended; it had done nothing`],
    ['not how it ended', [started(), disable('node-1')], 9, `then go on with it: fsha --config`],
  ])('ends by a journal that says %s', async (_what, events, exit, said) => {
    const { unlock, dir, directory, journal } = await place();
    const holder = await holding(dir, directory);
    const unlocking = callFsha([...unlock, '--yes']);
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    if (events !== null) await journal(events);
    holder.child.kill('SIGKILL');
    const ended = await unlocking;
    expect(ended.stdout).toContain(said);
    expect(ended.exit).toBe(exit);
  });

  test.each([['SIGTERM'], ['key a']])('does not ask twice a run that %s is stopping', async (by) => {
    const { config, dir, directory, journal } = await place();
    const asked: NewEvent = { type: 'request.received', data: { request: { kind: 'abort' }, by } };
    await journal([started(), disable('node-1'), asked]);
    const holder = await holding(dir, directory);
    const { call, text } = callOf(config, { json: false });
    const unlocking = unlockCluster(call);
    await until('it has looked', () =>
      text().includes('is stopping already; waiting until the lock is free'),
    );
    expect(await holder.ask('held')).toEqual({ held: true });
    await holder.ask('release');
    expect(await unlocking).toBe(9);
  });

  test('asks again a run that was resumed since it was stopped', async () => {
    const { unlock, dir, directory, journal } = await place();
    await journal([
      started(),
      { type: 'request.received', data: { request: { kind: 'abort' }, by: 'SIGTERM' } },
      { type: 'run.resumed', data: { who: 'ops@bastion', mode: 'forward' } },
    ]);
    const holder = await holding(dir, directory);
    const unlocking = callFsha([...unlock, '--yes']);
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    await holder.ask('release');
    expect((await unlocking).exit).toBe(9);
  });

  test('hears Ctrl-C while it waits', async () => {
    const { unlock, dir, directory } = await place();
    const holder = await holding(dir, directory);
    const unlocking = startFsha([...unlock, '--yes']);
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    unlocking.send('SIGINT');
    const { exit, stderr } = await unlocking.done;
    expect(exit).toBe(130);
    expect(stderr).toContain(`run ${RUN} was asked to stop and has not ended yet`);
    expect(stderr).toContain(`show ${RUN} --follow`);
    expect(await holder.ask('held')).toEqual({ held: true });
  });

  test('asks nobody who has got the number of the holder since', async () => {
    const { unlock, dir, directory } = await place();
    const holder = await holding(dir, directory);
    const holds = await holderOf(dir);
    await writeFile(join(dir, 'voice-eu.holder'), JSON.stringify({ ...holds, started: holds.started + 1 }));
    const { exit, stderr } = await callFsha([...unlock, '--yes']);
    expect(exit).toBe(4);
    expect(stderr).toContain('cannot be seen from here');
    expect(await holder.ask('held')).toEqual({ held: true });
  });

  test('asks nobody of another host', async () => {
    const { unlock, dir, directory } = await place();
    const holder = await holding(dir, directory, 'ops@bastion-2');
    const { exit, stderr } = await callFsha([...unlock, '--yes']);
    expect(exit).toBe(4);
    expect(stderr).toContain('On bastion-2: fsha --config');
    expect(await holder.ask('held')).toEqual({ held: true });
  });

  test('says what to look at where nothing says who holds it', async () => {
    const { unlock, dir, directory } = await place();
    const holder = await holding(dir, directory);
    await writeFile(join(dir, 'voice-eu.holder'), 'who knows');
    const { exit, stdout } = await callFsha([...unlock, '--yes']);
    expect(exit).toBe(9);
    expect(stdout).toContain(`fuser -v ${join(dir, 'voice-eu.lock')}`);
    const json = await callFsha([...unlock, '--yes', '--json']);
    expect(document(json.stdout)).toMatchObject({ free: false, holder: null });
    expect(await holder.ask('held')).toEqual({ held: true });
  });

  test('gives up after a time, and names whoever has it by then', async () => {
    const { config, dir, directory } = await place();
    const holder = await holding(dir, directory);
    const { call, slept, text } = callOf(config, { json: true, hasten: true });
    const error = await failure(unlockCluster(call));
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    expect(error.code).toBe('locked');
    expect(error.message).toBe(`run ${RUN} was asked to stop and still holds the lock after 1m30s`);
    expect(slept()).toBeGreaterThan(90_000);
    expect(slept()).toBeLessThan(91_000);
    expect(document(text())).toMatchObject({ free: false, holder: { pid: holder.pid }, ended: null });
  });

  test('is refused by name where the next run was faster', async () => {
    const { unlock, dir, directory, journal } = await place();
    const holder = await holding(dir, directory);
    const unlocking = callFsha([...unlock, '--yes']);
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    await journal([started(), settled({ 'node-1': 'in service' }, 143)]);
    holder.child.kill('SIGSTOP');
    // As seen from outside: another one has it from one moment to the next.
    const next = { ...(await holderOf(dir)), run: '20261122-220000-aaaa', pid: process.pid, started: 1 };
    await writeFile(join(dir, 'voice-eu.holder'), JSON.stringify(next));
    const { exit, stdout, stderr } = await unlocking;
    expect(exit).toBe(4);
    expect(stdout).toContain(`run ${RUN} has ended`);
    expect(stderr).toContain('Another run changes voice-eu: run 20261122-220000-aaaa');
  });

  test('two at the same moment ask it once: a second signal would have it leave with nodes half out', async () => {
    const { config, dir, directory } = await place();
    const holder = await holding(dir, directory);
    const start = () => {
      const { call, text } = callOf(config, { json: false });
      return { done: unlockCluster(call), text };
    };
    // No journal says yet that it is stopping.
    const both = [start(), start()];
    await until('both wait', () =>
      both.every(({ text }) => text().includes('waiting until the lock is free')),
    );
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    expect(await holder.ask('held')).toEqual({ held: true });
    const third = start();
    await until('it waits too', () => third.text().includes('waiting until the lock is free'));
    expect(third.text()).toContain(`run ${RUN} was asked to stop before`);
    // Had it heard of a second one, that would be the next thing it says.
    expect(await holder.ask('release')).toEqual({ released: true });
    for (const { done } of [...both, third]) expect(await done).toBe(0);
    const said = both.map(({ text }) => /^run \S+ (.*?);/.exec(text())?.[1]).sort();
    expect(said).toEqual(['was asked to stop', 'was asked to stop before']);
  });

  test('asks where it cannot be written down that it was done', async () => {
    const { unlock, dir, directory } = await place();
    await mkdir(join(dir, 'voice-eu.unlock'));
    const holder = await holding(dir, directory);
    const unlocking = callFsha([...unlock, '--yes']);
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    await holder.ask('release');
    expect((await unlocking).exit).toBe(0);
  });

  test('the next holder is asked, although another one was before', async () => {
    const { unlock, dir, directory } = await place();
    for (let time = 0; time < 2; time += 1) {
      const holder = await holding(dir, directory);
      const unlocking = callFsha([...unlock, '--yes']);
      expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
      await holder.ask('release');
      expect((await unlocking).stdout).toContain(`run ${RUN} was asked to stop;`);
      holder.child.kill('SIGKILL');
      await holder.ended;
    }
  });

  test('says of a process that is stopped that it hears nothing, and what lets it go on', async () => {
    const { config, unlock, dir, directory } = await place();
    const holder = await holding(dir, directory);
    holder.child.kill('SIGSTOP');
    const dry = await callFsha([...unlock, '--dry-run']);
    expect(dry.stdout).toContain(`its process is stopped; it goes on with: kill -CONT ${holder.pid}`);
    const { call, text } = callOf(config, { json: false });
    const unlocking = unlockCluster(call);
    await until('it says so', () => text().includes(`kill -CONT ${holder.pid}`));
    expect(text()).toContain('it will hear that when it goes on');
    holder.child.kill('SIGCONT');
    expect(await holder.next()).toEqual({ heard: 'SIGTERM' });
    await holder.ask('release');
    expect(await unlocking).toBe(0);
    expect(text().match(/kill -CONT/g)).toHaveLength(1);
  });

  test('says it at the end too where a process stays stopped', async () => {
    const { config, dir, directory } = await place();
    const holder = await holding(dir, directory);
    holder.child.kill('SIGSTOP');
    const { call } = callOf(config, { json: true, hasten: true });
    const error = await failure(unlockCluster(call));
    expect(error.code).toBe('locked');
    expect(error.message).toContain('its process is stopped');
    expect(error.hint).toContain(`kill -CONT ${holder.pid}`);
  });

  test('names those that keep a node out, which have a lock of their own', async () => {
    const { unlock, dir } = await place();
    const guard = await takeGuardLock(
      { dir, cluster: 'voice-eu', node: 'node-1' },
      { run: RUN, command: 'deactivate node-1 --guard', who: 'ops@bench' },
      AbortSignal.timeout(15_000),
    );
    const words = await callFsha([...unlock, '--yes']);
    expect(words).toMatchObject({ exit: 0, stderr: '' });
    const [first, second, third] = words.stdout.split('\n');
    expect(first).toBe('nobody holds the lock of voice-eu');
    expect(second).toMatch(
      new RegExp(
        `^node-1 is kept out by run ${RUN} \\(deactivate node-1 --guard\\) by ops@bench, .*, pid ${process.pid}$`,
      ),
    );
    expect(third).toMatch(/^ {2}it ends with: fsha .*activate node-1$/);
    const json = await callFsha([...unlock, '--json']);
    expect(document(json.stdout)).toMatchObject({
      free: true,
      holder: null,
      guards: [{ node: 'node-1', holder: { run: RUN, pid: process.pid }, stopped: false }],
    });
    await guard.release();
    expect((await callFsha(unlock)).stdout).toBe('nobody holds the lock of voice-eu\n');
  });

  test('says of one that keeps a node out and is stopped that it has to go on first', async () => {
    const { unlock, dir, directory } = await place();
    const bundle = await bundleProcess(directory, 'cluster-lock-process');
    const guard = startLockProcess({ bundle, args: [dir, 'voice-eu.guard-node-1', RUN, 'ops@bench'] });
    expect(await guard.next()).toEqual({ taken: guard.pid });
    const lets = `  its process is stopped; it goes on with: kill -CONT ${guard.pid}`;
    expect((await callFsha([...unlock, '--dry-run'])).stdout).not.toContain('stopped');
    guard.child.kill('SIGSTOP');
    for (const flag of ['--dry-run', '--yes']) {
      const { exit, stdout } = await callFsha([...unlock, flag]);
      expect(exit).toBe(0);
      const [, named, second, third] = stdout.split('\n');
      expect([named, second]).toEqual([expect.stringContaining('node-1 is kept out by'), lets]);
      expect(third).toMatch(/^ {2}then it ends with: fsha .*activate node-1$/);
    }
    const json = await callFsha([...unlock, '--json']);
    expect(document(json.stdout)).toMatchObject({ guards: [{ node: 'node-1', stopped: true }] });
  });
});

/** A call whose words can be read while it goes on. @param hasten its clock passes as fast as it is waited for */
function callOf(
  config: string,
  { json, hasten = false }: { readonly json: boolean; readonly hasten?: boolean },
) {
  let now = 0;
  let said = '';
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      said += chunk.toString();
      done();
    },
  });
  const hasty: Clock = {
    now: () => now,
    wall: () => new Date(),
    sleep: async (ms) => {
      now += ms;
    },
  };
  const call: Call = {
    args: [],
    options: {},
    globals: {
      config,
      json,
      yes: true,
      dryRun: false,
      quiet: false,
      verbose: false,
      color: false,
      tui: false,
    },
    host: {
      stdout: out,
      stderr: out,
      stdin: Readable.from([]),
      env: {},
      cwd: tmpdir(),
      home: tmpdir(),
      user: 'tester',
      machine: 'bench',
      clock: hasten ? hasty : systemClock,
      dist: '',
      isForeground: () => true,
      onSignal: () => () => undefined,
    },
  };
  return { call, slept: () => now, text: () => said };
}
