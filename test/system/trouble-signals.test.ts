/** SIGINT and SIGTERM in every step: how fsha ends, what it says, and what the servers are then. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Service } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { atRequestOf } from './harness/at-request-of.ts';
import { caseTable } from './harness/case-table.ts';
import type { Changes } from './harness/deep-merge.ts';
import { isRestartIntent, stepStarted, waits } from './harness/events-of.ts';
import { finalState, readFinalState } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import { oneCall } from './harness/hold-at-node.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { SETTERS } from './harness/rpc-gate.ts';
import { type EndedRun, type RunOf, startRun, WITH_GATES } from './harness/run-of.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
/** Behind the restart: out and fenced, whatever the signal. */
const OUT = 'lb-1 DX, lb-2 DX; paused; 1 restart; marked';
const table = caseTable('a signal in every step');

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startRealCluster(WITH_GATES);
});
beforeEach(async () => {
  await cluster.reset();
  rmSync(hookFile(), { force: true });
});
afterAll(() => cluster.stop());

interface Moment {
  readonly step: string;
  readonly settings?: Changes;
  /** Before fsha is started. */
  readonly before?: () => Promise<unknown>;
  /** Sees to it that `send` is called in that moment; resolves at the latest when it was. */
  readonly hit: (run: RunOf, send: () => void) => Promise<unknown>;
  readonly state: string;
  readonly node: Service;
  /** Instead of the signal's own. */
  readonly exit?: number;
  /** What `next` begins with, behind `fsha --config FILE`. */
  readonly next: readonly string[];
}

const READS = ['core.version', 'dispatcher.list'];

/** In the very moment in which the step first asks lb-1 something. */
const atFirstRequestOf =
  (kind: string, methods: readonly string[]) =>
  (run: RunOf, send: () => void): Promise<unknown> => {
    let sent = false;
    atRequestOf(
      cluster.gates[0],
      () => run,
      kind,
      methods,
      () => {
        sent = true;
        send();
      },
    );
    return until(`${kind} asks lb-1`, () => sent, 60_000);
  };

const MOMENTS: readonly Moment[] = [
  {
    step: 'preflight',
    hit: atFirstRequestOf('preflight', READS),
    state: WELL,
    node: 'unknown',
    next: ['doctor node-1'],
  },
  {
    step: 'deactivate',
    hit: atFirstRequestOf('deactivate', SETTERS),
    state: WELL,
    node: 'in service',
    next: ['drain node-1'],
  },
  {
    step: 'on_out',
    settings: { drain: { onOut: { command: 'echo begun > $HOOK_FILE; sleep 300', timeout: '4m' } } },
    hit: async (_run, send) => {
      await until('the command runs', () => existsSync(hookFile()), 60_000);
      send();
    },
    state: WELL,
    node: 'in service',
    next: ['drain node-1'],
  },
  {
    step: 'wait_drained',
    before: () => oneCall(cluster),
    hit: async (run, send) => {
      await run.until('it waits', waits);
      send();
    },
    state: WELL,
    node: 'in service',
    next: ['drain node-1'],
  },
  {
    step: 'fence',
    hit: async (run, send) => {
      await run.until('the wait has begun', stepStarted('wait_drained'));
      // Each answer of the node's takes its time: what the fence asks after it has paused it, too.
      await cluster.nodes[0].fault('slowEsl', 40);
      await run.until(
        'the fence is up',
        (event) => event.type === 'effect.settled' && event.data.effect === 'node.pause',
      );
      send();
    },
    state: WELL,
    node: 'in service',
    next: ['drain node-1'],
  },
  {
    step: 'restart (last look)',
    hit: atFirstRequestOf('restart', READS),
    state: WELL,
    node: 'in service',
    next: ['drain node-1'],
  },
  {
    step: 'restart (it boots)',
    before: () => cluster.nodes[0].fault('slowBoot', 1_000),
    hit: async (run, send) => {
      const [node] = cluster.nodes;
      await run.until('the restart is announced', isRestartIntent);
      await until('it boots', () => node.starts() > cluster.startsBefore(node), 30_000);
      send();
    },
    state: OUT,
    node: 'out of service',
    exit: 9,
    next: ['status', 'show RUN', 'activate node-1'],
  },
  {
    step: 'verify',
    before: () => cluster.nodes[0].fault('noGateway', true, 'nextStart'),
    hit: async (run, send) => {
      await run.until(
        'it is not well yet',
        (event) => event.type === 'step.retrying' && event.step === 'node-1/verify',
      );
      send();
    },
    state: OUT,
    node: 'out of service',
    next: ['activate node-1'],
  },
  {
    step: 'activate (at lb-1’s ip)',
    hit: atFirstRequestOf('activate', SETTERS),
    state: OUT,
    node: 'out of service',
    next: ['activate node-1'],
  },
  {
    step: 'activate (soak)',
    settings: { verify: { minSoak: '60s' } },
    hit: async (run, send) => {
      await run.until('it goes back in', stepStarted('activate'));
      await until('it is in', async () =>
        Object.values((await readFinalState(cluster)).flags).every((flags) => flags === 'AP'),
      );
      send();
    },
    state: OUT,
    node: 'out of service',
    next: ['activate node-1'],
  },
];

const hookFile = (): string => join(cluster.directory, 'hook');

describe.each(MOMENTS)('in $step', (moment) => {
  test.each([
    ['SIGINT', 130, ['--json']],
    // Without --json, as people see it.
    ['SIGTERM', 143, []],
  ] as const)('%s: exit %i', async (signal, own, flags) => {
    await moment.before?.();
    const env = { HOOK_FILE: hookFile() };
    const run = await startRun(cluster, { flags, settings: moment.settings ?? {}, env });
    await moment.hit(run, () => run.fsha.send(signal));
    const ended = await run.end();
    const state = await finalState(cluster);
    const did = `${ended.settled.outcome}: ${ended.settled.nodes['node-1'] ?? ''}`;
    table.add({ case: `${signal} in ${moment.step}`, did, state, exit: ended.exitCode });
    const exit = moment.exit ?? own;
    expect(ended.settled.error?.code).toMatch(/^(interrupted|effect.unknown)$/);
    expect([ended.exitCode, ended.settled.exit]).toEqual([exit, exit]);
    expect(state).toBe(moment.state);
    expect(ended.settled.nodes).toEqual({ 'node-1': moment.node });
    const id = ended.events[0]?.run ?? '';
    expect(ended.settled.next.map((line) => line.replace(/^fsha --config \S+ /, ''))).toEqual(
      moment.next.map((line) => line.replace('RUN', id)),
    );
    if (flags.length === 0) expectLastWords(ended, moment.node);
    else expect(only(run.fsha.events(), 'run.settled')).toHaveLength(1);
    const requests = only(ended.events, 'request.received').map(({ data }) => [data.request.kind, data.by]);
    expect(requests).toEqual([['abort', signal]]);
  });
});

/** What is changed and what to run, in the last lines. */
function expectLastWords({ stdout, settled }: EndedRun, service: Service): void {
  const lines = stdout.trimEnd().split('\n');
  const last = lines.slice(lines.findLastIndex((line) => /^\d\d:\d\d:\d\d /.test(line)));
  expect(last[0]).toContain(`(exit ${settled.exit}: `);
  expect(last.join('\n')).toContain(`node-1: ${service}`);
  expect(last.slice(-settled.next.length).map((line) => line.trim())).toEqual(settled.next);
}
