/** The state of a run: a fold of its events, the same from a journal as from the live stream. */
import { destinationKey } from './drift.ts';
import { effectKey, type Intent, isPointOfNoReturn } from './effect.ts';
import type { ErrorInfo } from './errors.ts';
import type { Plan } from './plan.ts';
import { isCheck } from './playbook/all-steps.ts';
import type { Policy, RunRequest } from './policy.ts';
import type {
  Baseline,
  BaselineDestination,
  EffectSettled,
  EventOf,
  RunEvent,
  RunSettled,
  StepOutcome,
  StepResult,
} from './run-events.ts';
import type { Verdict } from './verdict.ts';
import { lastingWishes, NO_WISHES, policyWith, refusalsFor, type Wishes, withWish } from './wishes.ts';

export interface RunState {
  readonly run: string;
  readonly started: EventOf<'run.started'>['data'];
  /** As the run began; see policyFor. */
  readonly policy: Policy;
  readonly plan: Plan;
  readonly nodes: Readonly<Record<string, NodeRunState>>;
  /** Received and not yet answered, in order. */
  readonly openRequests: readonly RunRequest[];
  readonly settled: RunSettled | null;
  /** Why no further batch is begun by the process that runs it now, a clause; null: nothing was said of that. */
  readonly stopped: string | null;
  /** How the process that runs it now goes on; null in the first one. */
  readonly resumed: 'forward' | 'undo' | null;
  readonly lastSeq: number;
}

export interface NodeRunState {
  readonly baseline: Baseline | null;
  /** The destinations as the proxies showed them at preflight. */
  readonly found: readonly BaselineDestination[];
  readonly verdicts: readonly Verdict[];
  /** In the order in which they were intended. */
  readonly effects: readonly EffectRecord[];
  readonly steps: Readonly<Record<string, StepRecord>>;
  /** What came of the steps of a playbook, by the step's id. */
  readonly results: Readonly<Record<string, StepResult>>;
  /** How the rescue of a playbook's step that failed went, by that step's id. */
  readonly rescues: Readonly<Record<string, 'rescued' | 'failed'>>;
  /** The first step that failed, and why. */
  readonly failure: { readonly step: string; readonly error: ErrorInfo } | null;
  readonly undo: 'started' | 'done' | 'failed' | 'unknown' | null;
  /** What was asked and granted while it ran. */
  readonly wishes: Wishes;
  /** FLAGS with which a destination was seen that somebody else had changed, until it was set again; by its key. */
  readonly drifted: Readonly<Record<string, string>>;
}

export interface EffectRecord {
  readonly intent: Intent;
  readonly step: string;
  /** null while it is under way, and for ever where fsha died in it: unknown. */
  readonly settled: EffectSettled | null;
}

export interface StepRecord {
  /** Monotonic ms of the process that ran it. */
  readonly startedAt: number;
  readonly outcome: StepOutcome | null;
  readonly ms: number | null;
}

const NOTHING_YET: NodeRunState = {
  baseline: null,
  found: [],
  verdicts: [],
  effects: [],
  steps: {},
  results: {},
  rescues: {},
  failure: null,
  undo: null,
  wishes: NO_WISHES,
  drifted: {},
};

