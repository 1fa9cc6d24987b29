/** Plans are data: made by pure functions, printed by --dry-run, journaled, and carried out by workflow/carry-out.ts. */
import { effectKey, inverse, isPointOfNoReturn, type Effect, type Intent } from './effect.ts';
import type { Changes, PlacedText } from './playbook/action-result.ts';
import type { JsonObject } from './playbook/json.ts';
import type { Policy } from './policy.ts';
import type { RollingPlan } from './rolling/rolling-plan.ts';

/** What each kind of step needs to know. One line here and one in workflow/steps makes a new kind. */
export interface StepParams {
  /** Waits until the guard of a rolling run lets one node more be taken out. Changes nothing. */
  admit: Record<string, never>;
  /** Look at everything, judge, take the baseline. Changes nothing. */
  preflight: { readonly purpose: Purpose };
  /** Mark the node and disable every destination on every proxy. */
  deactivate: Record<string, never>;
  /** Run the user's command, once. */
  on_out: { readonly command: string };
  /** Wait until the calls have ended by themselves. */
  wait_drained: Record<string, never>;
  /** Pause the node's inbound side and count again. */
  fence: { readonly when: 'zero' | 'early' };
  /** Last look, restart over SSH, proof by a new core_uuid. */
  restart: Record<string, never>;
  /** Ready, profiles, gateways, registrations, OPTIONS. */
  verify: Record<string, never>;
  /**
   * Back in: through Kamailio's own probing where FreeSWITCH was restarted since the baseline, else with the flags that
   * were found. `explicit`: the user's wish overrules what was found: every destination is enabled, the pause lifted.
   */
  activate: { readonly explicit: boolean };
  /** Bring back what was found. */
  restore: { readonly effects: readonly Effect[] };
  /** After a failure behind the point of no return: see that it is out, and pause it as soon as ESL answers. */
  secure: Record<string, never>;
  /** The run ends and leaves the node out: its mark says so. */
  leave_out: Record<string, never>;
  /** Out on every proxy again, whatever an earlier process did; the node itself may be down. */
  keep_out: Record<string, never>;
  /** Stay, and take it out again whenever somebody enables it, until a run wants to have it. */
  guard: Record<string, never>;
  /** What became of a restart that an earlier process announced: waits for the node's own lock, then looks. */
  settle_restart: Record<string, never>;
  /** Cut these calls, each named by the uuid of its first leg, and no others. */
  hang_up: { readonly calls: readonly string[] };
  /** An action of a playbook; `params` as they were written, templates and all: no secret's text is in them. */
  action: { readonly action: string; readonly params: JsonObject; readonly changes: Changes };
}

/** `resume`: going on behind an announced restart, where the node may be down. */
export type Purpose = 'drain' | 'deactivate' | 'activate' | 'doctor' | 'resume';
export type StepKind = keyof StepParams;

export type PlannedStep = {
  [K in StepKind]: {
    /** `<node|cluster>/<id>`. */
    readonly id: string;
    readonly kind: K;
    readonly node: string;
    readonly params: StepParams[K];
    /** What a playbook adds to it. */
    readonly frame?: Frame;
  };
}[StepKind];

/** What a playbook adds to a step: when it is carried out, for how long, and what becomes of it. */
export interface Frame {
  /** As the playbook calls the step. */
  readonly name: string;
  /** Where it stands: `FILE:LINE:COLUMN`. */
  readonly at: string;
  /** Asked when its turn comes; where it says no, the step is skipped. Absent: it was decided when the plan was made. */
  readonly when?: PlacedText;
  /** How long one carrying out of it may take: ms. */
  readonly timeout?: number;
  /** Under which name its result can be asked for by later steps. */
  readonly register?: string;
  /** What is done where it fails; once that has succeeded the run goes on. */
  readonly rescue?: readonly PlannedStep[];
  /** What is done once the node has come to its end: after success at once, else behind what was given back. */
  readonly always?: readonly PlannedStep[];
  /** What gives back what it did; an empty list: it leaves nothing that would have to be given back. */
  readonly undo?: readonly PlannedStep[];
  /** It may end calls: refused unless its node is out and drained as observed then. The point of no return, as a restart is. */
  readonly disruptive?: true;
  /** Whoever wrote it knows that it ends calls: it is carried out wherever the node is. */
  readonly cutsCalls?: true;
  /** It may be done once more where it is unknown whether it was done. */
  readonly rerun?: 'safe';
  /** Looks whether it was done, where that is unknown: done, where this step succeeds; not done, where it fails. */
  readonly check?: PlannedStep;
}

