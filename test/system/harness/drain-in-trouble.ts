/** A drain of node-1 that is brought into trouble: started, met in the moment that matters, and judged at its end. */
import type { EventOf, RunEvent, RunSettled } from '../../../src/domain/run-events.ts';
import { until } from '../../support/until.ts';
import { caseTable } from './case-table.ts';
import type { Changes } from './deep-merge.ts';
import { finalState, readFinalState } from './final-state.ts';
import { only, type StartedFsha, startFsha } from './fsha.ts';
import type { HeldCalls } from './held-calls.ts';
import type { RealCluster } from './real-cluster.ts';

export interface Ended {
  readonly exit: number | null;
  readonly events: readonly RunEvent[];
  readonly settled: RunSettled;
}

export interface DrainOptions {
  /** Over the cluster's own inventory. */
  readonly settings?: Changes;
  readonly args?: readonly string[];
}

/** `fsha drain node-1 --json`, under way. */
export async function startDrain(
  cluster: RealCluster,
  { settings, args = [] }: DrainOptions = {},
): Promise<StartedFsha> {
  const config = settings === undefined ? cluster.configFile : await cluster.configWith(settings);
  return startFsha(['drain', 'node-1', '--json', '--config', config, ...args]);
}

/** A drain that waits for a call on node-1, which came past the proxies and is up until it is hung up. */
export async function startWaitingDrain(
  cluster: RealCluster,
  options: DrainOptions = {},
): Promise<{ readonly fsha: StartedFsha; readonly call: HeldCalls }> {
  const [{ host }] = cluster.nodes;
  const call = await cluster.hold({ '1000': 1 }, { at: { host, port: 5080 } });
  const fsha = await startDrain(cluster, options);
  await fsha.untilEvent(isWaiting);
  return { fsha, call };
}

export function isWaiting(event: RunEvent): event is EventOf<'step.progress'> {
  return event.type === 'step.progress' && event.data.decision === 'wait';
}

/** The end, with the sentence in which fsha says it. @throws when the run had no end of its own */
export async function endOf(fsha: StartedFsha): Promise<Ended> {
  const { exitCode, stderr } = await fsha.done;
  const events = fsha.events();
  const settled = only(events, 'run.settled').at(-1)?.data;
  if (settled === undefined) throw new Error(`the run was not settled: exit ${exitCode}\n${stderr}`);
  return { exit: exitCode, events, settled };
}

/** `lb-1: cause` of every drift, in order. */
export function driftsOf(events: readonly RunEvent[]): readonly string[] {
  return only(events, 'drift.detected').map(
    ({ data }) => `${data.target.split(' ')[0] ?? ''}: ${data.cause}`,
  );
}

/** When the run has done so many things to a destination of that proxy: settled as done, wanted or not. */
export function untilDisabledAgain(fsha: StartedFsha, proxy: string, afterSeq: number): Promise<RunEvent> {
  return fsha.untilEvent(
    (event) =>
      event.seq > afterSeq &&
      event.type === 'effect.settled' &&
      event.data.effect === 'dispatcher.state' &&
      event.data.target.proxy === proxy &&
      event.data.outcome === 'done',
  );
}

/** The number of the last event so far. */
export function lastSeq(fsha: StartedFsha): number {
  return fsha.events().at(-1)?.seq ?? 0;
}

/** FLAGS of node-1, `null` where the proxy does not answer: read from the servers. */
export async function flagsOf(cluster: RealCluster): Promise<Readonly<Record<string, string | null>>> {
  return (await readFinalState(cluster)).flags;
}

/** Waits until node-1 is disabled on every proxy, read from the servers. */
export function untilOut(cluster: RealCluster, timeoutMs = 20_000): Promise<unknown> {
  return until(
    'node-1 is out on every proxy',
    async () => Object.values(await flagsOf(cluster)).every((flags) => flags?.startsWith('D') === true),
    timeoutMs,
  );
}

/** A table of cases whose rows are read from the servers. */
export function troubleTable(title: string, cluster: () => RealCluster) {
  const table = caseTable(title);
  return {
    /** @returns the final state, for the assertion */
    async add(what: string, did: string, { exit }: Ended): Promise<string> {
      const state = await finalState(cluster());
      table.add({ case: what, did, state, exit });
      return state;
    },
  };
}
