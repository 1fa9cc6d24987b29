/**
 * What hundreds of nodes cost: `status` and a dry run over 500 light stand-in nodes behind three stand-in proxies, rolling runs over
 * 10, over 100, and over 100 of the 500. By hand, on a quiet machine: npm run bench:scale. The stand-ins take their share of the
 * processors, which they do not in real life: wall times are upper bounds, what fsha's own process used is printed beside them.
 */
import { loadavg } from 'node:os';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { type Measured, measureFsha } from './scale/measured-fsha.ts';
import { type ScaleCluster, startScaleCluster } from './scale/scale-cluster.ts';

const NODES = Number(process.env['FSHA_BENCH_NODES'] ?? 500);
/** Of the largest cluster, so many are restarted. */
const SLICE = Math.min(100, NODES);
const GOAL = { statusMs: 1_500, statusMb: 200 };
/** Of one look, of one run, and of a test with all of its runs: a run that hangs is ended by its own limit, and leaves nothing behind. */
const LOOK_LIMIT = 120_000;
const RUN_LIMIT = 1_200_000;
const LIMIT = 3_000_000;
const ROLLING = ['--max-unavailable', '5%', '--pause', '0s', '--json'] as const;

interface Row {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly memoryMb: number;
  readonly sockets: number;
  readonly load: number;
}

interface RollingRow extends Row {
  readonly restarted: number;
  readonly batches: number;
  /** Of a batch, less what it has to wait whatever fsha does: drain, restart, probing, soak. */
  readonly wallPerBatchOverWaits: number;
  readonly cpuMsPerNodeSecond: number;
  readonly cpuSecondsPerRestart: number;
  readonly listsPerProxyAndSecond: number;
  readonly listsPerProxyAndRestart: number;
}

const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));

function rowOf({ wallMs, cpuMs, memoryMb, sockets }: Measured): Row {
  return {
    wallSeconds: rounded(wallMs / 1_000),
    cpuSeconds: rounded(cpuMs / 1_000),
    memoryMb: rounded(memoryMb, 0),
    sockets,
    load: rounded(loadavg()[0] ?? Number.NaN, 1),
  };
}

/** The best of three: a look is over in a moment, and anything else on the machine is in it. */
async function statusOf(cluster: ScaleCluster): Promise<Row> {
  const looks: Measured[] = [];
  for (let nth = 0; nth < 3; nth += 1) {
    const look = await measureFsha(['status', '--config', cluster.configFile], LOOK_LIMIT);
    expect(look.exit, look.stdout.slice(-2_000)).toBe(0);
    looks.push(look);
  }
  const [best] = looks.sort((a, b) => a.wallMs - b.wallMs);
  if (best === undefined) throw new Error('nothing was measured');
  return rowOf({ ...best, memoryMb: Math.max(...looks.map(({ memoryMb }) => memoryMb)) });
}

/** @param nodes of the cluster; all of them are read at every poll @param which the words that name those to be restarted */
async function rollingOver(
  cluster: ScaleCluster,
  nodes: number,
  which: readonly string[],
): Promise<RollingRow> {
  const before = await cluster.lists();
  const run = await measureFsha(['rolling', ...which, ...ROLLING, '--config', cluster.configFile], RUN_LIMIT);
  expect(run.exit, run.stderr + run.stdout.slice(-2_000)).toBe(0);
  const after = await cluster.lists();
  const events = run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as RunEvent);
  const lists = Math.max(...after.map((count, index) => count - (before[index] ?? 0)));
  const restarted = events.filter(isRestart).length;
  const batches = events.filter(({ type }) => type === 'batch.started').length;
  const seconds = run.wallMs / 1_000;
  return {
    ...rowOf(run),
    restarted,
    batches,
    wallPerBatchOverWaits: rounded((seconds - waited(events)) / batches),
    cpuMsPerNodeSecond: rounded(run.cpuMs / nodes / seconds),
    cpuSecondsPerRestart: rounded(run.cpuMs / 1_000 / restarted),
    listsPerProxyAndSecond: rounded(lists / seconds),
    listsPerProxyAndRestart: rounded(lists / restarted, 1),
  };
}

