/** `fsha deactivate --guard`: a node that is to stay out over night does, until somebody brings it back. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { driftsOf, lastSeq, settledRun, stepStarted, warnings } from './harness/events-of.ts';
import { finalState, readFinalState } from './harness/final-state.ts';
import { only, runFsha, type StartedFsha } from './harness/fsha.ts';
import { untilDisabledAgain } from './harness/out-again.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { type EndedRun, runToEnd, startRun, WITH_GATES } from './harness/run-of.ts';
import { type DiskSize, type SmallDisk, startSmallDisk } from './harness/small-disk.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const OUT = 'lb-1 DX, lb-2 DX; open; no restart; marked';

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, nodes: 3, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

interface Guard {
  readonly fsha: StartedFsha;
  readonly config: string;
  /** What it printed, and how it ended: behind it there are newer runs in its state directory. */
  readonly end: () => Promise<Pick<EndedRun, 'exitCode' | 'events' | 'settled'>>;
}

async function guarding(disk?: DiskSize): Promise<Guard & { readonly disk: SmallDisk | null }> {
  const config = await cluster.configWith({});
  const small = disk === undefined ? null : await startSmallDisk(cluster.stateDirOf(config), disk);
  const run = await startRun(cluster, {
    config,
    command: 'deactivate',
    flags: ['--guard', '--json'],
    ...(small === null ? {} : { disk: small }),
  });
  await run.fsha.untilEvent(stepStarted('guard'));
  // Not when it stands in the node, but when that was read back: what is stopped between the two cannot know.
  await run.fsha.untilEvent(
    (event) =>
      event.type === 'effect.settled' && event.step === 'node-1/guard' && event.data.effect === 'node.mark',
  );
  const end: Guard['end'] = async () => {
    const { exitCode } = await run.fsha.done;
    const events = run.fsha.events();
    return { exitCode, events, settled: settledRun(events) };
  };
  return { disk: small, fsha: run.fsha, config, end };
}

const markNow = async (): Promise<string> => (await readFinalState(cluster)).mark ?? '';

/** Everything that puts a disabled destination back or forgets the mark: each time it is kept out again. */
async function keptOutOver(fsha: StartedFsha): Promise<void> {
  const [first, second] = cluster.proxies;
  const [node] = cluster.nodes;
  for (const [proxy, act] of [
    ['lb-1', () => first.reload()],
    ['lb-2', () => second.restart()],
    ['lb-1', () => first.setState('a', 1, node.destination)],
  ] as const) {
    const before = lastSeq(fsha.events());
    await act();
    await untilDisabledAgain(fsha, proxy, before);
  }
  await node.unit('restart');
  await until('it is marked again', async () => (await markNow()).endsWith(',guard'));
}

test('reloads, restarts of proxies, a restart of the node: out again each time, and marked; activate ends it', async () => {
  const { fsha, config, end } = await guarding();
  await keptOutOver(fsha);
  const activated = await runToEnd(cluster, { config, command: 'activate' });
  const ended = await end();
  expect([activated.exitCode, ended.exitCode]).toEqual([0, 0]);
  expect(await finalState(cluster)).toBe('lb-1 AP, lb-2 AP; open; 1 restart; no mark');
  expect(ended.settled.next).toEqual([]);
  expect(only(ended.events, 'warning').at(-1)?.data.message).toContain(
    `run ${activated.events[0]?.run ?? ''}`,
  );
});

test('who fights it does not win: it never gives up', async () => {
  const { fsha, config, end } = await guarding();
  const [proxy] = cluster.proxies;
  const [node] = cluster.nodes;
  for (let time = 0; time < 7; time += 1) {
    const before = lastSeq(fsha.events());
    await proxy.setState('a', 1, node.destination);
    await untilDisabledAgain(fsha, 'lb-1', before);
  }
  expect((await runToEnd(cluster, { config, command: 'activate' })).exitCode).toBe(0);
  const ended = await end();
  expect([ended.exitCode, driftsOf(ended.events).length]).toEqual([0, 7]);
});

test('other nodes can be worked on meanwhile; it itself cannot be taken out twice', async () => {
  const { config, end } = await guarding();
  const other = await runFsha(['drain', 'node-2', '--no-restart', '--json', '--config', config], 60_000);
  expect(other.exitCode).toBe(0);
  const twice = await runFsha(['deactivate', 'node-1', '--guard', '--config', config], 60_000);
  expect([twice.exitCode, twice.stdout + twice.stderr]).toEqual([
    4,
    expect.stringMatching(/kept out by run/),
  ]);
  expect(await finalState(cluster)).toBe(OUT);
  expect((await runToEnd(cluster, { config, command: 'drain' })).exitCode).toBe(0);
  expect((await end()).exitCode).toBe(0);
  expect(await finalState(cluster)).toBe('lb-1 AP, lb-2 AP; open; 1 restart; no mark');
});

