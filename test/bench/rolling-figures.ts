/** Calls at a rate over two real Kamailio while all nodes are restarted in some way; what became of them, counted. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { type RealCluster, startRealCluster } from '../system/harness/real-cluster.ts';
import { hungUpByFarSide, lostCalls, type SippCounts } from '../system/harness/sipp-counts.ts';
import { until } from '../support/until.ts';

/** At least so many are made; below 5,000 it is one round with shorter calls, to see whether all this works. */
export const CALLS = Number(process.env['FSHA_BENCH_CALLS'] ?? 10_000);
const SHORT = CALLS < 5_000;
export const ROUNDS = SHORT ? 1 : 2;
export const HOLD_MS = SHORT ? ([3_000, 8_000] as const) : ([3_000, 20_000] as const);
/** Between two nodes. */
export const PAUSE_SECONDS = 2;
/** Through each of the two proxies. */
const RATE = 15;
const NODES = 3;
const LIMIT_MS = 1_800_000;

/** Those of the reference system; a failed INVITE goes on to the next node after 2 s instead of 30. */
const KAMAILIO = { pingInterval: 10, probingThreshold: 3, frTimer: 2_000, kamcmd: true } as const;

export interface Figures {
  readonly calls: number;
  /** Not successful, whatever the reason, those that were up when SIPp ended included. */
  readonly failed: number;
  /** Of these, hung up by their node: what the callers heard. */
  readonly hungUp: number;
  /** Calls that were up when a node was stopped: what the nodes logged. */
  readonly cut: number;
  /** INVITEs that a node answered with anything but 200; the proxy may have tried another one. */
  readonly refusals: number;
  readonly retransmissions: number;
  readonly longestSetUpMs: number;
  /** Restarts before which no call was left, as the one who restarts saw it. */
  readonly drains: number;
  readonly restarts: number;
  readonly seconds: number;
  /** Of the machine, the lowest and the highest of one minute. */
  readonly load: readonly [number, number];
  /** The most that one SIPp had in memory, MB. */
  readonly sippMb: number;
  /** What Kamailio said of memory that was not enough; empty is good. */
  readonly kamailioTrouble: readonly string[];
}

/**
 * @param rolling restarts all nodes once, told which round it is; resolves with how many of them had no call left
 * @throws when calls or a round do not come to their end within half an hour
 */
export async function measured(
  rolling: (cluster: RealCluster, round: number) => Promise<number>,
): Promise<Figures> {
  const cluster = await startRealCluster({
    ...{ via: 'direct', jump: false, nodes: NODES, kamailio: [KAMAILIO, KAMAILIO] },
  });
  const loads = [loadavg()[0] ?? Number.NaN];
  const clock = setInterval(() => loads.push(loadavg()[0] ?? Number.NaN), 5_000);
  try {
    const callers = await Promise.all(
      cluster.proxies.map(({ sip }) =>
        cluster.call({ proxy: sip, callsPerSecond: RATE, holdMs: HOLD_MS, setUpTimes: true }),
      ),
    );
    const created = (): number => callers.reduce((sum, caller) => sum + caller.counts().created, 0);
    // From then on as many calls end as begin.
    const steady = (2 * RATE * HOLD_MS[1]) / 1_000;
    await until('as many calls as it will be', () => created() >= steady, 120_000);
    const began = performance.now();
    let drains = 0;
    for (let round = 1; round <= ROUNDS; round += 1) drains += await rolling(cluster, round);
    const seconds = (performance.now() - began) / 1_000;
    await until(`${CALLS} calls were made`, () => created() >= CALLS, LIMIT_MS);
    const sippMb = Math.max(...callers.map(({ pid }) => peakMb(pid)));
    const counts = await Promise.all(callers.map((caller) => caller.finish()));
    const sum = (of: keyof SippCounts): number => counts.reduce((total, one) => total + one[of], 0);
    const log = cluster.nodes.flatMap((node) => node.log());
    return {
      calls: sum('created'),
      failed: counts.reduce((total, one) => total + lostCalls(one), 0),
      hungUp: callers.reduce((total, caller) => total + hungUpByFarSide(caller.errors()), 0),
      cut: log.reduce((total, line) => total + (line.event === 'stop' ? line.cut : 0), 0),
      refusals: log.filter((line) => line.event === 'invite' && line.code !== 200).length,
      retransmissions: sum('retransmissions'),
      longestSetUpMs: Math.max(...callers.map((caller) => caller.longestSetUpMs())),
      drains,
      restarts: cluster.nodes.reduce((total, node) => total + node.starts() - cluster.startsBefore(node), 0),
      seconds,
      load: [Math.min(...loads), Math.max(...loads)],
      sippMb,
      kamailioTrouble: cluster.proxies.flatMap((proxy) =>
        proxy
          .log()
          .split('\n')
          .filter((line) => /out of (pkg|shm|mem)|no (more )?(pkg|shm|mem)|could not allocate/i.test(line)),
      ),
    };
  } finally {
    clearInterval(clock);
    await cluster.stop();
  }
}

/** What a process has had in memory at most. */
function peakMb(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1_024;
}

/** Markdown, a column for each way. */
export function asMarkdown(ways: ReadonlyMap<string, Figures>): string {
  const restarts = NODES * ROUNDS;
  const rows: readonly (readonly [string, (one: Figures) => string])[] = [
    ['calls', (one) => number(one.calls)],
    ['**failed**', (one) => `**${number(one.failed)}**`],
    ['of these hung up by their node, as the callers heard', (one) => number(one.hungUp)],
    ['calls up on a node that was stopped, as the nodes logged', (one) => number(one.cut)],
    ['requests sent again by the callers', (one) => number(one.retransmissions)],
    ['longest set-up', (one) => `${number(Math.round(one.longestSetUpMs))} ms`],
    ['drains that came to zero', (one) => `${one.drains} of ${restarts}`],
    ['restarts', (one) => String(one.restarts)],
    [`all nodes, ${ROUNDS === 1 ? 'once' : 'twice'}`, (one) => `${one.seconds.toFixed(0)} s`],
    ['load of the machine', (one) => one.load.map((load) => load.toFixed(1)).join(' to ')],
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const figures = [...ways.values()];
  const held = HOLD_MS.map((ms) => ms / 1_000).join(' to ');
  return [
    `${2 * RATE} calls/s of ${held} s through two Kamailio, ${NODES} nodes, ${restarts} restarts, one dispatcher.reload, ${cpus().length} cores.`,
    '',
    line(['', ...ways.keys()]),
    line(['---', ...figures.map(() => '--:')]),
    ...rows.map(([name, of]) => line([name, ...figures.map(of)])),
  ].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
