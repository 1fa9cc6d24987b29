/** The node goes back in: a proxy is in trouble, somebody wants it to stay out, or wants to stop. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { troubleTable } from './harness/case-table.ts';
import { outcomes, sawSessions, stepStarted, warnings } from './harness/events-of.ts';
import { flagsOf } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { SETTERS, type Trouble } from './harness/rpc-gate.ts';
import { type EndedRun, type RunOf, startRun, WITH_GATES } from './harness/run-of.ts';
import { endScriptedRuns, startScriptedDrain } from './harness/scripted-run.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';

let cluster: RealCluster;
const table = troubleTable('The node goes back in', () => cluster);

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(async () => {
  await cluster.reset();
  for (const gate of cluster.gates) gate.forget();
});
afterEach(endScriptedRuns);
afterAll(() => cluster.stop());

const LONG_SOAK = { verify: { minSoak: '60s' } };
const SHORT_SOAK = { verify: { minSoak: '3s' } };

function nextOf({ settled }: EndedRun): readonly string[] {
  return settled.next.map((line) => line.replace(/^fsha --config \S+ /, ''));
}

/** What the proxies were told of node-1, in order: `lb-1 d`. */
function told(): readonly string[] {
  return cluster.gates.flatMap((gate, index) =>
    gate
      .requests()
      .filter(
        ({ method, params }) => SETTERS.includes(method) && params.includes(cluster.nodes[0].destination),
      )
      .map(({ params }) => `lb-${index + 1} ${String(params[0])}`),
  );
}

async function untilIn(): Promise<void> {
  await until('it is in on both', async () =>
    Object.values(await flagsOf(cluster)).every((flags) => flags === 'AP'),
  );
}

const isSetOn =
  (proxy: string) =>
  (event: RunEvent): boolean =>
    event.type === 'effect.settled' &&
    event.step === 'node-1/activate' &&
    event.data.effect === 'dispatcher.state' &&
    event.data.target.proxy === proxy;

/** It is in on both proxies, and watched. */
async function untilSoak(run: RunOf): Promise<void> {
  for (const proxy of ['lb-1', 'lb-2']) await run.until(`it is set on ${proxy}`, isSetOn(proxy), 90_000);
  await untilIn();
}

const refused = (event: RunEvent): boolean =>
  event.type === 'step.retrying' &&
  event.step === 'node-1/activate' &&
  event.data.error.message.includes('lb-2');

describe('fsha activate of the only node that is in', () => {
  beforeEach(async () => {
    for (const proxy of cluster.proxies) await proxy.setState('d', 1, cluster.nodes[1].destination);
  });

  test('Ctrl-C while it is watched: it is never taken out', async () => {
    const run = await startRun(cluster, { command: 'activate', settings: LONG_SOAK });
    await untilSoak(run);
    run.fsha.send('SIGINT');
    const ended = await run.end();
    expect(await table.add('activate of the only node in, Ctrl-C', 'as found, never out', ended)).toBe(WELL);
    expect(told()).toEqual([]);
    expect([ended.exitCode, ended.settled.nodes]).toEqual([130, { 'node-1': 'in service' }]);
    expect(nextOf(ended)).toEqual(['activate node-1']);
  });

  test('lb-2 refuses for a while: it is never taken out, and activate goes on', async () => {
    const run = await startRun(cluster, { command: 'activate', settings: SHORT_SOAK });
    await run.until('it goes in', stepStarted('activate'));
    await cluster.gates[1].set('refuse');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await cluster.gates[1].open();
    const ended = await run.end();
    expect(await table.add('activate of the only node in, lb-2 refuses 1.5 s', 'went on', ended)).toBe(WELL);
    expect(told().filter((one) => one.endsWith(' d'))).toEqual([]);
    expect([ended.exitCode, ended.settled.nodes]).toEqual([0, { 'node-1': 'in service' }]);
  });

  test('Ctrl-C while lb-2 is silent: it is never taken out, and the exit is that of Ctrl-C', async () => {
    const run = await startRun(cluster, { command: 'activate', settings: LONG_SOAK });
    await untilSoak(run);
    await cluster.gates[1].set('silent');
    run.fsha.send('SIGINT');
    await run.until('it is given back', (event) => event.type === 'undo.started');
    await run.until(
      'lb-2 does not answer',
      (event) => event.type === 'step.retrying' && event.step === 'node-1/restore',
    );
    await cluster.gates[1].open();
    const ended = await run.end();
    expect(await table.add('the same, with lb-2 silent for a while', 'as found, never out', ended)).toBe(
      WELL,
    );
    expect(told()).toEqual([]);
    expect([ended.exitCode, ended.settled.nodes]).toEqual([130, { 'node-1': 'in service' }]);
    expect(nextOf(ended)).toEqual(['activate node-1']);
  });
});

