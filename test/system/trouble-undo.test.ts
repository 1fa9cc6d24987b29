/** Whatever ends a run before its restart gives back exactly what was found. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { caseTable } from './harness/case-table.ts';
import { isRestartIntent, waits } from './harness/events-of.ts';
import { finalState, readFinalState } from './harness/final-state.ts';
import { only, runFsha } from './harness/fsha.ts';
import { oneCall } from './harness/hold-at-node.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { SETTERS } from './harness/rpc-gate.ts';
import { type EndedRun, type RunOf, startRun, startWaitingRun, WITH_GATES } from './harness/run-of.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const table = caseTable('undo: what was found is given back');

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startRealCluster(WITH_GATES);
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

/** A drain that waits for a call. */
async function waiting(flags: readonly string[] = [], settings = {}): Promise<RunOf> {
  const run = await startWaitingRun(cluster, { flags: ['--json', ...flags], settings });
  expect((await readFinalState(cluster)).flags).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
  return run;
}

const retriesOfUndo = (events: readonly RunEvent[]): number =>
  only(events, 'step.retrying').filter(({ step }) => step === 'node-1/restore').length;

async function row(name: string, did: string, ended: EndedRun): Promise<string> {
  const state = await finalState(cluster);
  table.add({ case: name, did, state, exit: ended.exitCode });
  return state;
}

/** Does by hand what `next` says, on Kamailio itself; resolves with the proxies it named. */
async function doByHand(next: readonly string[]): Promise<readonly string[]> {
  const said = next.flatMap((line) => {
    const found = /^kamcmd dispatcher\.set_state (\w+) (\d+) (\S+) {2}# on (lb-\d)$/.exec(line);
    return found === null ? [] : [found];
  });
  for (const [, state = '', set = '', uri = '', proxy = ''] of said) {
    await cluster.proxies[proxy === 'lb-1' ? 0 : 1].setState(state, Number(set), uri);
  }
  return said.map(([, , , , proxy = '']) => proxy);
}

describe('only some destinations were changed', () => {
  test.each([
    [0, 1],
    [1, 0],
  ] as const)(
    'one proxy lies in the middle of deactivate (%i, not %i): the other is given back',
    async (lying, well) => {
      await cluster.gates[lying].set('lie');
      const run = await startRun(cluster);
      const ended = await run.end();
      expect(ended.settled).toMatchObject({ exit: 12, nodes: { 'node-1': 'in service' } });
      expect(ended.exitCode).toBe(12);
      expect(ended.settled.error?.code).toBe('effect.failed');
      expect(only(ended.events, 'undo.settled')[0]?.data.outcome).toBe('done');
      // The other one was really out: there was something to give back.
      const other = `lb-${well + 1}`;
      const set = only(ended.events, 'effect.settled').filter(
        ({ data }) => data.effect === 'dispatcher.state' && data.target.proxy === other,
      );
      expect(set.map(({ data }) => data.read)).toEqual(['DX', 'AP']);
      expect(cluster.gates[lying].count(...SETTERS)).toBeGreaterThan(0);
      const state = await row(`lb-${lying + 1} lies in deactivate`, `gave ${other} back`, ended);
      expect(state).toBe(WELL);
    },
  );

  test('it lies, and the other is silent when the undo begins: tried again until it answers, exit 12', async () => {
    const [first, second] = cluster.gates;
    await first.set('lie');
    const run = await startRun(cluster);
    await run.until(
      'lb-2 is set',
      (event) =>
        event.type === 'effect.settled' &&
        event.data.effect === 'dispatcher.state' &&
        event.data.target.proxy === 'lb-2',
    );
    await second.set('silent');
    await run.until('the undo is tried again', (event) => retriesOfUndo([event]) === 1);
    expect(await finalState(cluster)).toBe('lb-1 AP, lb-2 DX; open; no restart; marked');
    await second.open();
    const ended = await run.end();
    expect(ended.exitCode).toBe(12);
    expect(await row('lb-1 lies, lb-2 silent as the undo begins', 'gave it back late', ended)).toBe(WELL);
  });
});