/** The state after one more event; events of unknown type change nothing. The first event has to be run.started. */
export function apply(state: RunState | null, event: RunEvent): RunState {
  if (state === null) {
    if (event.type !== 'run.started')
      throw new Error(`a run begins with run.started, not with ${event.type}`);
    return {
      run: event.run,
      started: event.data,
      policy: event.data.policy,
      plan: event.data.plan,
      nodes: Object.fromEntries(event.data.plan.nodes.map(({ node }) => [node, NOTHING_YET])),
      openRequests: [],
      settled: null,
      stopped: null,
      resumed: null,
      lastSeq: event.seq,
    };
  }
  const next: RunState = { ...state, lastSeq: event.seq };
  if (event.type === 'run.settled') return { ...next, settled: event.data };
  if (event.type === 'batch.settled') return { ...next, stopped: event.data.stopped ?? null };
  if (event.type === 'run.resumed') return resumed(next, event.data);
  if (event.type === 'request.received')
    return { ...next, openRequests: [...state.openRequests, event.data.request] };
  if (event.type === 'request.settled') {
    // They are answered in the order in which they came.
    const [request, ...openRequests] = state.openRequests;
    const answered = { ...next, openRequests };
    return request === undefined || !event.data.accepted ? answered : granted(answered, request);
  }
  if (event.node === undefined) return next;
  const before = state.nodes[event.node] ?? NOTHING_YET;
  return { ...next, nodes: { ...state.nodes, [event.node]: applyToNode(before, event, next.plan) } };
}

/** The state of a whole run; undefined for no events. */
export function fold(events: Iterable<RunEvent>): RunState | undefined {
  let state: RunState | null = null;
  for (const event of events) state = apply(state, event);
  return state ?? undefined;
}

/** The policy for one node: the run's, with what was granted for the node since. */
export function policyFor(state: RunState, node: string): Policy {
  return policyWith(state.policy, state.nodes[node]?.wishes ?? NO_WISHES);
}

function granted(state: RunState, request: RunRequest): RunState {
  const refusals = refusalsFor(request, state.nodes, state.plan, state.policy);
  const nodes = Object.entries(state.nodes).map(([name, node]): [string, NodeRunState] => [
    name,
    refusals.get(name) === null ? { ...node, wishes: withWish(node.wishes, request) } : node,
  ]);
  return { ...state, nodes: Object.fromEntries(nodes) };
}

/**
 * What was under way when the process ended is no longer: it begins anew, or what became of it is unknown. Going forward,
 * every step and every failure is that process's, and its moments are those of another clock.
 */
function resumed(state: RunState, { mode, plan, policy, anew }: EventOf<'run.resumed'>['data']): RunState {
  const nodes = Object.entries(state.nodes).map(([name, node]): [string, NodeRunState] => [
    name,
    {
      ...node,
      wishes: anew === true ? NO_WISHES : lastingWishes(node.wishes),
      undo: node.undo === 'started' ? 'unknown' : node.undo,
      ...(mode === 'forward' && node.undo === 'done' ? withoutSteps(node) : {}),
      ...(mode === 'forward'
        ? { steps: {}, failure: null, undo: null }
        : {
            steps: Object.fromEntries(
              Object.entries(node.steps).filter(([, { outcome }]) => outcome !== null),
            ),
          }),
    },
  ]);
  return {
    ...state,
    plan: plan ?? state.plan,
    policy: policy ?? state.policy,
    nodes: Object.fromEntries(nodes),
    openRequests: [],
    settled: null,
    stopped: null,
    resumed: mode,
  };
}

/** What was given back is as if it had never been done: where the node's turn comes once more, all of its steps do. */
function withoutSteps(node: NodeRunState): Pick<NodeRunState, 'effects' | 'results' | 'rescues'> {
  const effects = node.effects.filter(({ intent }) => intent.effect !== 'action.run');
  return { effects, results: {}, rescues: {} };
}

