/** The way to the node is in trouble while its calls are waited for: unknown with the reason, and never zero. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { caseTable } from './harness/case-table.ts';
import { effects, isRestartIntent, lastSeq, looks, lookWhere, stepStarted } from './harness/events-of.ts';
import { finalState } from './harness/final-state.ts';
import { only, type StartedFsha } from './harness/fsha.ts';
import type { HeldCalls } from './harness/held-calls.ts';
import { holdAtNode } from './harness/hold-at-node.ts';
import { QUICK } from './harness/quick.ts';
import { startRealCluster, type RealCluster } from './harness/real-cluster.ts';
import { nextLook, startRun, WITH_GATES } from './harness/run-of.ts';
import type { StandInNode } from './harness/stand-in-node.ts';

const IN_AGAIN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';
const AS_FOUND = 'lb-1 AP, lb-2 AP; open; no restart; no mark';

const table = caseTable('The way to the node in trouble');
let cluster: RealCluster;
let node: StandInNode;

beforeAll(async () => {
  cluster = await startRealCluster({
    ...WITH_GATES,
    // What these wait for is that ESL lets nobody in within `connect`, or answers nothing within `request`.
    settings: { timeouts: { connect: '4s', request: '2s' } },
  });
  [node] = cluster.nodes;
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

const hold = (calls: number): Promise<HeldCalls> => holdAtNode(cluster, { '1000': calls });

/** Everything that a drain without trouble does, each thing once. */
const ONCE = [
  'deactivate: node.mark true done',
  `deactivate: lb-1 set 1 URI d done`,
  `deactivate: lb-2 set 1 URI d done`,
  'fence: node.pause true done',
  'restart: node.restart done',
  'verify: node.mark true done',
  'verify: node.pause false already',
  'activate: node.pause false already',
  `activate: lb-1 set 1 URI ip done`,
  `activate: lb-2 set 1 URI ip done`,
  'activate: node.mark false done',
];

function once(fsha: StartedFsha): readonly string[] {
  return effects(fsha.events()).map((effect) => effect.replace(node.destination, 'URI'));
}

/** The reset came while fsha connected anew. */
const LOST_AT_LOGIN =
  /^sessions unknown: ESL of node-1 \(\S+\) closed the connection before fsha was logged in$/;

interface EslTrouble {
  readonly what: string;
  readonly begin: () => Promise<void>;
  /** What may be said meanwhile. The first one has to be. */
  readonly why: readonly RegExp[];
  /** It is over by itself before it can be seen to last. */
  readonly short?: true;
}

const LOST =
  /^sessions unknown: The ESL connection to node-1 \(\S+:8021\) ended before ".+" was (?:answered|sent)$/;

const TROUBLES: readonly EslTrouble[] = [
  {
    what: 'ESL resets its connections',
    // Only a command that is under way tells of it: slow answers make that sure.
    begin: async () => {
      await node.fault('slowEsl', 60);
      await node.fault('resetEsl');
    },
    why: [LOST, LOST_AT_LOGIN],
    short: true,
  },
  {
    what: 'a half-open connection',
    begin: () => node.fault('halfOpen'),
    why: [/^sessions unknown: ESL of node-1 \(\S+\) did not answer ".+" within [\d.]+m?s$/],
    short: true,
  },
  {
    what: 'ESL takes connections and says nothing',
    begin: () => node.fault('silentEsl'),
    why: [
      /^sessions unknown: ESL of node-1 \(\S+\) took the connection, but did not let fsha log in within [\d.]+m?s$/,
      /^sessions unknown: ESL of node-1 \(\S+\) did not answer ".+" within [\d.]+m?s$/,
    ],
  },
  {
    what: 'nothing listens on the ESL port',
    begin: () => node.fault('refuseEsl'),
    why: [/^sessions unknown: ESL of node-1 \(\S+\) refused the connection$/, LOST, LOST_AT_LOGIN],
  },
  {
    what: 'the ESL password was changed',
    begin: async () => {
      await node.fault('wrongPassword');
      await node.fault('resetEsl');
    },
    why: [/^sessions unknown: ESL of node-1 \(\S+\) does not accept the password$/, LOST, LOST_AT_LOGIN],
  },
  {
    what: 'the ACL of ESL was changed',
    begin: async () => {
      await node.fault('acl');
      await node.fault('resetEsl');
    },
    why: [
      /^sessions unknown: ESL of node-1 \(\S+\) rejects the address of this machine$/,
      LOST,
      LOST_AT_LOGIN,
    ],
  },
  {
    what: 'ESL answers slower than the request timeout',
    begin: () => node.fault('slowEsl', 4_500),
    why: [
      /^sessions unknown: ESL of node-1 \(\S+\) took the connection, but did not let fsha log in within [\d.]+m?s$/,
      /^sessions unknown: ESL of node-1 \(\S+\) did not answer ".+" within [\d.]+m?s$/,
    ],
  },
];