/** What lb-2 was asked and what fsha did, for a failure that has to be understood. */
function whatCame({ events }: EndedRun): string {
  const begun = events.find(stepStarted('activate'))?.at ?? '';
  const asked = cluster.gates[1]
    .requests()
    .filter(({ at }) => at >= Date.parse(begun) - 3_000)
    .slice(0, 60)
    .map(({ at, method, params }) => `${new Date(at).toISOString()} ${method} ${params.join(' ')}`);
  const did = events
    .filter(({ at, type }) => at >= begun && type !== 'step.progress')
    .slice(0, 60)
    .map(({ at, type, data }) => `${at} ${type} ${JSON.stringify(data).slice(0, 200)}`);
  return [...asked, ...did].join('\n');
}

/** From the first request on that lb-2 gets when the node goes in, and before it could be set there. */
function setFromActivateOn(run: RunOf, trouble: Trouble): void {
  cluster.gates[1].before('dispatcher.list', () => {
    if (run.events().some(stepStarted('activate'))) void cluster.gates[1].set(trouble);
  });
}

test('fsha activate of a node that is out, and lb-2 refuses for good: out, as it was found', async () => {
  for (const proxy of cluster.proxies) await proxy.setState('d', 1, cluster.nodes[0].destination);
  const run = await startRun(cluster, { command: 'activate' });
  setFromActivateOn(run, 'refuse');
  const ended = await run.end();
  expect(await table.add('activate of a node that is out, lb-2 refuses', 'as found', ended)).toBe(
    'lb-1 DX, lb-2 DX; open; no restart; no mark',
  );
  expect([ended.exitCode, ended.settled.nodes, nextOf(ended)]).toEqual([
    8,
    { 'node-1': 'out of service' },
    ['activate node-1'],
  ]);
});

describe('behind a restart', () => {
  test('lb-2 refuses for a while as it goes in: it goes in', async () => {
    const run = await startRun(cluster);
    // Before anything is set there: a refusal behind that would be one of the watch.
    setFromActivateOn(run, 'refuse');
    await run.until('lb-2 is tried again', (event) => refused(event) || event.type === 'run.settled', 90_000);
    await cluster.gates[1].open();
    const ended = await run.end();
    expect(await table.add('lb-2 refuses for a while as it goes in', 'tried again', ended)).toBe(BACK_IN);
    expect([ended.exitCode, ended.settled.nodes]).toEqual([0, { 'node-1': 'in service' }]);
  });

  test.each<[Trouble]>([['silent'], ['refuse']])(
    'lb-2 is in trouble (%s) while it is watched: watched anew, and in',
    async (trouble) => {
      const run = await startRun(cluster, { settings: SHORT_SOAK });
      await untilSoak(run);
      await cluster.gates[1].set(trouble);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await cluster.gates[1].open();
      const ended = await run.end();
      expect(await table.add(`lb-2 in trouble (${trouble as string}) in the soak`, 'went on', ended)).toBe(
        BACK_IN,
      );
      expect([ended.exitCode, told().filter((one) => one === 'lb-1 d')]).toEqual([0, ['lb-1 d']]);
    },
  );

  test(
    'lb-2 is silent for good before it was set there: out, and known to be',
    { timeout: 240_000 },
    async () => {
      const run = await startRun(cluster, { limitMs: 220_000 });
      // From the beginning: verify may be over before anybody has seen that it has begun.
      setFromActivateOn(run, 'silent');
      const ended = await run.end();
      const row = await table.add('lb-2 is silent for good as it goes in', 'out again, fenced', ended);
      expect(row, whatCame(ended)).toBe('lb-1 DX, lb-2 DX; paused; 1 restart; marked');
      expect([ended.exitCode, ended.settled.nodes]).toEqual([8, { 'node-1': 'out of service' }]);
      expect(ended.settled.error).toMatchObject({
        code: 'activate.failed',
        message: expect.stringContaining('lb-2') as string,
      });
      expect(nextOf(ended)).toEqual(['activate node-1']);
    },
  );

  test(
    'lb-2 is silent for good while it is watched: unknown there, and fenced',
    { timeout: 240_000 },
    async () => {
      const run = await startRun(cluster, { limitMs: 220_000 });
      await run.until('it is set on lb-2', isSetOn('lb-2'), 90_000);
      await cluster.gates[1].set('silent');
      const ended = await run.end();
      // Paused: lb-2's pings get 503 from it, and its calls fail over.
      expect(await table.add('lb-2 is silent for good in the soak', 'out on lb-1, fenced', ended)).toMatch(
        /^lb-1 DX, lb-2 (AP|IP|AX|IX); paused; 1 restart; marked$/,
      );
      expect([ended.exitCode, ended.settled.nodes]).toEqual([9, { 'node-1': 'unknown' }]);
      expect(nextOf(ended).slice(2)).toEqual([
        expect.stringMatching(/^resume \S+$/),
        `kamcmd dispatcher.set_state d 1 ${cluster.nodes[0].destination}  # on lb-2`,
        'activate node-1',
      ]);
    },
  );

  test('lb-2 ends and comes back with everything active while it is watched: in', async () => {
    const run = await startRun(cluster, { settings: SHORT_SOAK });
    await untilSoak(run);
    await cluster.proxies[1].down();
    await cluster.proxies[1].up();
    const ended = await run.end();
    expect(ended.exitCode).toBe(0);
    await untilIn();
    expect(await table.add('lb-2 restarts in the soak', 'watched anew', ended)).toBe(BACK_IN);
  });

  test('Ctrl-C in the soak, lb-2 silent for good: unknown there, and fenced', async () => {
    const run = await startRun(cluster, { settings: LONG_SOAK });
    await untilSoak(run);
    await cluster.gates[1].set('silent');
    run.fsha.send('SIGINT');
    const ended = await run.end();
    expect(await table.add('Ctrl-C in the soak, lb-2 silent', 'out on lb-1, fenced', ended)).toMatch(
      /^lb-1 DX, lb-2 (AP|IP); paused; 1 restart; marked$/,
    );
    expect([ended.exitCode, ended.settled.error?.code]).toEqual([9, 'interrupted']);
    expect(nextOf(ended).slice(2)).toEqual([
      expect.stringMatching(/^resume \S+$/),
      `kamcmd dispatcher.set_state d 1 ${cluster.nodes[0].destination}  # on lb-2`,
      'activate node-1',
    ]);
  });
});

