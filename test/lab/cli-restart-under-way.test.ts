/** fsha dies while a restart is under way, and somebody comes for the node before that restart has hit it. */
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { askLine } from '../../src/lab/json-lines.ts';
import { type Ended, startFshaProcess } from '../support/fsha-process.ts';
import { ALL_IN, type LabForFsha, NODE_1_OUT, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

let lab: LabForFsha;
/** A file that the restart command makes as it begins. */
let begun: string;
/** One that it waits for then, where it is {@link WHEN_TOLD}. */
let go: string;
const WHEN_TOLD = 'until [ -e GO ]; do sleep 0.1; done; RESTART';

beforeAll(async () => {
  lab = await startLabForFsha();
  begun = join(dirname(lab.lab.configFile), 'begun');
  go = join(dirname(lab.lab.configFile), 'go');
});
afterEach(async () => {
  for (const file of [begun, go]) await rm(file, { force: true });
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});
afterAll(() => lab.stop());

/** The inventory with a restart command that says that it has begun, and then does this; RESTART is the lab's own. */
async function restartingBy(command: string): Promise<string> {
  const own = lab.lab.nodes[0]?.restartCommand ?? '';
  const text = await readFile(lab.lab.configFile, 'utf8');
  const file = lab.lab.configFile.replace('fsha.yaml', 'slow.yaml');
  const whole = `touch ${begun}; ${command.replace('RESTART', own).replace('GO', go)}`;
  await writeFile(file, text.replace(JSON.stringify(own), JSON.stringify(whole)));
  return file;
}

const quickly = ['--settle', '100ms', '--poll', '200ms', '--json'];

/** A drain that is killed as soon as its restart has begun on the node. */
async function killedRestarting(config: string): Promise<string> {
  const drain = startFshaProcess(['drain', 'node-1', ...quickly, '--config', config]);
  await until('the restart begins', () => existsSync(begun), 30_000);
  const { events } = await drain.kill();
  return events[0]?.run ?? '';
}

async function starts(): Promise<readonly { readonly at: number }[]> {
  const text = await readFile(lab.lab.nodes[0]?.inviteLog ?? '', 'utf8');
  const lines = text.split('\n').filter((line) => line.includes('"event":"start"'));
  return lines.map((line) => JSON.parse(line) as { at: number });
}

const setsSomething = (event: RunEvent): boolean =>
  event.type === 'effect.intended' && event.data.effect === 'dispatcher.state';
const isUnderWay = (event: RunEvent): boolean =>
  event.type === 'step.retrying' && event.data.error.message === 'a restart of node-1 is still under way';

/**
 * That this waits for the restart before it sets anything, goes on to its end when that is over, and that the node was not
 * restarted but by that.
 */
async function expectWaited(argv: readonly string[], startsBefore: number): Promise<Ended> {
  const waiting = startFshaProcess(argv);
  await waiting.until('it sees the restart under way', isUnderWay);
  await writeFile(go, '');
  const ended = await waiting.done;
  const { events } = ended;
  expect([ended.exit, ended.stderr]).toEqual([0, '']);
  const set = events.findIndex(setsSomething);
  expect(events.findIndex(isUnderWay)).toBeLessThan(set);
  const all = await starts();
  expect(all).toHaveLength(startsBefore + 1);
  expect(Date.parse(events[set]?.at ?? '')).toBeGreaterThan(all.at(-1)?.at ?? Number.POSITIVE_INFINITY);
  return ended;
}

test('activate: waits for it before it sets anything, and what is in then stays in', async () => {
  const config = await restartingBy(WHEN_TOLD);
  const before = (await starts()).length;
  await killedRestarting(config);
  await expectWaited(['activate', 'node-1', '--json', '--config', config], before);
  expect(await lab.flags()).toEqual(ALL_IN);
});

describe('whoever takes the node over knows nothing of it', () => {
  /** The same cluster as a host has it that knows of no run there has been. */
  const asOn = async (host: string, config: string): Promise<string> => {
    const file = config.replace('slow.yaml', `${host}.yaml`);
    await writeFile(file, (await readFile(config, 'utf8')).replace(lab.stateDir, `${lab.stateDir}-${host}`));
    return file;
  };
  const forced = ['node-1', '--force', 'mark', '--json', '--config'];

  test('activate on another host: waits for it, and what is in then stays in', async () => {
    const config = await restartingBy(WHEN_TOLD);
    const before = (await starts()).length;
    await killedRestarting(await asOn('a', config));
    await expectWaited(['activate', ...forced, await asOn('b', config)], before);
    expect(await lab.flags()).toEqual(ALL_IN);
  });

  test('drain on another host: waits for it before the node goes in', async () => {
    const config = await restartingBy(WHEN_TOLD);
    const before = (await starts()).length;
    await killedRestarting(await asOn('c', config));
    const again = ['drain', '--no-restart', '--then', 'activate', ...quickly];
    await expectWaited([...again, ...forced, await asOn('d', config)], before);
  });

  test('activate on the same host, its journal moved away: waits for it', async () => {
    const config = await asOn('e', await restartingBy(WHEN_TOLD));
    const before = (await starts()).length;
    const run = await killedRestarting(config);
    await rename(join(`${lab.stateDir}-e`, 'runs', `${run}.ndjson`), join(dirname(config), `${run}.away`));
    await expectWaited(['activate', ...forced, config], before);
  });
});

test('drain, of a run that was left with Ctrl-C twice: waits for it too', async () => {
  const config = await restartingBy(WHEN_TOLD);
  const before = (await starts()).length;
  const left = startFshaProcess(['drain', 'node-1', ...quickly, '--config', config]);
  await until('the restart begins', () => existsSync(begun), 30_000);
  left.send('SIGINT');
  await left.until('its first end', (event) => event.type === 'request.received');
  left.send('SIGINT');
  const { events } = await left.done;
  expect(events.at(-1)).toMatchObject({ type: 'run.settled', data: { exit: 9 } });
  const again = ['drain', 'node-1', '--no-restart', ...quickly, '--config', config];
  expect((await expectWaited(again, before)).events[0]?.type).toBe('run.started');
});

test('drain --hold goes on with it: verified, then fenced, and it stays out', async () => {
  const config = await restartingBy('RESTART');
  const { unitSocket = '' } = lab.lab.nodes[0] ?? {};
  const before = (await starts()).length;
  const run = await killedRestarting(config);
  await until('it is up again', async () => {
    const { ready } = (await askLine({ path: unitSocket }, 'status')) as { ready: boolean };
    return ready && (await starts()).length > before;
  });
  const held = await startFshaProcess(['drain', 'node-1', '--hold', ...quickly, '--config', config]).done;
  expect(held.stderr).toContain(`node-1 has an unfinished run: ${run} `);
  const done = held.events.flatMap((event) =>
    event.type === 'step.settled' && event.data.outcome === 'succeeded' ? [event.step] : [],
  );
  expect([held.exit, done.slice(-3)]).toEqual([6, ['node-1/verify', 'node-1/fence', 'node-1/leave_out']]);
  expect(held.events.at(-1)).toMatchObject({
    data: { outcome: 'held', nodes: { 'node-1': 'out of service' } },
  });
  const { stats } = (await lab.askNode('node-1', { stats: true })) as {
    stats: { paused: { inbound: boolean } };
  };
  expect([stats.paused.inbound, await lab.flags(), (await starts()).length]).toEqual([
    true,
    NODE_1_OUT,
    before + 1,
  ]);
  expect((await startFshaProcess(['activate', 'node-1', '--config', config]).done).exit).toBe(0);
});

test('it came to nothing, and a call stays: the deadline of whoever goes on counts, and the node stays out', async () => {
  const config = await restartingBy('false');
  await killedRestarting(config);
  await lab.askNode('node-1', { fault: 'lieSessions', value: 1 });
  const drain = startFshaProcess(['drain', 'node-1', '--timeout', '2s', ...quickly, '--config', config]);
  const { exit, events } = await drain.done;
  await lab.askNode('node-1', { fault: 'lieSessions', value: false });
  expect([exit, await lab.flags()]).toEqual([6, NODE_1_OUT]);
  expect(events.at(-1)).toMatchObject({
    data: {
      outcome: 'held',
      nodes: { 'node-1': 'out of service' },
      error: {
        code: 'drain.expired',
        message: expect.stringMatching(/; it stays out of service$/) as string,
      },
    },
  });
  expect((await startFshaProcess(['activate', 'node-1', '--config', config]).done).exit).toBe(0);
});
