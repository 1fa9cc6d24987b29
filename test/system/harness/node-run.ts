/** A run of fsha on node-1 that has ended, as tests of a node in trouble ask for it. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { ErrorInfo } from '../../../src/domain/errors.ts';
import type { EffectSettled, RunEvent, RunSettled } from '../../../src/domain/run-events.ts';
import { until } from '../../support/until.ts';
import { type FshaResult, only, readEvents, type StartedFsha, startFsha } from './fsha.ts';
import type { RealCluster } from './real-cluster.ts';

export interface NodeRun {
  readonly exit: number | null;
  readonly events: readonly RunEvent[];
  readonly settled: RunSettled;
  /** Messages of all warnings, in order. */
  readonly warnings: readonly string[];
  readonly stderr: string;
  /** How the restart ended; undefined where none was intended. */
  readonly restart: EffectSettled | undefined;
  /** Why the step of that kind failed; undefined where it did not, or was not reached. */
  failed(kind: string): ErrorInfo | undefined;
}

/** For a loaded machine: `ssh -G` alone may take longer than the harness's quick settings give the whole login. */
export const PATIENT = { timeouts: { connect: '6s', request: '3s' } } as const;

/** Waits for something that happens while fsha runs. @throws with what fsha said when it ends before that */
export function whileItRuns(fsha: StartedFsha, what: string, look: () => boolean): Promise<unknown> {
  const ended = fsha.done.then(({ exitCode, stdout }) => {
    throw new Error(`fsha ended (exit ${exitCode}) before ${what}: ${stdout.slice(-2_000)}`);
  });
  return Promise.race([until(what, look, 60_000), ended]);
}

/** Starts `fsha COMMAND node-1 --json`; `drain` unless told. */
export function startRun(
  config: string,
  command: 'drain' | 'activate' | 'deactivate' = 'drain',
  ...more: readonly string[]
): Promise<StartedFsha> {
  return startFsha([command, 'node-1', ...more, '--json', '--config', config]);
}

export async function endedRun(fsha: StartedFsha | Promise<StartedFsha>): Promise<NodeRun> {
  return nodeRun(await (await fsha).done);
}

function nodeRun({ exitCode, stdout, stderr }: FshaResult): NodeRun {
  const events = readEvents(stdout);
  const [settled, ...further] = only(events, 'run.settled');
  if (settled === undefined || further.length > 0)
    throw new Error(`the run did not settle once (exit ${exitCode}): ${stdout.slice(-2_000)}${stderr}`);
  return {
    exit: exitCode,
    events,
    settled: settled.data,
    warnings: only(events, 'warning').map(({ data }) => data.message),
    stderr,
    restart: only(events, 'effect.settled').findLast(({ data }) => data.effect === 'node.restart')?.data,
    failed: (kind) =>
      only(events, 'step.settled').find(({ step, data }) => step === `node-1/${kind}` && data.error)?.data
        .error,
  };
}

/**
 * That a reload on lb-1 cannot hurt: calls come at it while it is reloaded, the node's fence refuses those that are sent
 * to node-1, and every one is served by another node.
 */
export async function expectFenceToHold(cluster: RealCluster): Promise<void> {
  const [node] = cluster.nodes;
  const [proxy] = cluster.proxies;
  const refused = (): number =>
    node.log().filter((line) => line.event === 'invite' && line.code === 503).length;
  const before = refused();
  const calls = await cluster.call({ proxy: proxy.sip, callsPerSecond: 20, holdMs: [100, 300] });
  await until('calls are coming', () => calls.counts().created > 5);
  await proxy.reload();
  await until('the fence refuses calls', () => refused() >= before + 3);
  const counts = await calls.finish();
  expect(counts.successful).toBeGreaterThan(5);
  expect([counts.failed, calls.errors()]).toEqual([0, '']);
}

/** Processes of this machine, which is every node's host too, with that text in their command line. */
export function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLine(pid).includes(text))
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
