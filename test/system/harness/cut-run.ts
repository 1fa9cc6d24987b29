/** Drains of node-1 that may cut calls: what they meant to cut, what became of it, and the calls they are about. */
import type { EffectOutcome, HangUp } from '../../../src/domain/effect.ts';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { only, startFsha, type StartedFsha } from './fsha.ts';
import type { HeldCalls } from './held-calls.ts';
import type { RealCluster } from './real-cluster.ts';

export interface CutLeg extends HangUp {
  readonly uuid: string;
  readonly seq: number;
  /** null: intended and never settled. */
  readonly outcome: EffectOutcome | null;
}

/** Every leg that was to be hung up, in the order in which it was intended. */
export function cutLegs(events: readonly RunEvent[]): readonly CutLeg[] {
  return only(events, 'effect.intended').flatMap(({ data, seq }) => {
    if (data.effect !== 'call.hangup') return [];
    const settled = only(events, 'effect.settled').find(
      (later) =>
        later.seq > seq && later.data.effect === 'call.hangup' && later.data.target.uuid === data.target.uuid,
    );
    return [{ ...data.wanted, uuid: data.target.uuid, seq, outcome: settled?.data.outcome ?? null }];
  });
}

export function isCutIntent(event: RunEvent): boolean {
  return event.type === 'effect.intended' && event.data.effect === 'call.hangup';
}

/** Calls on node-1 itself, past the proxies, so that it is known where they are. */
export function holdAtNode(
  cluster: RealCluster,
  to: Readonly<Record<string, number>>,
  options: { readonly holdMs?: number } = {},
): Promise<HeldCalls> {
  return cluster.hold(to, { at: { host: cluster.nodes[0].host, port: 5080 }, ...options });
}

/** `fsha drain node-1 --json`, under way. */
export function startDrain(config: string, ...flags: readonly string[]): Promise<StartedFsha> {
  return startFsha(['drain', 'node-1', '--json', '--config', config, ...flags]);
}

/** The wait's own looks of which `wanted` holds: of what was decided, and why. */
export function waitsBecause(why: RegExp, afterSeq = 0): (event: RunEvent) => boolean {
  return (event) =>
    event.type === 'step.progress' &&
    event.seq > afterSeq &&
    event.step === 'node-1/wait_drained' &&
    event.data.observation.why.some((one) => why.test(one));
}

/** Looks of the wait that saw exactly so many sessions. */
export function sawSessions(sessions: number, afterSeq = 0): (event: RunEvent) => boolean {
  return (event) =>
    event.type === 'step.progress' && event.seq > afterSeq && event.data.observation.sessions === sessions;
}

export function lastSeq(fsha: StartedFsha): number {
  return fsha.events().at(-1)?.seq ?? 0;
}

/** The end of a run: exit code, events, run.settled. */
export interface EndedRun {
  readonly exit: number | null;
  readonly events: readonly RunEvent[];
  readonly settled: Extract<RunEvent, { type: 'run.settled' }>['data'];
}

/** @throws when the run had no end of its own */
export async function endOf(fsha: StartedFsha): Promise<EndedRun> {
  const { exitCode, stderr } = await fsha.done;
  const events = fsha.events();
  const last = events.at(-1);
  if (last?.type !== 'run.settled') throw new Error(`the run was not settled: exit ${exitCode}\n${stderr}`);
  return { exit: exitCode, events, settled: last.data };
}

/** What the node itself logged: how often it was restarted since the reset, and calls cut at any of these stops. */
export function restartsOf(cluster: RealCluster): { readonly restarts: number; readonly cutByStop: number } {
  const [node] = cluster.nodes;
  const restarts = node.starts() - cluster.startsBefore(node);
  const stops = node.log().filter((line) => line.event === 'stop');
  const cutByStop = stops.slice(stops.length - restarts).reduce((sum, { cut }) => sum + cut, 0);
  return { restarts, cutByStop };
}