describe('a proxy that is silent when the undo begins', () => {
  test('back within the undo: tried again, given back, exit 130', async () => {
    const run = await waiting();
    await cluster.gates[1].set('silent');
    run.fsha.send('SIGINT');
    await run.until('the undo is tried again', (event) => retriesOfUndo([event]) === 1);
    // The one that answers is not held up by the one that does not.
    expect((await readFinalState(cluster)).flags).toEqual({ 'lb-1': 'AP', 'lb-2': 'DX' });
    await cluster.gates[1].open();
    const ended = await run.end();
    expect(ended.exitCode).toBe(130);
    expect(ended.settled).toMatchObject({ exit: 130, nodes: { 'node-1': 'in service' } });
    expect(await row('lb-2 silent as the undo of Ctrl-C begins', 'gave it back late', ended)).toBe(WELL);
  });

  test('the same when the drain has run out of time: exit 5', async () => {
    const run = await waiting(['--timeout', '4s']);
    await cluster.gates[0].set('silent');
    await run.until('the undo is tried again', (event) => retriesOfUndo([event]) === 1);
    await cluster.gates[0].open();
    const ended = await run.end();
    expect(ended.exitCode).toBe(5);
    expect(await row('lb-1 silent as the undo of a timeout begins', 'gave it back late', ended)).toBe(WELL);
  });

  test('left by a second Ctrl-C: exit 9, and what it says brings the flags back', async () => {
    const run = await waiting();
    await cluster.gates[1].set('silent');
    run.fsha.send('SIGINT');
    await run.until('the undo is tried again', (event) => retriesOfUndo([event]) === 1);
    run.fsha.send('SIGINT');
    const ended = await run.end();
    expect(ended.exitCode).toBe(9);
    expect(ended.settled.nodes).toEqual({ 'node-1': 'unknown' });
    expect(await row('lb-2 silent, Ctrl-C twice', 'left it, said what to run', ended)).toMatch(
      /^lb-1 AP, lb-2 DX; open; no restart; /,
    );
    expect(await doByHand(ended.settled.next)).toEqual(['lb-2']);
    expect((await readFinalState(cluster)).flags).toEqual({ 'lb-1': 'AP', 'lb-2': 'AP' });
  });

  test('silent for all of the undo (60 s): the same, by itself', async () => {
    const run = await waiting();
    await cluster.gates[0].set('silent');
    run.fsha.send('SIGINT');
    const ended = await run.end();
    expect(ended.exitCode).toBe(9);
    expect(retriesOfUndo(ended.events)).toBeGreaterThan(5);
    expect(only(ended.events, 'undo.settled')[0]?.data.outcome).toBe('unknown');
    expect(await row('lb-1 silent for the whole undo', 'gave up after 60 s', ended)).toMatch(
      /^lb-1 DX, lb-2 AP; open; no restart; /,
    );
    expect(await doByHand(ended.settled.next)).toEqual(['lb-1']);
    expect((await readFinalState(cluster)).flags).toEqual({ 'lb-1': 'AP', 'lb-2': 'AP' });
  });
});

test('the node is silent for longer than an undo may take: the proxies are given back before it answers', async () => {
  const [node] = cluster.nodes;
  const run = await waiting([], { timeouts: { connect: '70s', request: '70s' } });
  await node.freeze();
  run.fsha.send('SIGINT');
  for (const proxy of ['lb-1', 'lb-2'])
    await run.until(`${proxy} is given back`, (event) => isGivenBack(event, proxy));
  expect(
    Object.values((await readFinalState(cluster)).flags).filter((flags) => flags?.startsWith('D')),
  ).toEqual([]);
  await node.thaw();
  const ended = await run.end();
  expect(ended.exitCode).toBe(130);
  expect(ended.settled.nodes).toEqual({ 'node-1': 'in service' });
  await until('the proxies have asked it', async () => (await finalState(cluster)) === WELL);
  expect(await row('node silent for long, Ctrl-C', 'gave the proxies back at once', ended)).toBe(WELL);
});

function isGivenBack(event: RunEvent, proxy: string): boolean {
  if (event.type !== 'effect.settled' || event.step !== 'node-1/restore') return false;
  return event.data.effect === 'dispatcher.state' && event.data.target.proxy === proxy;
}