function isRestart(event: RunEvent): boolean {
  return (
    event.type === 'effect.settled' && event.data.effect === 'node.restart' && event.data.outcome === 'done'
  );
}

/** Seconds in which somebody was waited for: in each batch, the longest way of a node through the steps that wait for others. */
function waited(events: readonly RunEvent[]): number {
  const steps = ['wait_drained', 'restart', 'activate'];
  let seconds = 0;
  let batch = new Map<string, number>();
  for (const event of events) {
    if (event.type === 'step.settled' && event.node !== undefined) {
      const kind = event.step?.split('/').at(-1) ?? '';
      if (steps.includes(kind)) batch.set(event.node, (batch.get(event.node) ?? 0) + event.data.ms / 1_000);
    } else if (event.type === 'batch.settled') {
      seconds += Math.max(0, ...batch.values());
      batch = new Map();
    }
  }
  return seconds;
}

async function on<T>(nodes: number, work: (cluster: ScaleCluster) => Promise<T>): Promise<T> {
  const cluster = await startScaleCluster(nodes);
  try {
    return await work(cluster);
  } finally {
    await cluster.stop();
  }
}

/** One connection to each node and proxy, SSH to each node in hand, and a few for what is done on the proxies meanwhile. */
const mostSockets = (nodes: number, inHand: number): number => nodes + 2 * inHand + 30;

// At 10 nodes 5% is one at a time, at 100 it is five. So a run over 100 takes twice the time in which every node is read: cost is
// compared for a node and a second, and wall time for a batch.
test('rolling over 10 and over 100 nodes', { timeout: LIMIT }, async () => {
  const ten = await on(10, (cluster) => rollingOver(cluster, 10, ['--all']));
  const hundred = await on(100, (cluster) => rollingOver(cluster, 100, ['--all']));
  console.table({ 'rolling, 10 of 10': ten, 'rolling, 100 of 100': hundred });
  const ratios = [
    'cpuMsPerNodeSecond',
    'cpuSecondsPerRestart',
    'wallPerBatchOverWaits',
    'listsPerProxyAndSecond',
    'listsPerProxyAndRestart',
  ] as const;
  console.table(
    Object.fromEntries(ratios.map((of) => [of, { '100 to 10': rounded(hundred[of] / ten[of]) }])),
  );
  expect([ten.restarted, hundred.restarted]).toEqual([10, 100]);
  expect(ten.sockets).toBeLessThanOrEqual(mostSockets(10, 1));
  expect(hundred.sockets).toBeLessThanOrEqual(mostSockets(100, 5));
});

test('a look at 500 nodes, a dry run, and a rolling run over 100 of them', { timeout: LIMIT }, async () => {
  await on(NODES, async (cluster) => {
    const status = await statusOf(cluster);
    console.table({ [`status of ${NODES}`]: status });
    const config = ['--config', cluster.configFile];
    const planned = await measureFsha(['rolling', '--all', '--dry-run', ...ROLLING, ...config], RUN_LIMIT);
    expect(planned.exit, planned.stderr + planned.stdout.slice(-2_000)).toBe(0);
    const dryRun = rowOf(planned);
    console.table({ [`status of ${NODES}`]: status, 'rolling --all --dry-run': dryRun });
    const slice = await rollingOver(cluster, NODES, ['--select', 'slice=first-100']);
    console.table({ [`rolling, ${SLICE} of ${NODES}`]: slice });
    expect(slice.restarted).toBe(SLICE);
    expect(slice.sockets).toBeLessThanOrEqual(mostSockets(NODES, Math.floor(NODES * 0.05)));
    expect(status.memoryMb).toBeLessThanOrEqual(GOAL.statusMb);
    expect(status.wallSeconds * 1_000).toBeLessThanOrEqual(GOAL.statusMs);
  });
});