function applyToNode(node: NodeRunState, event: RunEvent, plan: Plan): NodeRunState {
  switch (event.type) {
    case 'preflight.settled':
      return {
        ...node,
        verdicts: event.data.verdicts,
        found: event.data.found,
        baseline: event.data.baseline ?? node.baseline,
      };
    case 'step.started':
      return withStep(node, event.step, () => ({ startedAt: event.mono, outcome: null, ms: null }));
    case 'step.settled': {
      const { outcome, ms, error } = event.data;
      const settled = withStep(node, event.step, (step) => ({
        startedAt: step?.startedAt ?? event.mono,
        outcome,
        ms,
      }));
      if (node.failure !== null || error === undefined || outcome === 'succeeded' || outcome === 'skipped')
        return settled;
      // The step that asks it says whether that is a failure.
      if (isCheck(plan, event.step ?? '')) return settled;
      return { ...settled, failure: { step: event.step ?? '', error } };
    }
    case 'rescue.settled': {
      const { outcome } = event.data;
      const told = { ...node, rescues: { ...node.rescues, [event.step ?? '']: outcome } };
      // Of a step within another's rescue the failure is the other's.
      return outcome === 'rescued' && node.failure?.step === event.step ? { ...told, failure: null } : told;
    }
    case 'step.result':
      return { ...node, results: { ...node.results, [event.step ?? '']: event.data } };
    case 'effect.intended':
      return {
        ...node,
        effects: [...node.effects, { intent: event.data, step: event.step ?? '', settled: null }],
      };
    case 'effect.settled': {
      const key = effectKey(event.data);
      // A later process may find out what an earlier one had to leave unknown.
      const index = node.effects.findLastIndex(
        ({ intent, settled }) =>
          (settled === null || settled.outcome === 'unknown') && effectKey(intent) === key,
      );
      return {
        ...node,
        effects: node.effects.map((record, at) =>
          at === index ? { ...record, settled: event.data } : record,
        ),
        drifted: stillDrifted(node.drifted, event.data),
      };
    }
    case 'drift.detected':
      return { ...node, drifted: { ...node.drifted, [event.data.target]: event.data.now } };
    case 'undo.started':
      return { ...node, undo: 'started' };
    case 'undo.settled':
      return { ...node, undo: event.data.outcome };
    default:
      return node;
  }
}

function stillDrifted(drifted: NodeRunState['drifted'], settled: EffectSettled): NodeRunState['drifted'] {
  if (settled.effect !== 'dispatcher.state') return drifted;
  if (settled.outcome !== 'done' && settled.outcome !== 'already') return drifted;
  const key = destinationKey(settled.target);
  return Object.fromEntries(Object.entries(drifted).filter(([one]) => one !== key));
}

function withStep(
  node: NodeRunState,
  step: string | undefined,
  change: (before: StepRecord | undefined) => StepRecord,
): NodeRunState {
  if (step === undefined) return node;
  return { ...node, steps: { ...node.steps, [step]: change(node.steps[step]) } };
}

/** Everything the run meant to do on the node, in order: what an undo is planned from. */
export function intentsOf(node: NodeRunState): readonly Intent[] {
  return node.effects.map((record) => record.intent);
}

/** Where the run meant to change a destination of a node. */
export function changesOf({ nodes }: RunState): readonly { readonly node: string; readonly proxy: string }[] {
  return Object.entries(nodes).flatMap(([node, { effects }]) => [
    ...new Map(
      effects.flatMap(({ intent }) =>
        intent.effect === 'dispatcher.state'
          ? [[intent.target.proxy, { node, proxy: intent.target.proxy }]]
          : [],
      ),
    ).values(),
  ]);
}

/** Whether the point of no return was passed: by a restart, or by a step of a playbook that is as much. */
export function restartIntended(node: NodeRunState): boolean {
  return node.effects.some(({ intent }) => isPointOfNoReturn(intent));
}

/**
 * The outcome of the node's step of that kind; null where it has none or was not reached. Of several, as a playbook may have
 * them, the last one that has come to its end counts.
 */
export function stepOutcome(node: NodeRunState, name: string, kind: string): StepOutcome | null {
  const own = `${name}/${kind}`;
  let outcome: StepOutcome | null = null;
  for (const [id, step] of Object.entries(node.steps)) {
    const isOfKind = id === own || (id.startsWith(`${own}-`) && /^\d+$/.test(id.slice(own.length + 1)));
    if (isOfKind) outcome = step.outcome ?? outcome;
  }
  return outcome;
}