describe('the pause', () => {
  const early = { drain: { fence: 'early' } };

  test('a node that was not paused is unpaused again', async () => {
    const run = await waiting([], early);
    expect((await readFinalState(cluster)).node).toBe('paused');
    run.fsha.send('SIGINT');
    const ended = await run.end();
    expect(ended.exitCode).toBe(130);
    expect(await row('Ctrl-C behind an early fence', 'unpaused it', ended)).toBe(WELL);
  });

  test('is lifted although a proxy stays silent', async () => {
    const run = await waiting([], early);
    await cluster.gates[1].set('silent');
    run.fsha.send('SIGINT');
    await run.until('the undo is tried again', (event) => retriesOfUndo([event]) === 1);
    await until('it is unpaused', async () => (await readFinalState(cluster)).node === 'open');
    run.fsha.send('SIGINT');
    const ended = await run.end();
    expect(ended.exitCode).toBe(9);
    expect(await row('early fence, lb-2 silent, Ctrl-C twice', 'unpaused it all the same', ended)).toBe(
      'lb-1 AP, lb-2 DX; open; no restart; marked',
    );
    expect(await doByHand(ended.settled.next)).toEqual(['lb-2']);
    expect(ended.settled.next.join('\n')).not.toContain('fsctl');
  });

  test('cannot be lifted, the node is silent: the proxies are given back, and what to run is said', async () => {
    const [node] = cluster.nodes;
    const run = await waiting([], early);
    await node.freeze();
    run.fsha.send('SIGINT');
    await run.until('the undo is tried again', (event) => retriesOfUndo([event]) === 1);
    run.fsha.send('SIGINT');
    const ended = await run.end();
    await node.thaw();
    expect(ended.exitCode).toBe(9);
    const said = ended.settled.next.filter((line) => line.startsWith('fs_cli '));
    expect(said).toEqual([
      `fs_cli -x 'fsctl resume inbound'  # on node-1`,
      `fs_cli -x 'global_setvar fsha_run='  # on node-1`,
    ]);
    await until('it is in', async () =>
      Object.values((await readFinalState(cluster)).flags).every((flags) => flags?.[0] !== 'D'),
    );
    await until('it answers', async () => (await readFinalState(cluster)).node === 'paused');
    table.add({
      case: 'early fence, node silent, Ctrl-C twice',
      did: 'gave the proxies back, said what to run',
      state: await finalState(cluster),
      exit: ended.exitCode,
    });
    await node.api('fsctl resume inbound');
    await until('all is as it was', async () =>
      (await finalState(cluster)).startsWith('lb-1 AP, lb-2 AP; open; no restart'),
    );
  });

  test('fenced when empty, stopped in the last look: unpaused again', async () => {
    const [node] = cluster.nodes;
    let sent = false;
    const run: RunOf = await startRun(cluster);
    cluster.gates[0].before('dispatcher.list', async () => {
      // The node is paused before anything of the restart is looked at.
      if (sent || !(await node.stats()).paused.inbound) return;
      sent = true;
      run.fsha.send('SIGTERM');
    });
    const ended = await run.end();
    expect(ended.exitCode).toBe(143);
    expect(sent).toBe(true);
    expect(ended.events.some(isRestartIntent)).toBe(false);
    expect(await row('SIGTERM between fence and restart', 'unpaused it', ended)).toBe(WELL);
  });
});

describe('fsha itself is killed (SIGKILL) while it waits', () => {
  test('the node stays out and marked; the next drain goes on with it, and gives back what the first had found', async () => {
    const calls = await oneCall(cluster);
    const config = await cluster.configWith({});
    const first = await startRun(cluster, { config });
    await first.until('it waits', waits);
    first.fsha.send('SIGKILL');
    expect(await first.fsha.done).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    const id = first.events()[0]?.run ?? '';
    expect(await finalState(cluster)).toBe('lb-1 DX, lb-2 DX; open; no restart; marked');
    expect((await readFinalState(cluster)).mark).toMatch(new RegExp(`^${id},`));

    await calls.hangUp();
    const again = await runFsha(['drain', 'node-1', '--json', '--config', config], 90_000);
    expect(again.stderr).toContain(id);
    const forced = await first.end();
    expect(again.exitCode).toBe(0);
    expect(forced.settled.error).toBeUndefined();
    expect([...new Set(forced.events.map(({ run }) => run))]).toEqual([id]);
    const baseline = only(forced.events, 'preflight.settled')[1]?.data.baseline;
    expect(baseline?.destinations.map(({ flags }) => flags)).toEqual(['AP', 'AP']);
    expect(
      await row('fsha killed -9, drained again', 'went on, brought it back in', {
        ...forced,
        exitCode: again.exitCode,
      }),
    ).toBe('lb-1 AP, lb-2 AP; open; 1 restart; no mark');
    expect(calls.cutByFarSide()).toEqual([]);
    const status = await runFsha(['status', '--json', '--config', config], 30_000);
    expect(status.exitCode).toBe(0);
  });
});