describe('Ctrl-C when only the mark is left', () => {
  const unmarks = (event: RunEvent): boolean =>
    event.type === 'effect.intended' &&
    event.step === 'node-1/activate' &&
    event.data.effect === 'node.mark' &&
    event.data.wanted === null;

  async function startSlowly(): Promise<RunOf> {
    const run = await startRun(cluster);
    await untilSoak(run);
    // What is asked of it then takes its time: the moment is there to be hit.
    await cluster.nodes[0].fault('slowEsl', 150);
    await run.until('the mark is taken away', unmarks);
    return run;
  }

  test('it is taken away, and the node stays in', async () => {
    const run = await startSlowly();
    run.fsha.send('SIGINT');
    const ended = await run.end();
    expect(await table.add('Ctrl-C while the mark is taken away', 'done to the end', ended)).toBe(BACK_IN);
    expect([ended.exitCode, ended.settled.nodes, nextOf(ended)]).toEqual([0, { 'node-1': 'in service' }, []]);
  });

  test('and ESL falls silent: the node stays in, and how to take the mark away is said', async () => {
    const run = await startSlowly();
    const [node] = cluster.nodes;
    await node.fault('silentEsl', true);
    await node.fault('halfOpen', true);
    run.fsha.send('SIGINT');
    const ended = await run.end();
    await node.clearFaults();
    expect(await table.add('the same, and ESL falls silent', 'stays in, said it', ended)).toMatch(
      /^lb-1 AP, lb-2 AP; open; 1 restart; (marked|no mark)$/,
    );
    expect([ended.exitCode, ended.settled.nodes]).toEqual([130, { 'node-1': 'in service' }]);
    expect(nextOf(ended)).toEqual([`fs_cli -x 'global_setvar fsha_run='  # on node-1`]);
    expect(warnings(ended.events).join()).toMatch(/node-1 is back in, but the mark of this run stays on it/);
  });
});

test('hold with --then activate: held, not restarted, and not enabled', async () => {
  for (const proxy of cluster.proxies) await proxy.setState('d', 1, cluster.nodes[0].destination);
  const calls = await holdAtNode(cluster, { '1000': 1 });
  const run = await startScriptedDrain(cluster, ['--then', 'activate']);
  await run.until(sawSessions(1));
  expect(await run.ask({ kind: 'hold' }, 'key h')).toEqual({ accepted: true });
  await calls.hangUp();
  const { exitCode, events, settled } = await run.end();
  expect(await table.add('hold, --then activate', 'held', exitCode)).toMatch(
    /^lb-1 DX, lb-2 DX; paused; no restart; marked$/,
  );
  expect([exitCode, settled.nodes]).toEqual([6, { 'node-1': 'out of service' }]);
  expect(outcomes(events)).toMatchObject({ restart: 'skipped', verify: 'skipped', activate: 'skipped' });
  expect(only(events, 'effect.intended').filter(({ step }) => step === 'node-1/activate')).toEqual([]);
});
