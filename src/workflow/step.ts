/** What a step is: one file in steps/, one line in steps/registry.ts. A step acts only through performEffect. */
import { type ArrivalsSoFar, noArrivals } from '../domain/arrivals.ts';
import type { Load } from '../domain/capacity.ts';
import type { Node } from '../domain/cluster.ts';
import type { Effect } from '../domain/effect.ts';
import { type ErrorCode, FshaError } from '../domain/errors.ts';
import { beginFight, type Fight } from '../domain/fight.ts';
import { type Keeping, newKeeping, noteMark } from '../domain/keeping.ts';
import { markTakenAway, readMark, takenByAnother, writeMark } from '../domain/mark.ts';
import type { NodeObservation, Observation } from '../domain/observation.ts';
import type { Frame, StepKind, StepParams } from '../domain/plan.ts';
import type { RollingPlan } from '../domain/rolling/rolling-plan.ts';
import { setsWithoutSurvivor } from '../domain/preflight/survivors.ts';
import type { Policy } from '../domain/policy.ts';
import { type NodeRunState, restartIntended } from '../domain/run.ts';
import type { Baseline, BaselineDestination, NewEvent } from '../domain/run-events.ts';
import { performEffect } from './effect.ts';
import type { PlaybookRun, StepValues } from './playbook-run.ts';
import type { Needs, Watcher } from './watcher.ts';
import type { World } from './world.ts';

export type Step<K extends StepKind> = (
  context: StepContext,
  params: StepParams[K],
) => Promise<'succeeded' | 'skipped'>;

export interface StepContext {
  readonly world: World;
  readonly watcher: Watcher;
  readonly node: Node;
  /** This step's id. */
  readonly step: string;
  readonly run: string;
  readonly who: string;
  readonly signal: AbortSignal;
  /** Fires when even what must still be done is to stop: the second Ctrl-C. */
  readonly leave: AbortSignal;
  /** As it is at this moment: a person may have changed it since the run began. */
  readonly policy: () => Policy;
  readonly record: (event: NewEvent) => Promise<void>;
  /** From here on what the journal does not take stops nothing. @param tell what is said as the first event is lost */
  readonly tolerateJournalLoss: (tell: (error: unknown) => NewEvent) => void;
  /** What the run has recorded of this node so far. */
  readonly soFar: () => NodeRunState;
  readonly memory: NodeMemory;
  /** Absent: the run is none of a playbook. */
  readonly playbook?: PlaybookRun;
  /** What a playbook adds to this step. */
  readonly frame?: Frame | undefined;
}

/** What steps of one node hand to each other beside the recorded state: moments of this process's own clock. */
export interface NodeMemory {
  /** Monotonic ms at which the last destination was read back as disabled; while drift is mended, at which that was seen. */
  outSince: number | null;
  /** Instance of each proxy when its destinations were set last, to tell a restart from a reload. */
  startedAs: Record<string, string>;
  /** Who enables the node again and again, by destination. */
  fight: Fight;
  /** What came in since the node was out. */
  arrivals: ArrivalsSoFar;
  /** How often in a row a destination could not be set again although its proxy answers, by destination. */
  refusals: Record<string, number>;
  /** What outSince was when the node was last decided to be drained: where it has moved on, that says nothing any more. */
  drainedOut: number | null;
  /** Warnings that were given: each is given once. */
  readonly warned: Set<string>;
  /** The `cut` request that was carried out or refused last: its `nth`. */
  cutServed: number | null;
  /** Monotonic ms at which the last calls were cut because the deadline had passed; null while none were. */
  cutAt: number | null;
  /** What this process's marks carry, to tell it from one that goes on with its run elsewhere; null: nothing. */
  readonly token: string | null;
  /** This run's own mark, once it was made, and the FreeSWITCH for which it was: its core_uuid, null where that was not known. */
  markWanted: { readonly text: string; readonly coreUuid: string | null } | null;
  /** core_uuid that the restart gave the node, or that verify saw first: from then on it has to stay the same one. */
  coreUuid: string | null;
  /** The mark that preflight saw and allowed; null for none. */
  markFound: string | null;
  /** The marks of all nodes as preflight saw them, where it could read them; null for none. */
  marksBefore: Readonly<Record<string, string | null>>;
  /** It only keeps the node out: that is never given up because somebody fights, and its marks say so. */
  isGuarding: boolean;
  /** What it has seen of its mark, and, while it only keeps the node out, of the node. */
  readonly keeping: Keeping;
  /** An earlier process announced a restart, and it was carried out. */
  isRestarted: boolean;
  /** What the nodes of a rolling run have in common; null in any other run. */
  readonly rolling: Rolling | null;
  /** What its steps of a playbook work with; null until first asked for. */
  values: StepValues | null;
}

