/**
 * The proof: calls at a rate over two real Kamailio, all nodes restarted one after the other twice in the middle, a reload thrown in;
 * by fsha, and the plain way. By hand, on a quiet machine: npm run bench:rolling [FSHA_BENCH_CALLS=10000].
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { journalEvents, only, startFsha } from '../system/harness/fsha.ts';
import { type RealCluster, startRealCluster } from '../system/harness/real-cluster.ts';
import type { RunningSipp, SippCounts } from '../system/harness/sipp.ts';
import { until } from '../support/until.ts';

const CALLS = Number(process.env['FSHA_BENCH_CALLS'] ?? 10_000);
/** Through each of the two proxies. */
const RATE = 15;
const HOLD_MS = [3_000, 20_000] as const;
const PLAIN = fileURLToPath(new URL('plain-rolling.sh', import.meta.url));
const run = promisify(execFile);

interface Figures {
  readonly calls: number;
  readonly failed: number;
  readonly retransmissions: number;
  readonly longestSetUpMs: number;
  readonly drains: number;
  readonly restarts: number;
  readonly seconds: number;
  readonly cutByRestarts: number;
}

/** @param rolling restarts all nodes once; told which time it is */
async function measured(rolling: (cluster: RealCluster, nth: number) => Promise<number>): Promise<Figures> {
  const cluster = await startRealCluster({ via: 'direct', jump: false, nodes: 3 });
  try {
    const callers = await Promise.all(
      cluster.proxies.map(({ sip }) =>
        cluster.call({ proxy: sip, callsPerSecond: RATE, holdMs: HOLD_MS, setUpTimes: true }),
      ),
    );
    const created = (): number => callers.reduce((sum, caller) => sum + caller.counts().created, 0);
    await until('calls are up everywhere', () => created() >= RATE * 20, 120_000);
    const began = performance.now();
    let drains = 0;
    for (const nth of [1, 2]) drains += await rolling(cluster, nth);
    const seconds = (performance.now() - began) / 1_000;
    await until(`${CALLS} calls were made`, () => created() >= CALLS, 3_600_000);
    const counts = await Promise.all(callers.map((caller) => caller.finish()));
    const sum = (of: keyof SippCounts): number => counts.reduce((total, one) => total + one[of], 0);
    return {
      calls: sum('created'),
      failed: sum('created') - sum('successful'),
      retransmissions: sum('retransmissions'),
      longestSetUpMs: Math.max(...callers.map((caller: RunningSipp) => caller.longestSetUpMs())),
      drains,
      restarts: cluster.nodes.reduce((total, node) => total + node.starts() - cluster.startsBefore(node), 0),
      seconds,
      cutByRestarts: cluster.nodes
        .flatMap((node) => node.log())
        .reduce((total, line) => total + (line.event === 'stop' ? line.cut : 0), 0),
    };
  } finally {
    await cluster.stop();
  }
}

async function withFsha(cluster: RealCluster, nth: number): Promise<number> {
  const fsha = await startFsha(
    ['rolling', '--all', '--pause', '2s', '--json', '--config', cluster.configFile],
    {
      limitMs: 1_200_000,
    },
  );
  if (nth === 1) {
    await fsha.untilEvent(
      (event) => event.type === 'step.started' && event.step === 'node-2/wait_drained',
      600_000,
    );
    await cluster.proxies[0].reload();
  }
  const { exitCode, stderr } = await fsha.done;
  expect(exitCode, stderr).toBe(0);
  const events = journalEvents(cluster.stateDir).at(-1) ?? [];
  return only(events, 'step.settled').filter(
    ({ step, data }) => step?.endsWith('/wait_drained') === true && data.outcome === 'succeeded',
  ).length;
}

async function thePlainWay(cluster: RealCluster, nth: number): Promise<number> {
  const nodes = cluster.nodes.map(
    ({ destination, esl, restartCommand }) => `${destination}|${esl.host}|${esl.password}|${restartCommand}`,
  );
  const running = run('bash', [PLAIN, cluster.proxies.map(({ rpcUrl }) => rpcUrl).join(' '), ...nodes], {
    timeout: 1_200_000,
  });
  if (nth === 1) {
    await until('its second node is restarted or about to be', () => cluster.nodes[0].starts() > 1, 600_000);
    await cluster.proxies[0].reload();
  }
  await running;
  return cluster.nodes.length;
}

test('rolling restarts under load, by fsha and the plain way', async () => {
  const fsha = await measured(withFsha);
  const plain = await measured(thePlainWay);
  console.table({ 'fsha rolling --all, twice': fsha, 'the plain way, twice': plain });
  expect(fsha).toMatchObject({ failed: 0, restarts: 6, cutByRestarts: 0 });
}, 7_200_000);