test('SIGTERM ends the watch, and the node stays out', async () => {
  const { fsha, config, end } = await guarding();
  fsha.send('SIGTERM');
  const ended = await end();
  expect([ended.exitCode, ended.settled.nodes]).toEqual([143, { 'node-1': 'out of service' }]);
  const fshaWith = `fsha --config ${config}`;
  expect(ended.settled.next).toEqual([
    `${fshaWith} deactivate node-1 --guard`,
    `${fshaWith} activate node-1`,
  ]);
  expect(await finalState(cluster)).toBe(OUT);
  expect((await runToEnd(cluster, { config, command: 'activate' })).exitCode).toBe(0);
  expect(await finalState(cluster)).toBe(WELL);
});

test('killed: it stays out, resume guards it again', async () => {
  const { fsha, config } = await guarding();
  const run = fsha.events()[0]?.run ?? '';
  await fsha.end();
  const again = await startRun(cluster, { config, command: 'deactivate', flags: ['--guard', '--json'] });
  await again.fsha.untilEvent(stepStarted('guard'));
  again.fsha.send('SIGTERM');
  expect((await again.end()).exitCode).toBe(143);
  const refused = await runFsha(['resume', run, '--config', config], 60_000);
  expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringMatching(/came after it/)]);
  expect(await finalState(cluster)).toBe(OUT);
});

test('activate on another host takes it over by its mark', async () => {
  const { end } = await guarding();
  // A state directory of its own: as if on another host.
  const activated = await runToEnd(cluster, { command: 'activate', settings: { verify: { minSoak: '4s' } } });
  const ended = await end();
  expect([activated.exitCode, ended.exitCode]).toEqual([0, 0]);
  expect(await finalState(cluster)).toBe(WELL);
});

/** On another host: in a state directory of its own, while the guard is stopped. */
async function whileStopped(
  fsha: StartedFsha,
  command: 'activate' | 'drain',
): Promise<EndedRun & { readonly warned: string }> {
  // There nobody knows how the node was found.
  const flags = ['--json', ...(command === 'drain' ? ['--then', 'activate'] : [])];
  fsha.send('SIGSTOP');
  try {
    const ended = await runToEnd(cluster, { command, flags, settings: { verify: { minSoak: '4s' } } });
    return { ...ended, warned: warnings(ended.events).join('\n') };
  } finally {
    fsha.send('SIGCONT');
  }
}

test('stopped while it is activated on another host: it leaves the node alone as it comes back', async () => {
  const { fsha, config, end } = await guarding();
  fsha.send('SIGSTOP');
  const said = async (command: string): Promise<string> =>
    (await runFsha([command, '--config', config], 60_000)).stdout;
  const status = await said('status');
  expect(status.replace(/\s+/g, ' ')).toContain('but its process is stopped and does nothing: ');
  expect(status).toContain(`\n  kill -CONT ${fsha.pid}\n`);
  expect(await said('doctor')).toMatch(/its process is stopped: what it is to do for node-1 nobody does/);
  const activated = await whileStopped(fsha, 'activate');
  expect([activated.exitCode, activated.warned]).toEqual([
    0,
    expect.stringMatching(/whether that guard has ended is not seen from here/),
  ]);
  const ended = await end();
  expect([ended.exitCode, driftsOf(ended.events)]).toEqual([0, []]);
  expect(await finalState(cluster)).toBe(WELL);
});

test('stopped while it is drained and restarted on another host: the same, and it says that it cannot tell', async () => {
  const { fsha, end } = await guarding();
  expect((await whileStopped(fsha, 'drain')).exitCode).toBe(0);
  const ended = await end();
  expect([ended.exitCode, driftsOf(ended.events)]).toEqual([4, []]);
  expect(await finalState(cluster)).toBe('lb-1 AP, lb-2 AP; open; 1 restart; no mark');
});

test('the disk is full: it says so, and keeps the node out and marked', async () => {
  const { fsha, disk, end } = await guarding({ bytes: 256 * 1_024 });
  disk?.fill();
  await keptOutOver(fsha);
  expect(warnings(fsha.events()).filter((text) => /kept out all the same/.test(text))).toHaveLength(1);
  // A state directory of its own: as if on another host.
  expect((await runToEnd(cluster, { command: 'activate' })).exitCode).toBe(0);
  expect((await end()).exitCode).toBe(0);
  await disk?.leave();
});
