/**
 * The proof: calls at a rate over two real Kamailio, all nodes restarted one after the other twice in the middle, a reload thrown in;
 * by fsha, and the plain way. By hand, on a quiet machine: npm run bench:rolling. With FSHA_BENCH_CALLS=600 a short form.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { journalEvents, only, startFsha } from '../system/harness/fsha.ts';
import type { RealCluster } from '../system/harness/real-cluster.ts';
import { startServer } from '../system/harness/server-process.ts';
import { until } from '../support/until.ts';
import {
  asMarkdown,
  CALLS,
  type Figures,
  HOLD_MS,
  measured,
  PAUSE_SECONDS,
  ROUNDS,
} from './rolling-figures.ts';

const PLAIN = fileURLToPath(new URL('plain-rolling.sh', import.meta.url));
const LIMIT_MS = 1_200_000;
/** The plain way waits for a node's calls three times as long as the longest call lasts. */
const PLAIN_LIMIT_SECONDS = (3 * HOLD_MS[1]) / 1_000;

const ways = new Map<string, Figures>();
afterAll(() => {
  const memory = [...ways.values()].map(({ sippMb }) => sippMb.toFixed(0)).join(', ');
  console.log(`${asMarkdown(ways)}\n\nSIPp's memory at most, MB: ${memory}`);
});

async function measure(
  name: string,
  rolling: (cluster: RealCluster, round: number) => Promise<number>,
): Promise<Figures> {
  const figures = await measured(rolling);
  ways.set(name, figures);
  // What makes the figures worth reading, whatever they are.
  expect(figures.calls).toBeGreaterThanOrEqual(CALLS);
  expect(figures.restarts).toBe(3 * ROUNDS);
  expect(figures.failed).toBeGreaterThanOrEqual(figures.cut);
  expect(figures.kamailioTrouble).toEqual([]);
  return figures;
}

test('fsha', async () => {
  let drifts = 0;
  const figures = await measure('`fsha rolling --all`', async (cluster, round) => {
    const fsha = await startFsha(
      ['rolling', '--all', '--pause', `${PAUSE_SECONDS}s`, '--json', '--config', cluster.configFile],
      { limitMs: LIMIT_MS },
    );
    if (round === 1) {
      await fsha.untilEvent(
        (event) => event.type === 'step.started' && event.step === 'node-2/wait_drained',
        LIMIT_MS,
      );
      await cluster.proxies[0].reload();
    }
    const { exitCode, stderr } = await fsha.done;
    expect(exitCode, stderr).toBe(0);
    const events = journalEvents(cluster.stateDir).at(-1) ?? [];
    drifts += only(events, 'drift.detected').length;
    return only(events, 'step.settled').filter(
      ({ step, data }) => step?.endsWith('/wait_drained') === true && data.outcome === 'succeeded',
    ).length;
  });
  expect(figures).toMatchObject({ failed: 0, cut: 0, hungUp: 0, refusals: 0, drains: 3 * ROUNDS });
  // The reload did enable the node.
  expect(drifts).toBeGreaterThan(0);
}, 7_200_000);

test.each(['i', 'd'])(
  'the plain way with %s',
  async (state) => {
    await measure(`shell loop, \`${state}\``, async (cluster, round) => {
      const nodes = cluster.nodes.map((node) =>
        [node.name, node.destination, node.esl.host, node.esl.password, node.restartCommand].join('|'),
      );
      const sockets = cluster.proxies.map(({ kamcmdSocket }) => kamcmdSocket).join(' ');
      const plain = await startServer('bash', [
        ...[PLAIN, state, String(PLAIN_LIMIT_SECONDS), String(PAUSE_SECONDS), sockets, ...nodes],
      ]);
      try {
        if (round === 1) {
          await until('it waits for node-2', () => plain.log().includes('waiting for node-2'), LIMIT_MS);
          await cluster.proxies[0].reload();
        }
        await until('it has ended', () => plain.ended, LIMIT_MS);
        expect(await plain.end, plain.log()).toBe(0);
        return plain.log().match(/^drained node-\d$/gm)?.length ?? 0;
      } finally {
        await plain.stop();
      }
    });
  },
  7_200_000,
);