describe('in the middle of the wait', () => {
  test.each(TROUBLES)('$what: unknown while it lasts, and done afterwards', async (trouble) => {
    const calls = await hold(2);
    const { fsha, end } = await startRun(cluster);
    await fsha.untilEvent(lookWhere(({ sessions }) => sessions === 2));

    const blind = await troubled(fsha, trouble);
    await calls.hangUp();
    expect((await node.stats()).sessionsNow).toBe(0);
    if (trouble.short === undefined) {
      // Long enough to have been called drained, were unknown taken for zero: frTimer, settle and a look are 1 s or more.
      for (let look = 0; look < 3; look += 1) await nextLook(fsha, ({ sessions }) => sessions === null);
      const during = looks(fsha.events()).filter(({ seq }) => seq >= blind);
      expect(new Set(during.map(({ sessions, decision }) => `${decision} ${sessions}`))).toEqual(
        new Set(['blind null']),
      );
      const said = during.map(({ why }) => why.join());
      expect(said.filter((why) => !trouble.why.some((one) => one.test(why)))).toEqual([]);
      expect(said.filter((why) => trouble.why[0]?.test(why))).not.toEqual([]);
    }
    expect(only(fsha.events(), 'step.settled').map(({ step }) => step)).not.toContain('node-1/wait_drained');
    await node.clearFaults();

    const { exitCode } = await end();
    expect(exitCode, fsha.stdout().slice(-1_500)).toBe(0);
    expect([...once(fsha)].sort()).toEqual([...ONCE].sort());
    expect(calls.endedHere()).toHaveLength(2);
    expect(calls.errors()).toBe('');
    const state = await finalState(cluster);
    expect(state).toBe(IN_AGAIN);
    table.add({ case: trouble.what, did: 'unknown while it lasted, then went on', state, exit: exitCode });
  });

  /** Until it shows; the sequence number of the first look that does not know the sessions. */
  async function troubled(fsha: StartedFsha, trouble: EslTrouble): Promise<number> {
    const known = lastSeq(fsha.events());
    // A reset may come between two answers of one look: that one knows the sessions, and not everything else.
    const first = () =>
      looks(fsha.events()).find(
        ({ seq, decision, sessions }) => seq > known && decision === 'blind' && sessions === null,
      );
    const seen = await until(
      `unknown: ${trouble.what}`,
      async () => {
        if (first() === undefined) await trouble.begin();
        await new Promise((resolve) => setTimeout(resolve, 150));
        return first();
      },
      30_000,
    );
    expect(seen.why.filter((why) => !trouble.why.some((one) => one.test(why)))).toEqual([]);
    return seen.seq;
  }

  test('slower than before, and within the request timeout: everything is known', async () => {
    const config = await cluster.configWith({ timeouts: { ...QUICK.settings.timeouts, request: '8s' } });
    const calls = await hold(1);
    const { fsha, end } = await startRun(cluster, { config });
    await fsha.untilEvent(lookWhere(({ sessions }) => sessions === 1));
    await node.fault('slowEsl', 100);
    for (let look = 0; look < 2; look += 1)
      await nextLook(fsha, ({ sessions, calls: rows }) => sessions === 1 && rows === 1);
    await calls.hangUp();
    const { exitCode } = await end();
    expect(exitCode, fsha.stdout().slice(-1_500)).toBe(0);
    expect(looks(fsha.events()).filter(({ decision }) => decision === 'blind')).toEqual([]);
    const state = await finalState(cluster);
    expect(state).toBe(IN_AGAIN);
    table.add({ case: 'ESL is slow, within its timeout', did: 'went on', state, exit: exitCode });
  });

  test('killed by somebody, and back by its unit: marked again, and waited for anew', async () => {
    await hold(2);
    const { fsha, end } = await startRun(cluster);
    await fsha.untilEvent(lookWhere(({ sessions }) => sessions === 2));
    const before = (await node.stats()).coreUuid;
    await node.kill();
    const back = await until('it is back', async () => {
      const { coreUuid, phase } = await node.stats();
      return phase === 'running' && coreUuid !== before && coreUuid;
    });
    // It stays for long enough to be seen before fsha restarts it once more.
    const seen = await nextLook(fsha, ({ decision }) => decision === 'regressed');
    expect(seen.data.observation.why).toEqual([
      'FreeSWITCH was restarted by somebody else while its calls were awaited',
    ]);
    const marked = await fsha.untilEvent(
      (event) => event.type === 'effect.settled' && event.seq > seen.seq && event.data.effect === 'node.mark',
    );
    expect(marked).toMatchObject({ step: 'node-1/wait_drained', data: { outcome: 'done' } });

    const { exitCode } = await end();
    expect(exitCode, fsha.stdout().slice(-1_500)).toBe(0);
    const restart = fsha.events().find(isRestartIntent);
    expect(restart?.data.found).toBe(back);
    expect(looks(fsha.events()).at(-1)).toMatchObject({ sessions: 0, decision: 'drained' });
    const state = await finalState(cluster);
    expect(state).toBe('lb-1 AP, lb-2 AP; open; 2 restarts; no mark');
    table.add({
      case: 'node-1 is killed in the middle of the wait (kill -9), and comes back',
      did: 'said so, marked it again, went on',
      state,
      exit: exitCode,
    });
  });
});