export interface Rolling {
  readonly plan: RollingPlan;
  /** Nodes that the guard has let out and that have not come to their end. */
  readonly admitted: Set<string>;
  /** Those of them that were seen drained and are being restarted. */
  readonly emptied: Set<string>;
  /** How much more those in hand had at their peak than when they were let out, and until when that counts: monotonic ms. */
  readonly surges: Map<string, { readonly load: Load; readonly until: number }>;
  /** Why there is no time for any further batch, a clause; null: there is. */
  closed: string | null;
  /** Why no further node is begun, a clause; null: the run goes on. */
  readonly whyStopped: () => string | null;
}

/** As the run of a node begins. @param token see NodeMemory */
export function newMemory(token: string | null = null, rolling: Rolling | null = null): NodeMemory {
  return {
    token,
    rolling,
    values: null,
    outSince: null,
    startedAs: {},
    markWanted: null,
    coreUuid: null,
    markFound: null,
    marksBefore: {},
    isRestarted: false,
    isGuarding: false,
    keeping: newKeeping(),
    fight: beginFight(),
    arrivals: noArrivals(),
    warned: new Set(),
    cutServed: null,
    cutAt: null,
    refusals: {},
    drainedOut: null,
  };
}

/**
 * The mark of this process, as it is written; the same text until it is renewed, or FreeSWITCH was restarted.
 * @param seen a reading of the node that was made before
 */
export function ownMark({ run, who, memory, world }: StepContext, seen: NodeObservation | undefined): string {
  const { token, isGuarding } = memory;
  const coreUuid = seen?.coreUuid.known === true ? seen.coreUuid.value : null;
  const last = memory.markWanted;
  if (last !== null && (coreUuid === null || coreUuid === last.coreUuid)) return last.text;
  const up = seen?.uptimeMs.known === true ? seen.uptimeMs.value : null;
  const text = writeMark({ run, who, token, guard: isGuarding }, world.clock.wall(), up);
  memory.markWanted = { text, coreUuid };
  return text;
}

/** The same, for a node that the run leaves out as it ends. */
export function endedMark({ run, who, memory, world }: StepContext, seen: NodeObservation): string {
  const up = seen.uptimeMs.known ? seen.uptimeMs.value : null;
  return writeMark({ run, who, token: memory.token, guard: false, ended: true }, world.clock.wall(), up);
}

/**
 * Whether a mark was written by this run: by this process, or by an earlier one whose journal it goes on with. One that went on
 * with a copy of the journal elsewhere is another, unless it was there when preflight let this one go on, and is silent since.
 */
function isOwn(mark: string, context: StepContext): boolean {
  const { run, memory } = context;
  const read = readMark(mark);
  if (read?.run !== run) return false;
  if (read.token === null || memory.token === null || read.token === memory.token) return true;
  // A full disk may have kept its writer out of the journal: preflight has judged it, and nobody has renewed it since.
  if (mark === memory.markFound) return true;
  return context
    .soFar()
    .effects.some(({ intent }) => intent.effect === 'node.mark' && tokenOf(intent.wanted) === read.token);
}

/** Whether a mark was written by this very process. */
export function isOfThisProcess(mark: string, { run, memory }: StepContext): boolean {
  const read = readMark(mark);
  return read?.run === run && read.token === memory.token;
}

function tokenOf(mark: string | null): string | null {
  return (mark === null ? null : readMark(mark)?.token) ?? null;
}

/**
 * That the node is still this run's. Two runs on two hosts may both have found it free: the mark that was written last
 * stays, and whoever no longer sees its own gives way, without an undo, since the node is the other's now. One that was taken away
 * says the same of a run of another host that has come to its end, while this one was stopped or cut off.
 * @throws FshaError `locked`
 */
export function assertHeld(context: StepContext, observation: Observation): void {
  const { node, run, memory } = context;
  const seen = observation.nodes[node.name];
  const other = anothersMark(context, seen?.mark);
  if (other !== null) throw takenByAnother(node.name, other, run);
  if (seen?.mark.known !== true || !seen.coreUuid.known) return;
  if (seen.mark.value !== null) noteMark(memory.keeping, seen.coreUuid, seen.at);
  else if (seen.coreUuid.value === memory.keeping.markedIn) throw markTakenAway(node.name);
}

/** The mark of another run; null for none, this run's own, and one that could not be read. */
export function anothersMark(context: StepContext, mark: NodeObservation['mark'] | undefined): string | null {
  return mark?.known === true && mark.value !== null && !isOwn(mark.value, context) ? mark.value : null;
}

/**
 * That it is still the FreeSWITCH which the restart brought up, or which was seen well first.
 * @throws FshaError `verify.failed` where it has started once more: something ends it
 */
export function assertSameStart({ memory, node }: StepContext, seen: NodeObservation | undefined): void {
  if (seen?.coreUuid.known !== true) return;
  memory.coreUuid ??= seen.coreUuid.value;
  if (memory.coreUuid === seen.coreUuid.value) return;
  throw new FshaError(
    'verify.failed',
    `${node.name} has started once more by itself since it was restarted or first seen well`,
    'Look at its log: something ends it.',
  );
}

