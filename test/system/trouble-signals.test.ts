/** SIGINT and SIGTERM in every step, SIGHUP where it counts: how fsha ends, what it says, and what the servers are then. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Service } from '../../src/domain/run-events.ts';
import { caseTable } from './harness/case-table.ts';
import { deepMerge } from './harness/deep-merge.ts';
import { finalState } from './harness/final-state.ts';
import { only } from './harness/fsha.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { type EndedRun, startRun, WITH_GATES } from './harness/run-of.ts';
import { type Moment, signalMoments } from './harness/signal-moments.ts';

const table = caseTable('a signal in every step');

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(async () => {
  await cluster.reset();
  rmSync(hookFile(), { force: true });
});
afterAll(() => cluster.stop());

const hookFile = (): string => join(cluster.directory, 'hook');
const MOMENTS = signalMoments(() => cluster, hookFile);

/** @param own the signal's own exit code */
async function stopped(
  moment: Moment,
  signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP',
  own: number,
  flags: readonly string[],
): Promise<void> {
  await moment.before?.();
  const env = { HOOK_FILE: hookFile() };
  const settings = deepMerge(moment.settings ?? {}, signal === 'SIGHUP' ? RESTORE : {});
  const run = await startRun(cluster, { flags, settings, env });
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
}

describe.each(MOMENTS)('in $step', (moment) => {
  test.each([
    ['SIGINT', 130, ['--json']],
    // Without --json, as people see it.
    ['SIGTERM', 143, []],
  ] as const)('%s: exit %i', (signal, own, flags) => stopped(moment, signal, own, flags));
});

const RESTORE = { drain: { onHangup: 'restore' } };
/** In the wait it is tested with real terminals. */
const ON_HANGUP = ['deactivate', 'restart (last look)', 'restart (it boots)', 'verify', 'activate (soak)'];

test.each(MOMENTS.filter(({ step }) => ON_HANGUP.includes(step)))(
  'SIGHUP in $step, onHangup: restore',
  (moment) => stopped(moment, 'SIGHUP', 129, ['--json']),
);

/** What is changed and what to run, in the last lines. */
function expectLastWords({ stdout, settled }: EndedRun, service: Service): void {
  const lines = stdout.trimEnd().split('\n');
  const last = lines.slice(lines.findLastIndex((line) => /^\d\d:\d\d:\d\d /.test(line)));
  expect(last[0]).toContain(`(exit ${settled.exit}: `);
  expect(last.join('\n')).toContain(`node-1: ${service}`);
  expect(last.slice(-settled.next.length).map((line) => line.trim())).toEqual(settled.next);
}