export interface NodePlan {
  readonly node: string;
  readonly steps: readonly PlannedStep[];
}

export interface Plan {
  readonly kind: Exclude<Purpose, 'resume'> | 'rolling' | 'playbook' | 'undo' | 'secure' | 'leave' | 'hangup';
  readonly nodes: readonly NodePlan[];
  /** How the nodes of a rolling run follow each other. */
  readonly rolling?: RollingPlan;
}

type StepOf<K extends StepKind> = Extract<PlannedStep, { kind: K }>;

/** One step; its id is `<node>/<kind>`: no planner here uses a kind twice on one node. */
function step<K extends StepKind>(node: string, kind: K, params: StepParams[K]): StepOf<K> {
  return { id: `${node}/${kind}`, kind, node, params } as StepOf<K>;
}

/** Out of service → zero → restart → verify → back in; shortened by --hold and --no-restart. */
export function planDrain(node: string, policy: Policy): Plan {
  const fence = policy.fence !== 'none' && (policy.restart || policy.hold);
  return {
    kind: 'drain',
    nodes: [
      {
        node,
        steps: [
          step(node, 'preflight', { purpose: 'drain' }),
          step(node, 'deactivate', {}),
          ...(policy.onOut === null ? [] : [step(node, 'on_out', { command: policy.onOut.command })]),
          ...(fence && policy.fence === 'early' ? [step(node, 'fence', { when: 'early' })] : []),
          step(node, 'wait_drained', {}),
          ...(fence && policy.fence === 'zero' ? [step(node, 'fence', { when: 'zero' })] : []),
          ...(policy.restart && !policy.hold ? [step(node, 'restart', {}), step(node, 'verify', {})] : []),
          ...(policy.hold || policy.foundDisabled === 'leave'
            ? []
            : [step(node, 'activate', { explicit: policy.foundDisabled === 'activate' })]),
        ],
      },
    ],
  };
}

/** Drains node after node, each as it is drained alone, once the guard lets it be taken out. */
export function planRolling(rolling: RollingPlan, policy: Policy): Plan {
  const nodes = rolling.batches.flat().flatMap((name) => planDrain(name, policy).nodes);
  return {
    kind: 'rolling',
    nodes: nodes.map(({ node, steps }) => ({ node, steps: [step(node, 'admit', {}), ...steps] })),
    rolling,
  };
}

/** Out, and stay out. @param guard whether the run stays, and keeps it out until another one wants to have it */
export function planDeactivate(node: string, guard = false): Plan {
  return {
    kind: 'deactivate',
    nodes: [
      {
        node,
        steps: [
          step(node, 'preflight', { purpose: 'deactivate' }),
          step(node, 'deactivate', {}),
          ...(guard ? [step(node, 'guard', {})] : []),
        ],
      },
    ],
  };
}

/** Health, then back in. */
export function planActivate(node: string): Plan {
  return {
    kind: 'activate',
    nodes: [
      {
        node,
        steps: [
          step(node, 'preflight', { purpose: 'activate' }),
          step(node, 'verify', {}),
          step(node, 'activate', { explicit: true }),
        ],
      },
    ],
  };
}

