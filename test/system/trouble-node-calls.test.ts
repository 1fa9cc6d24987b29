/** The node's database, its rows and its calls are not what they should be while it is drained. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { caseTable } from './harness/case-table.ts';
import { looks, lookWhere, settledRun, warnings } from './harness/events-of.ts';
import { finalState } from './harness/final-state.ts';
import { only, type StartedFsha } from './harness/fsha.ts';
import type { HeldCalls } from './harness/held-calls.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { startRealCluster, type RealCluster } from './harness/real-cluster.ts';
import { nextLook, startRun, WITH_GATES } from './harness/run-of.ts';
import type { StandInNode } from './harness/stand-in-node.ts';

const IN_AGAIN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const AS_FOUND = 'lb-1 AP, lb-2 AP; open; no restart; no mark';

const table = caseTable('Database, rows and calls of the node');
let cluster: RealCluster;
let node: StandInNode;

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
  [node] = cluster.nodes;
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

const hold = (to: Readonly<Record<string, number>>): Promise<HeldCalls> => holdAtNode(cluster, to);

/** Ends the run and adds its row. */
async function ended(
  fsha: StartedFsha,
  what: string,
  did: string,
  exit: number,
  state: string,
): Promise<void> {
  const { exitCode } = await fsha.done;
  expect(exitCode, fsha.stdout().slice(-1_500)).toBe(exit);
  const found = await finalState(cluster);
  expect(found).toBe(state);
  table.add({ case: what, did, state: found, exit: exitCode });
}

/** The restart is held back by the database. */
function heldBack(fsha: StartedFsha) {
  return fsha.untilEvent((event) => event.type === 'step.retrying' && event.step === 'node-1/restart');
}

describe('the core database', () => {
  test('fails in the middle of the wait: counted all the same, and not restarted until it answers', async () => {
    const calls = await hold({ '1000': 2, bridge1: 1 });
    const { fsha } = await startRun(cluster);
    await fsha.untilEvent(lookWhere(({ sessions, calls: rows }) => sessions === 4 && rows === 3));
    await node.fault('database');
    const seen = await nextLook(fsha, ({ calls: rows }) => rows === null);
    expect(seen.data).toMatchObject({
      decision: 'wait',
      observation: { sessions: 4, calls: null, channels: null, why: ['4 sessions still up'] },
    });
    await calls.hangUp('bridge1');
    const fewer = await nextLook(fsha, ({ sessions }) => sessions === 2);
    expect(fewer.data).toMatchObject({ decision: 'wait', observation: { calls: null } });
    await calls.hangUp();
    const held = await heldBack(fsha);
    expect(held.data).toMatchObject({
      error: {
        code: 'refused',
        message: expect.stringMatching(
          /^node-1 is drained, but its core database does not answer \(.*Database error!?.*\): FreeSWITCH would not come up again$/,
        ) as string,
        hint: 'Mend the database, or --force database.',
      },
    });
    // It looks again every half second: three times are no accident.
    const asked = cluster.gates[0].count('dispatcher.list');
    await until('it has looked again', () => cluster.gates[0].count('dispatcher.list') >= asked + 3);
    expect(node.starts()).toBe(cluster.startsBefore(node));
    expect(looks(fsha.events()).some(({ decision }) => decision === 'blind')).toBe(false);
    await node.clearFaults();
    await ended(
      fsha,
      'the core database fails in the middle of the wait',
      'counted in memory, held the restart back until it answered',
      0,
      IN_AGAIN,
    );
    expect(calls.endedHere()).toHaveLength(3);
  });

  test('--force database: restarted although it does not answer', async () => {
    const calls = await hold({ '1000': 1 });
    const { fsha } = await startRun(cluster, { flags: ['--json', '--force', 'database'] });
    await fsha.untilEvent(lookWhere(({ sessions }) => sessions === 1));
    await node.fault('database');
    await nextLook(fsha, ({ calls: rows }) => rows === null);
    await calls.hangUp();
    await ended(fsha, 'the same with --force database', 'restarted at once', 0, IN_AGAIN);
    expect(only(fsha.events(), 'step.retrying').filter(({ step }) => step === 'node-1/restart')).toEqual([]);
  });

  test.each([
    { onTimeout: 'restore', exit: 5, state: AS_FOUND, outcome: 'restored' },
    { onTimeout: 'hold', exit: 6, state: 'lb-1 DX, lb-2 DX; paused; no restart; marked', outcome: 'held' },
  ] as const)(
    'down until the deadline, --on-timeout $onTimeout',
    async ({ onTimeout, exit, state, outcome }) => {
      const { fsha } = await startRun(cluster, {
        flags: ['--json', '--timeout', '12s', '--on-timeout', onTimeout],
      });
      await fsha.untilEvent(lookWhere(() => true));
      await node.fault('database');
      await heldBack(fsha);
      const did = onTimeout === 'restore' ? 'gave it back' : 'kept it out';
      await ended(
        fsha,
        `the database is down until the deadline, --on-timeout ${onTimeout}`,
        did,
        exit,
        state,
      );
      const settled = settledRun(fsha.events());
      expect(settled).toMatchObject({
        outcome,
        nodes: { 'node-1': onTimeout === 'restore' ? 'in service' : 'out of service' },
        error: { code: 'drain.expired' },
      });
      expect(settled.error?.message).toMatch(/its core database does not answer/);
      expect(settled.next.length).toBeGreaterThan(0);
    },
  );

  test('rows of calls that are gone: told, and not waited for', async () => {
    const calls = await hold({ '1000': 1 });
    const { fsha } = await startRun(cluster);
    await fsha.untilEvent(lookWhere(({ sessions }) => sessions === 1));
    await node.fault('ghostRows', 3);
    const seen = await fsha.untilEvent(lookWhere(({ ghostRows }) => ghostRows !== undefined));
    expect(seen.data.observation).toMatchObject({ sessions: 1, channels: 4, ghostRows: 3 });
    await calls.hangUp();
    await ended(fsha, 'the database has rows of 3 calls that are gone', 'told, not waited for', 0, IN_AGAIN);
    expect(warnings(fsha.events())).toEqual([
      'calls.ghosts: the core database has rows of calls that are gone on node-1: they are not waited for',
    ]);
    expect(looks(fsha.events()).find(({ decision }) => decision === 'drained')).toMatchObject({
      sessions: 0,
      ghostRows: 3,
    });
  });
});

