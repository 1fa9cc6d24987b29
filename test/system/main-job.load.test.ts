import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readFlags } from '../../src/domain/dispatcher-state.ts';
import type { EventOf, EventType, RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { readEvents, runFsha } from './harness/fsha.ts';
import { startRealCluster, type RealCluster } from './harness/real-cluster.ts';
import type { SippCounts } from './harness/sipp-counts.ts';
import type { NodeLogLine } from './harness/stand-in-node.ts';

const RATE = 10;
const HOLD_MS = [5_000, 15_000] as const;
/** So many calls are up on node-1 before it is drained. */
const BUSY = 60;

/** What happened, seen from outside fsha. */
interface Outcome {
  readonly calls: readonly SippCounts[];
  readonly callTrouble: string;
  readonly log: readonly NodeLogLine[];
  readonly flagsBefore: unknown;
  readonly flagsAfter: unknown;
  readonly pausedBefore: unknown;
  readonly pausedAfter: unknown;
  readonly uuidBefore: string;
  readonly sessionsBefore: number;
}

async function callsAround(cluster: RealCluster, work: () => Promise<void>): Promise<Outcome> {
  const [node] = cluster.nodes;
  const flagsBefore = await cluster.flags();
  const callers = await Promise.all(
    cluster.proxies.map(({ sip }) => cluster.call({ proxy: sip, callsPerSecond: RATE, holdMs: HOLD_MS })),
  );
  const busy = await until(
    `${BUSY} calls are up on ${node.name}`,
    async () => {
      const stats = await node.stats();
      return stats.sessionsNow >= BUSY && stats;
    },
    60_000,
  );
  await work();
  const returned = Date.now();
  await until(
    `${node.name} takes calls again`,
    () => invites(node.log()).filter(({ at }) => at > returned).length >= 20,
  );
  const calls = await Promise.all(callers.map((caller) => caller.finish()));
  return {
    calls,
    callTrouble: callers.map((caller) => caller.errors()).join(''),
    log: node.log(),
    flagsBefore,
    flagsAfter: await cluster.flags(),
    pausedBefore: busy.paused,
    pausedAfter: (await node.stats()).paused,
    uuidBefore: busy.coreUuid,
    sessionsBefore: busy.sessionsNow,
  };
}

function invites(log: readonly NodeLogLine[]): readonly (NodeLogLine & { event: 'invite' })[] {
  return log.filter((line) => line.event === 'invite');
}

function only<T extends EventType>(events: readonly RunEvent[], type: T): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

/** Wall clock, ms: between the two, no proxy would send a new call to the node, as its own answers said. */
function outOfService(events: readonly RunEvent[], proxies: number): { from: number; to: number } {
  const disabled = new Map<string, number>();
  for (const { at, data } of only(events, 'effect.settled')) {
    if (data.effect !== 'dispatcher.state' || disabled.has(data.target.proxy)) continue;
    if (data.read !== null && readFlags(data.read)?.state === 'disabled')
      disabled.set(data.target.proxy, Date.parse(at));
  }
  expect(disabled.size).toBe(proxies);
  const back = only(events, 'effect.intended').find(
    ({ data }) => data.effect === 'dispatcher.state' && ['ip', 'a', 'ap'].includes(data.wanted),
  );
  if (back === undefined) throw new Error('the run never set the node active again');
  return { from: Math.max(...disabled.values()), to: Date.parse(back.at) };
}

function journal(stateDir: string): string {
  const runs = join(stateDir, 'runs');
  const [file, ...more] = readdirSync(runs).filter((name) => name.endsWith('.ndjson'));
  if (file === undefined || more.length > 0) throw new Error(`there is not exactly one journal in ${runs}`);
  return readFileSync(join(runs, file), 'utf8');
}

function figures(
  outcome: Outcome,
  events: readonly RunEvent[],
  window: { from: number; to: number },
  ms: number,
): string {
  const sum = (of: keyof SippCounts): number =>
    outcome.calls.reduce((total, counts) => total + counts[of], 0);
  const steps = only(events, 'step.settled').map(
    ({ step, data }) => `${step ?? '?'} ${data.outcome} in ${(data.ms / 1_000).toFixed(1)} s`,
  );
  const restart = outcome.log.find((line) => line.event === 'stop');
  const observed = only(events, 'step.progress').map(({ data }) => data.observation.sessions ?? 'unknown');
  return [
    `calls made ${sum('created')}, successful ${sum('successful')}, failed ${sum('failed')}`,
    `sessions on node-1: ${outcome.sessionsBefore} before, while draining ${observed.join(' ')}, cut by the restart ${restart?.event === 'stop' ? restart.cut : 'unknown'}`,
    `out of service for ${((window.to - window.from) / 1_000).toFixed(1)} s, fsha ran ${(ms / 1_000).toFixed(1)} s`,
    ...steps,
  ].join('\n  ');
}

describe.each([
  { how: 'everything reached directly', via: 'direct', jump: false },
  { how: 'everything over SSH and through a jump host', via: 'ssh', jump: true },
] as const)('the main job, $how', ({ how, via, jump }) => {
  test('node-1 is drained, restarted and back in, and no call fails', async () => {
    const cluster = await startRealCluster({ via, jump });
    try {
      const [node] = cluster.nodes;
      let result = { exitCode: null as number | null, stdout: '', stderr: '', ms: 0 };
      const outcome = await callsAround(cluster, async () => {
        result = await runFsha(['drain', node.name, '--config', cluster.configFile, '--json'], 150_000);
        const said = `${result.stderr}\n${result.stdout.split('\n').slice(-20).join('\n')}`;
        expect(result.exitCode, `the exit code of fsha drain, which said:\n${said}`).toBe(0);
      });
      const events = readEvents(result.stdout);
      const window = outOfService(events, cluster.proxies.length);
      console.log(`The main job, ${how}:\n  ${figures(outcome, events, window, result.ms)}`);

      // No call failed, neither as the callers see it nor as the node does.
      expect(outcome.callTrouble).toBe('');
      for (const counts of outcome.calls) {
        expect(counts.created).toBeGreaterThan(100);
        expect(counts).toMatchObject({ current: 0, successful: counts.created, failed: 0 });
      }
      expect(outcome.log.flatMap((line) => (line.event === 'stop' ? line.cut : []))).toEqual([0]);
      expect(invites(outcome.log).filter(({ code }) => code !== 200)).toEqual([]);

      // It was out for as long as fsha says, and in again afterwards.
      expect(invites(outcome.log).filter(({ at }) => at > window.from && at < window.to)).toEqual([]);
      expect(invites(outcome.log).some(({ at }) => at >= window.to)).toBe(true);
      expect(outcome.flagsAfter).toEqual(outcome.flagsBefore);
      expect(outcome.pausedAfter).toEqual(outcome.pausedBefore);

      // It is another FreeSWITCH, started exactly once, and fsha knows which.
      const starts = outcome.log.flatMap((line) => (line.event === 'start' ? line.coreUuid : []));
      expect(starts).toHaveLength(2);
      expect(starts[0]).toBe(outcome.uuidBefore);
      expect(starts[1]).not.toBe(starts[0]);
      const restarts = only(events, 'effect.settled').filter(({ data }) => data.effect === 'node.restart');
      expect(restarts.map(({ data }) => [data.outcome, data.read])).toEqual([['done', starts[1]]]);

      // The stream is whole, and the journal is the stream.
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(new Set(events.map(({ v, run }) => `${v} ${run}`)).size).toBe(1);
      expect(events[0]?.type).toBe('run.started');
      expect(events.at(-1)).toMatchObject({
        type: 'run.settled',
        data: { outcome: 'done', exit: 0, nodes: { [node.name]: 'in service' }, callsCut: 0 },
      });
      expect(only(events, 'drift.detected')).toEqual([]);
      expect(readEvents(journal(cluster.stateDir))).toEqual(events);
      expectRoute(cluster, { via, jump });
    } finally {
      await cluster.stop();
    }
  });
});

/** Every server that was to be reached through SSH was, and through the jump host where there was one. */
function expectRoute(cluster: RealCluster, { via, jump }: { via: 'direct' | 'ssh'; jump: boolean }): void {
  const forwardedBy = (host: string): readonly string[] => cluster.ssh.hosts.get(host)?.forwarded() ?? [];
  const jumped = new Set(cluster.ssh.jump.forwarded());
  for (const { esl } of cluster.nodes) {
    const expected = via === 'ssh' ? [`${esl.host}:${esl.port}`] : [];
    expect([...new Set(forwardedBy(esl.host))]).toEqual(expected);
  }
  for (const { sip, rpcUrl } of cluster.proxies) {
    const expected = via === 'ssh' ? [new URL(rpcUrl).host] : [];
    expect([...new Set(forwardedBy(sip.host))]).toEqual(expected);
  }
  expect(jumped.size > 0).toBe(jump);
  if (!jump) return;
  for (const [host, server] of cluster.ssh.hosts) {
    if (via === 'ssh') expect(jumped).toContain(`${host}:${server.port}`);
  }
}