/**
 * What gives the node back as it was found: the inverse of every intent, the last one first, each thing once, with what
 * was found before the run touched it. Undefined from the intended restart on: then recovery goes forward only, and the
 * node stays out until it is healthy, since an unchanged core_uuid proves nothing while a restart may be under way.
 * @param carefully the node is silent, or another FreeSWITCH by now: the proxies' own pings are to bring it back
 */
export function planUndo(node: string, intents: readonly Intent[], carefully = false): Plan | undefined {
  if (intents.some(isPointOfNoReturn)) return undefined;
  const first = new Map<string, Intent>();
  for (const intent of intents) if (!first.has(effectKey(intent))) first.set(effectKey(intent), intent);
  // The mark goes last: until then the node is this run's.
  const order = (intent: Intent): number => (intent.effect === 'node.mark' ? 1 : 0);
  const effects = [...first.values()]
    .reverse()
    .sort((a, b) => order(a) - order(b))
    .flatMap((intent) => inverse(intent) ?? [])
    .map((effect) => (carefully ? throughProbing(effect) : effect));
  return {
    kind: 'undo',
    nodes: effects.length === 0 ? [] : [{ node, steps: [step(node, 'restore', { effects })] }],
  };
}

function throughProbing(effect: Effect): Effect {
  if (effect.effect !== 'dispatcher.state' || !effect.wanted.startsWith('a')) return effect;
  return { ...effect, wanted: 'ip' };
}

/**
 * What remains of a drain behind its announced restart.
 * @param restarted whether FreeSWITCH is known to be another one since; where it is not, it is drained and restarted again
 *   unless a look, once the node's own lock is free, shows that it was restarted after all
 * @param keepOut whether it is to be taken out first: not where it was on its way back in
 */
export function planBehindRestart(
  node: string,
  policy: Policy,
  { restarted, keepOut }: { readonly restarted: boolean; readonly keepOut: boolean },
): NodePlan {
  const drained: readonly StepKind[] = ['fence', 'wait_drained', 'restart'];
  const whole = planDrain(node, policy).nodes.flatMap(({ steps }) => steps);
  // Without a restart it is drained only where that is what it is kept out for.
  const isDone = restarted || (!policy.restart && !policy.hold);
  const again = isDone ? [] : whole.filter(({ kind }) => drained.includes(kind));
  // Whatever is wished now: what has been restarted, or may have been, is verified before anything else becomes of it.
  const verified = restarted || !policy.hold ? [step(node, 'verify', {})] : [];
  const explicit = policy.foundDisabled === 'activate';
  const isIn = !policy.hold && policy.foundDisabled !== 'leave';
  return {
    node,
    steps: [
      step(node, 'preflight', { purpose: 'resume' }),
      ...(keepOut ? [step(node, 'keep_out', {})] : []),
      step(node, 'settle_restart', {}),
      ...again,
      ...verified,
      ...(isIn ? [step(node, 'activate', { explicit })] : []),
      ...(policy.hold && restarted && policy.fence !== 'none'
        ? [step(node, 'fence', { when: 'early' })]
        : []),
    ],
  };
}

/**
 * What a node gets that failed after its restart was intended: it stays out, and is fenced as soon as it can be, so that a
 * proxy that is reloaded tomorrow does not send calls to a node that is not well.
 */
export function planSecure(node: string): Plan {
  return { kind: 'secure', nodes: [{ node, steps: [step(node, 'secure', {})] }] };
}

/** What a node gets that the run leaves out, once all of the run is over: nobody has to wait for it then. */
export function planLeave(node: string): Plan {
  return { kind: 'leave', nodes: [{ node, steps: [step(node, 'leave_out', {})] }] };
}

/** Cuts calls that a person named. Neither mark nor preflight: it takes nothing from a run that has the node. */
export function planHangUp(node: string, calls: readonly string[]): Plan {
  return { kind: 'hangup', nodes: [{ node, steps: [step(node, 'hang_up', { calls })] }] };
}