describe('until the deadline', () => {
  const SHORT = ['--timeout', '6s'];

  test('blind, and ESL back during the undo: all as found', async () => {
    const calls = await hold(1);
    const { fsha, end } = await startRun(cluster, { flags: ['--json', ...SHORT] });
    await fsha.untilEvent(lookWhere(({ sessions }) => sessions === 1));
    await node.fault('refuseEsl');
    await fsha.untilEvent((event) => event.type === 'undo.started');
    await until('lb-1 and lb-2 have it again', async () =>
      (await cluster.flags()).every((list) => list[`1 ${node.destination}`] === 'AP'),
    );
    await node.clearFaults();
    const { exitCode, settled } = await end();
    expect(exitCode, fsha.stdout().slice(-1_500)).toBe(5);
    const { error, outcome, nodes } = settled;
    expect({ outcome, nodes }).toEqual({ outcome: 'restored', nodes: { 'node-1': 'in service' } });
    expect(error?.code).toBe('drain.expired');
    expect(error?.message).toMatch(
      /not drained: sessions unknown: .* refused the connection; it is given back/,
    );
    const state = await finalState(cluster);
    expect(state).toBe(AS_FOUND);
    expect(calls.up()).toEqual(['1000']);
    table.add({
      case: 'ESL refuses until the deadline, and is back during the undo',
      did: 'gave it back, and took its mark away when it could',
      state,
      exit: exitCode,
    });
  });

  test('blind, and blind for good: the FLAGS are given back, and the mark that stays is told', async () => {
    const calls = await holdAtNode(cluster, { '1000': 1 }, { holdMs: 150_000 });
    const { fsha, end } = await startRun(cluster, { flags: ['--json', ...SHORT] });
    await fsha.untilEvent(lookWhere(({ sessions }) => sessions === 1));
    await node.fault('silentEsl');
    const { exitCode, settled } = await end();
    expect(exitCode).toBe(9);
    expect(settled).toMatchObject({ outcome: 'unknown', nodes: { 'node-1': 'in service' } });
    expect(settled.next.map((command) => command.split(' ')[3])).toEqual(
      expect.arrayContaining(['status', 'show']),
    );
    const undo = only(fsha.events(), 'step.settled').find(({ step }) => step === 'node-1/restore');
    expect(undo?.data.error?.message).toMatch(/^ESL of node-1 \(\S+\) took the connection, but did not let/);
    expect(calls.up()).toEqual(['1000']);
    await node.clearFaults();
    const state = await finalState(cluster);
    expect(state).toBe('lb-1 AP, lb-2 AP; open; no restart; marked');
    table.add({
      case: 'ESL is silent until the deadline and beyond the undo',
      did: 'gave it back; its mark could not be taken away',
      state,
      exit: exitCode,
    });
  });
});

describe('between zero and the restart', () => {
  test('ESL falls silent when the node is empty: fenced when it answers again', async () => {
    const { fsha, end } = await startRun(cluster);
    await fsha.untilEvent(stepStarted('wait_drained'));
    await fsha.untilEvent(lookWhere(({ decision }) => decision === 'drained'));
    await node.fault('silentEsl');
    const blind = await fsha.untilEvent(
      (event) => event.type === 'step.retrying' || lookWhere(({ decision }) => decision === 'blind')(event),
    );
    expect(['node-1/fence', 'node-1/restart']).toContain(blind.step);
    await node.clearFaults();
    const { exitCode } = await end();
    expect(exitCode, fsha.stdout().slice(-1_500)).toBe(0);
    const state = await finalState(cluster);
    expect(state).toBe(IN_AGAIN);
    table.add({
      case: 'ESL falls silent once the node is empty',
      did: 'waited for it',
      state,
      exit: exitCode,
    });
  });

  test('ESL resets while the fence is set: looked at, and set once', async () => {
    const config = await cluster.configWith({ timeouts: { ...QUICK.settings.timeouts, request: '8s' } });
    const calls = await hold(1);
    const { fsha, end } = await startRun(cluster, { config });
    await fsha.untilEvent(lookWhere(({ sessions }) => sessions === 1));
    await node.fault('slowEsl', 150);
    await calls.hangUp();
    await fsha.untilEvent((event) => event.type === 'effect.intended' && event.data.effect === 'node.pause');
    await node.fault('resetEsl');
    const { exitCode } = await end();
    // It came to the node or not; nothing is given twice that was carried out once.
    const pauses = once(fsha).filter((effect) => effect.startsWith('fence: '));
    expect(['node.pause true done', 'node.pause true failed, node.pause true done']).toContain(
      pauses.map((effect) => effect.slice('fence: '.length)).join(', '),
    );
    expect(exitCode, fsha.stdout().slice(-1_500)).toBe(0);
    const state = await finalState(cluster);
    expect(state).toBe(IN_AGAIN);
    table.add({
      case: 'ESL resets while the node is fenced',
      did: 'looked, and went on',
      state,
      exit: exitCode,
    });
  });
});
