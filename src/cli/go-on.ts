/** Going on with a run whose process has ended. */
import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import type { ExitCode } from '../domain/exit-codes.ts';
import { isSameLock } from '../domain/lock-name.ts';
import type { Observation } from '../domain/observation.ts';
import type { Plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { judge, refuses } from '../domain/preflight/checks.ts';
import { toldOutcomes, type ToldOutcomes } from '../domain/playbook/told-outcomes.ts';
import { roughDuration } from '../domain/duration.ts';
import { assertOpen, planResume, type Resumption, uuidOf } from '../domain/resume.ts';
import { isThrough } from '../domain/rolling/progress.ts';
import type { Window } from '../domain/rolling/rolling-plan.ts';
import { apply, fold, type NodeRunState, type RunState } from '../domain/run.ts';
import type { NewEvent, RunEvent } from '../domain/run-events.ts';
import type { Verdict } from '../domain/verdict.ts';
import { readJournalEnds } from '../journal/journal-ends.ts';
import { journalPath } from '../journal/journal-path.ts';
import { reopenJournal } from '../journal/reopen-journal.ts';
import { findStandingBaseline } from '../journal/standing-baseline.ts';
import { refusalOf } from '../workflow/steps/preflight.ts';
import { observeAll } from '../workflow/observe-all.ts';
import { surveyNode } from '../workflow/survey.ts';
import { mustBeAsBegun } from './as-begun.ts';
import { type Call, callText, whoAsks } from './command.ts';
import { compose } from './compose.ts';
import { conduct } from './conduct.ts';
import {
  leftToOthers,
  mustBeDead,
  mustHaveTime,
  mustLeaveSurvivors,
  mustNotBeBack,
  mustNotGuard,
  mustStillBeThere,
  whyAnew,
} from './may-go-on.ts';
import { MIN_DRAIN, type WindowWish } from './rolling-wish.ts';
import { playbookRunOf } from './playbook-run.ts';
import { readAllSecrets } from './playbook-vars.ts';
import { type HeldLock, lockName } from './run-lock.ts';
import type { Stop } from './signals.ts';

export interface GoingOn {
  /** What counts from here on; absent: what counted before. */
  readonly policy?: Policy;
  /** Give back what it did. */
  readonly undo?: boolean;
  /** Checks that are overruled, and proxies that may be silent beside those that were allowed to, where no policy is given. */
  readonly force?: readonly string[];
  readonly ignoreProxies?: readonly string[];
  /** Until when a rolling run may go on; null: whenever; undefined: as before. */
  readonly window?: WindowWish | undefined;
  /** With a playbook's steps as they were written when the run began, although its files have changed. */
  readonly asBegun?: boolean;
  /** What somebody who has looked says of steps that were unknown. */
  readonly told?: ToldOutcomes;
  /** Why it is gone on with; null: nobody said. */
  readonly reason?: string | null;
  readonly lock: HeldLock;
  readonly stop: Stop;
}

/**
 * The drain of this node alone that an earlier process did not bring to its end; null for none. It is said, and so is a run with
 * other nodes that has this one in hand.
 * @param isDead whether that process has ended; with the lock held, every one has
 */
export async function interruptedDrain(
  call: Call,
  cluster: Cluster,
  node: string,
  isDead: (run: string) => Promise<boolean> = () => Promise.resolve(true),
): Promise<string | null> {
  const { dir } = cluster.state;
  const standing = await findStandingBaseline(dir, cluster.name, node, callText(call));
  if (standing === undefined || standing.settled) return null;
  const { started } = await readJournalEnds(journalPath(dir, standing.run));
  const nodes = started?.data.plan.nodes ?? [];
  const kind = started?.data.plan.kind;
  if (started === null || kind === undefined || !DRAINS.includes(kind)) return null;
  if (!(await isDead(standing.run))) return null;
  const { who, command } = started.data;
  const isAlone = kind === 'drain' && nodes.length === 1;
  // One with other nodes is not carried on for the sake of this one.
  const then = isAlone
    ? 'going on with it'
    : `this drain is one of its own, and that run goes on with ${callText(call)} resume ${standing.run}`;
  const ago = roughDuration(Math.max(0, call.host.clock.wall().getTime() - Date.parse(started.at)));
  call.host.stderr.write(
    `fsha: ${node} has an unfinished run: ${standing.run} (${command}, by ${who}, begun ${ago} ago); ${then}\n`,
  );
  return isAlone ? standing.run : null;
}

/** Of a playbook's runs too: one that has found a baseline is about the node's way out and in. */
const DRAINS: readonly Plan['kind'][] = ['drain', 'rolling', 'playbook'];

export interface GoneOn {
  readonly mode: Resumption['mode'];
  readonly exit: ExitCode;
}

/**
 * Goes on with a run, or gives back what it did. Everything is looked at before anything is recorded.
 * @throws FshaError `refused`, `locked`, `usage`, `journal`; nothing was changed then, and the run is as it was
 */
export async function goOn(call: Call, cluster: Cluster, run: string, how: GoingOn): Promise<GoneOn> {
  const { dir } = cluster.state;
  await mustNotGuard(call, cluster, run, how.stop.signal);
  await how.lock.nameRun(run, how.stop.signal);
  const { journal, events } = await reopenJournal({ dir, run, cluster: cluster.name });
  try {
    const { state, told } = stateTold(call, stateOf(events, run, cluster), how);
    const policy = policyOf(state, how);
    const wroteAt = wroteElsewhere(events, lockName(call.host, cluster));
    const { plan, mode, why } = (await lookFirst(call, cluster, state, policy, wroteAt, how)).resumption;
    if (why !== null) call.host.stderr.write(`fsha: ${why}\n`);
    const { reason = null } = how;
    const beginning = { kind: 'resumed', mode, reason, anew: how.policy !== undefined, told } as const;
    const { lock, stop } = how;
    const { playbook: source } = state.started;
    const playbook =
      source === undefined ? {} : { playbook: { source, run: await playbookRunOf(call, cluster, source) } };
    const rest = { plan, policy, journal, past: events, lock, stop, ...playbook };
    const secrets = Object.values(await readAllSecrets(source?.secrets ?? {}, call.host));
    return { mode, exit: await conduct({ ...call, secrets }, { run, cluster, beginning, ...rest }) };
  } catch (error) {
    await journal.close().catch(() => undefined);
    throw error;
  }
}

interface Looked {
  readonly resumption: Resumption;
  readonly observation: Observation;
  /** What its nodes were judged by: no refusal among them. */
  readonly verdicts: readonly Verdict[];
}

/** What remains of a run, without going on with it. */
export async function whatRemains(
  call: Call,
  cluster: Cluster,
  events: readonly RunEvent[],
  how: GoingOn & { readonly run: string },
): Promise<Looked & { readonly state: RunState; readonly policy: Policy }> {
  const { state } = stateTold(call, stateOf(events, how.run, cluster), how);
  const policy = policyOf(state, how);
  const wroteAt = wroteElsewhere(events, lockName(call.host, cluster));
  return { ...(await lookFirst(call, cluster, state, policy, wroteAt, how)), state, policy };
}

/** The run with what is told of it now, and the events that tell it. */
function stateTold(
  call: Call,
  state: RunState,
  { told = { done: [], again: [] } }: GoingOn,
): { readonly state: RunState; readonly told: readonly NewEvent[] } {
  const events = toldOutcomes(state, told, whoAsks(call));
  const at = { v: 1, at: '', mono: 0, run: state.run } as const;
  const after = events.reduce((so, event) => apply(so, { ...at, seq: so.lastSeq + 1, ...event }), state);
  return { state: after, told: events };
}

/** What was overruled then was overruled for what was seen then. */
function policyOf(state: RunState, { policy, force = [], ignoreProxies = [] }: GoingOn): Policy {
  return (
    policy ?? {
      ...state.policy,
      force,
      ignoreProxies: [...new Set([...state.policy.ignoreProxies, ...ignoreProxies])],
    }
  );
}

function stateOf(events: readonly RunEvent[], run: string, cluster: Cluster): RunState {
  const state = fold(events);
  if (state === undefined)
    throw new FshaError('refused', `run ${run} has recorded nothing`, 'It has changed nothing either.');
  if (state.started.cluster !== cluster.name)
    throw new FshaError(
      'usage',
      `run ${run} is one of the cluster ${state.started.cluster}, not of ${cluster.name}`,
      'Name its inventory with --config.',
    );
  if (state.started.dryRun === true)
    throw new FshaError('refused', `run ${run} was a dry run: nothing of it remains`);
  return state;
}

/** When a process of another host wrote last, wall clock; null where the newest one ran under this host's lock. */
function wroteElsewhere(events: readonly RunEvent[], lock: string): number | null {
  const last = lastLock(events);
  if (last === undefined || isSameLock(last, lock)) return null;
  return Date.parse(events.at(-1)?.at ?? '');
}

/** Under which lock its newest process ran; a journal from before locks is taken for one of this host. */
function lastLock(events: readonly RunEvent[]): string | undefined {
  return events
    .flatMap((event) =>
      event.type === 'run.started' || event.type === 'run.resumed' ? (event.data.lock ?? []) : [],
    )
    .at(-1);
}

async function lookFirst(
  call: Call,
  cluster: Cluster,
  state: RunState,
  policy: Policy,
  wroteAt: number | null,
  { undo = false, policy: given, window, asBegun = false, lock, stop }: GoingOn,
): Promise<Looked> {
  const { world, close } = compose(cluster, call, lock);
  try {
    assertOpen(state);
    mustStillBeThere(state, cluster);
    const { playbook } = state.started;
    // A drain that is asked for by itself is carried out as one.
    if (playbook !== undefined && !undo && !asBegun && given === undefined)
      await mustBeAsBegun(state.run, playbook, callText(call));
    const observing = observeAll(world, 'full', stop.signal);
    const observation = await observing;
    const begun = withoutThrough(state, observation);
    const others = await leftToOthers(world, begun, observation, callText(call));
    const open = withoutNodes(begun, ({ name }) => others.has(name));
    if (wroteAt !== null) mustBeDead(open, observation, policy, wroteAt, call);
    const wish = { undo, policy, call: callText(call), others, window: windowFrom(state, window) };
    const resumption = planResume(state, observation, wish);
    if (resumption.mode === 'forward' && given === undefined) mustNotBeBack(open, observation, policy, call);
    // A drain that is asked for is to be done, whatever became of the one that was found.
    const why = given === undefined ? resumption.why : (resumption.why ?? whyAnew(open, observation));
    if (resumption.mode === 'forward') mustHaveTime(state.run, resumption.plan, policy, cluster, call);
    const found: Verdict[] = [];
    if (resumption.mode === 'undo') mustLeaveSurvivors(open, cluster, observation, policy);
    else
      for (const planned of resumption.plan.nodes) {
        const first = planned.steps.find(({ kind }) => kind === 'preflight');
        const node = cluster.nodes.find(({ name }) => name === planned.node);
        if (first?.kind !== 'preflight' || node === undefined) continue;
        const before = state.nodes[planned.node]?.baseline ?? null;
        // One of several that was not begun is looked at when its turn comes.
        if (before === null && resumption.plan.rolling !== undefined) continue;
        const standing =
          before === null
            ? null
            : { run: state.run, settled: false, baseline: before, restarted: false, restartOpen: false };
        const asker = { run: state.run, standing };
        const survey = { node, purpose: first.params.purpose, policy, asker };
        const verdicts = judge(await surveyNode(world, observing, survey, stop.signal));
        if (refuses(verdicts)) throw refusalOf(verdicts);
        found.push(...verdicts);
      }
    return { resumption: { ...resumption, why }, observation, verdicts: found };
  } finally {
    await close();
  }
}

/** @throws FshaError `usage` for a window of a run that has none */
function windowFrom({ run, plan }: RunState, wish: WindowWish | undefined): Window | null {
  const before = plan.rolling?.window ?? null;
  if (wish === undefined) return before;
  if (plan.rolling === undefined)
    throw new FshaError('usage', `run ${run} is no rolling run: --until says nothing to it`, '');
  return wish && { ...wish, minDrain: wish.minDrain ?? before?.minDrain ?? MIN_DRAIN };
}

/** Without the nodes that it has brought through: what became of them since is nothing to it. */
function withoutThrough(state: RunState, observation: Observation): RunState {
  if (state.plan.rolling === undefined) return state;
  return withoutNodes(state, ({ name, node }) => isThrough(node, name, uuidOf(observation, name)));
}

function withoutNodes(
  state: RunState,
  isLeftOut: (one: { readonly name: string; readonly node: NodeRunState }) => boolean,
): RunState {
  const open = Object.entries(state.nodes).filter(([name, node]) => !isLeftOut({ name, node }));
  return { ...state, nodes: Object.fromEntries(open) };
}