export function baselineOf(context: StepContext): Baseline {
  const { baseline } = context.soFar();
  if (baseline === null) throw new FshaError('bug', `${context.step} was reached without a baseline`);
  return baseline;
}

/** Whether a mark is the one that preflight saw and allowed, renewed perhaps by the run that it names. */
export function isMarkFound({ memory }: StepContext, mark: string): boolean {
  if (memory.markFound === null) return false;
  if (memory.markFound === mark) return true;
  const [now, found] = [readMark(mark), readMark(memory.markFound)];
  return now !== undefined && now.run === found?.run && now.token === found.token;
}

/** The destinations that concern this run: the baseline's, and those it disabled on a proxy that answered late. */
export function destinationsOf(context: StepContext): readonly BaselineDestination[] {
  const destinations = [...baselineOf(context).destinations];
  for (const { intent } of context.soFar().effects) {
    if (intent.effect !== 'dispatcher.state') continue;
    const { target } = intent;
    const known = destinations.some(
      (one) =>
        one.proxy === target.proxy &&
        one.set === target.set &&
        one.uri === target.uri &&
        one.duid === target.duid,
    );
    if (!known) destinations.push({ ...target, flags: intent.found });
  }
  return destinations;
}

/** Does one effect on behalf of the step. */
export function doEffect(context: StepContext, effect: Effect): Promise<'done' | 'already'> {
  const { world, node, step, signal, leave, record } = context;
  return performEffect(effect, { world, node: node.name, step, signal, leave, record });
}

/** The effect that takes a destination out. Only D holds: an inactive one comes back with the next good OPTIONS. */
export function disable({
  proxy,
  set,
  uri,
  duid,
}: BaselineDestination): Effect & { effect: 'dispatcher.state' } {
  return { effect: 'dispatcher.state', target: { proxy, set, uri, duid }, wanted: 'd' };
}

/**
 * Sets destinations, those of one proxy one after the other, the proxies side by side: a slow one must not hold up the
 * others. Every one is tried, also after a failure, so that what is recorded is what the world is.
 * @param set how each is set
 * @throws the first failure, once all have ended
 */
export async function setDestinations(
  context: StepContext,
  wanted: readonly (Effect & { effect: 'dispatcher.state' })[],
  set: (effect: Effect) => Promise<unknown> = (effect) => doEffect(context, effect),
): Promise<void> {
  const proxies = [...new Set(wanted.map((effect) => effect.target.proxy))];
  const failures: unknown[] = [];
  await Promise.all(
    proxies.map(async (proxy) => {
      for (const effect of wanted.filter((one) => one.target.proxy === proxy)) {
        try {
          await set(effect);
        } catch (error) {
          failures.push(error);
        }
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}

/** Tells a person something, once in the life of the run for the same words. */
export async function warn(context: StepContext, code: ErrorCode, message: string, hint = ''): Promise<void> {
  const { warned } = context.memory;
  if (warned.has(message)) return;
  warned.add(message);
  await tell(context, code, message, hint);
}

/** Tells a person something, each time: what is news again although the words are the same. */
export async function tell(context: StepContext, code: ErrorCode, message: string, hint = ''): Promise<void> {
  const { record, node, step } = context;
  await record({ type: 'warning', node: node.name, step, data: { code, message, hint } });
}

/** Whether the run may go on without this destination's proxy. */
export function isIgnored(context: StepContext, { proxy }: { readonly proxy: string }): boolean {
  return context.policy().ignoreProxies.includes(proxy);
}

/** The sets in which nobody but this node would take new calls, in words; null for none, and where that was forced. */
export function whereAlone(context: StepContext, observation: Observation): string | null {
  const { world, node } = context;
  const empty = setsWithoutSurvivor({ cluster: world.cluster, node, observation });
  if (empty.length === 0 || context.policy().force.includes('survivors')) return null;
  return empty
    .map(({ proxy, set, why }) => `set ${set} of ${proxy}${why === '' ? '' : ` (${why})`}`)
    .join(', ');
}

/** How long an INVITE under way may still reach a node that is out: ms, the longest of all proxies. */
export function frTimerOf({ world }: StepContext): number {
  return Math.max(0, ...world.cluster.proxies.map((proxy) => proxy.frTimer));
}

/** Whether the point of no return was passed on this node. */
export function isForwardOnly(context: StepContext): boolean {
  return restartIntended(context.soFar());
}

/** What has to be seen of this node and of every proxy that is not ignored. */
export function needsOf(context: StepContext): Needs {
  const { world, node } = context;
  const proxies = world.cluster.proxies
    .map((proxy) => proxy.name)
    .filter((proxy) => !isIgnored(context, { proxy }));
  return { nodes: [node.name], proxies };
}

/** What the steps of a playbook on this node work with. @throws FshaError `bug` in a run of any other kind */
export function valuesOf({ memory, playbook, node, step, soFar }: StepContext): StepValues {
  if (playbook === undefined) throw new FshaError('bug', `${step} is of a playbook, and there is none`);
  return (memory.values ??= playbook.valuesOf(node, soFar().results));
}