describe('calls that come although it is out', () => {
  /** A drain that waits for one call, for longer than an INVITE under way may take. */
  async function waiting(flags: readonly string[] = []) {
    const first = await hold({ '1000': 1 });
    const { fsha } = await startRun(cluster, { flags: ['--json', ...flags] });
    const out = await fsha.untilEvent(lookWhere(({ sessions }) => sessions === 1));
    // frTimer is 1 s.
    await fsha.untilEvent((event) => event.type === 'step.progress' && event.mono > out.mono + 2_000);
    return { fsha, first };
  }

  const masked = (address: string): string => address.replace(/\d+$/, 'x');

  test.each([
    { flags: [], shown: masked },
    { flags: ['--show-numbers'], shown: (address: string) => address },
  ])('from an address $flags', async ({ flags, shown }) => {
    const { fsha, first } = await waiting(flags);
    const more = await hold({ '1001': 2 });
    const from = shown(more.from);
    const seen = await fsha.untilEvent(
      lookWhere(({ sessions, arrivals }) => sessions === 3 && arrivals?.[0]?.calls === 2),
    );
    expect(seen.data.observation.arrivals).toEqual([{ from, calls: 2 }]);
    expect(seen.data.observation).not.toHaveProperty('originated');
    await Promise.all([first.hangUp(), more.hangUp()]);
    await ended(
      fsha,
      `calls still arrive ${['at the node itself', ...flags].join(', ')}`,
      'said from where, waited for them',
      0,
      IN_AGAIN,
    );
    expect(warnings(fsha.events())).toEqual([
      `calls.arriving: calls are still arriving at node-1 from ${from}, although it is out`,
    ]);
    expect(more.endedHere()).toHaveLength(2);
    if (flags.length === 0) expect(fsha.stdout()).not.toContain(more.from);
  });

  test('from a proxy that is ignored: named', async () => {
    await cluster.gates[1].set('refuse');
    const { fsha, first } = await waiting(['--ignore-proxy', 'lb-2']);
    const more = await cluster.hold({ '1001': 4 }, { at: cluster.proxies[1].sip });
    const seen = await fsha.untilEvent(lookWhere(({ arrivals }) => arrivals !== undefined));
    expect(seen.data.observation.arrivals?.map(({ from }) => from)).toEqual(['lb-2']);
    await Promise.all([first.hangUp(), more.hangUp()]);
    await ended(fsha, 'a proxy that is ignored still sends calls', 'named it, waited for them', 0, IN_AGAIN);
    expect(warnings(fsha.events()).filter((one) => one.startsWith('calls.'))).toEqual([
      'calls.arriving: calls are still arriving at node-1 from lb-2, although it is out',
    ]);
    expect([more.endedHere().length, more.cutByFarSide()]).toEqual([4, []]);
  });

  test('begun by the node itself: shown apart, and waited for', async () => {
    const { fsha, first } = await waiting();
    const answer = await node.api('originate loopback/1000/default &park()');
    expect(answer).toMatch(/^\+OK /);
    const seen = await fsha.untilEvent(
      lookWhere(({ sessions, originated }) => sessions === 3 && originated !== undefined),
    );
    expect(seen.data.observation.originated).toBe(1);
    await first.hangUp();
    // Empty but for its own: waited for over what would have been enough to call it drained.
    const two = await nextLook(fsha, ({ sessions }) => sessions === 2);
    await fsha.untilEvent((event) => event.type === 'step.progress' && event.mono > two.mono + 2_500);
    expect(only(fsha.events(), 'step.settled').map(({ step }) => step)).not.toContain('node-1/wait_drained');
    await node.api(`uuid_kill ${answer.slice(4).trim()}`);
    await ended(fsha, 'the node itself begins a call', 'shown apart, waited for', 0, IN_AGAIN);
    expect(looks(fsha.events()).filter(({ arrivals }) => arrivals !== undefined)).toEqual([]);
    expect(warnings(fsha.events())).toEqual([]);
  });
});
