/** Steps in words: one entry for each kind. */
import type { Cluster } from '../domain/cluster.ts';
import { formatDuration } from '../domain/duration.ts';
import type { PlannedStep, StepKind, StepParams } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import type { Foreseen } from '../domain/rolling/rolling-plan.ts';
import { destinationText } from '../domain/targets.ts';
import { printable } from '../domain/text.ts';
import { counted } from './count-words.ts';
import { effectOrder } from './effect-words.ts';
import { frameLines } from './frame-words.ts';
import { cutWords, deadlineWords, neverWords, onOutWords } from './policy-words.ts';

/** What is known beside the step when a plan is printed; each may be missing. */
export interface PlanDetails {
  readonly policy?: Policy;
  readonly cluster?: Cluster;
  /** What a rolling run would do with each node by what is seen now. */
  readonly foreseen?: ReadonlyMap<string, Foreseen>;
  /** What differs from node to node too. */
  readonly verbose?: boolean;
}

interface StepWords<K extends StepKind> {
  /** While it goes on: `waiting for its calls to end`. */
  readonly doing: string;
  /** When it has succeeded: `drained`; null where another event has said it. */
  readonly done: string | null;
  /** What it will do and change, for a plan; perhaps several lines. */
  readonly plan: (params: StepParams[K], node: string, details: PlanDetails) => string;
}

const STEP_WORDS: { readonly [K in StepKind]: StepWords<K> } = {
  admit: {
    doing: 'waiting until the others can carry its calls',
    done: 'admitted',
    plan: () => 'wait until the others can carry its calls, now and at the peak of the last five minutes',
  },
  preflight: {
    doing: 'preflight: looking at everything first',
    done: null,
    plan: () => 'look at everything and judge it (changes nothing)',
  },
  deactivate: {
    doing: 'taking it out of service',
    done: 'out of service',
    plan: (_, node, details) => `mark the node, then disable ${destinationsText(node, details)}`,
  },
  on_out: {
    doing: 'running drain.onOut on this machine',
    done: null,
    plan: ({ command }, _, { policy }) => onOutWords(command, policy),
  },
  wait_drained: {
    doing: 'waiting for its calls to end',
    done: 'drained: no session left',
    plan: (_, __, { policy }) =>
      [
        `wait until its calls have ended by themselves${policy === undefined ? '' : `, ${deadlineWords(policy)}`} (disables again what somebody enables meanwhile)`,
        ...(policy === undefined ? [] : cutWords(policy)),
      ].join('\n'),
  },
  fence: {
    doing: 'pausing its inbound side and counting again',
    done: 'still empty with its inbound side paused',
    plan: ({ when }) =>
      when === 'early'
        ? 'pause its inbound side at once: REGISTER and attended transfers get 503 from then on'
        : 'pause its inbound side once it is empty, and count again',
  },
  restart: {
    doing: 'restarting',
    done: null,
    plan: (_, node, { cluster }) => {
      const command = cluster?.nodes.find(({ name }) => name === node)?.restart.command;
      return `a last look, then restart over SSH${command === undefined ? '' : `: ${printable(command, 1000)}`}`;
    },
  },
  verify: {
    doing: 'verifying that it is healthy',
    done: 'healthy',
    plan: () => 'verify that it is ready, with the profiles and gateways it had, and resume its inbound side',
  },
  activate: {
    doing: 'putting it back in',
    done: 'back in service',
    plan: ({ explicit }, node, details) =>
      `${explicit ? 'enable' : 'bring back'} ${destinationsText(node, details)} (after a restart through Kamailio's own probing, else with the flags that were found), ${
        details.policy === undefined ? '' : `watch it active for ${formatDuration(details.policy.minSoak)}, `
      }remove the mark`,
  },
  restore: {
    doing: 'giving it back as it was found',
    done: 'given back as it was found',
    plan: ({ effects }) => effects.map((effect) => effectOrder(effect)).join('; '),
  },
  secure: {
    doing: 'seeing to it that it stays out',
    // That it is disabled everywhere is said proxy by proxy; where it is not, a warning says so.
    done: 'secured: its inbound side is paused',
    plan: () =>
      'see that it is disabled on every proxy, pause its inbound side as soon as its ESL answers, mark it',
  },
  leave_out: {
    doing: 'noting on it that the run has ended',
    done: null,
    plan: () => 'have its mark say that the run has ended and has left it out',
  },
  keep_out: {
    doing: 'keeping it out of service',
    done: 'out of service',
    plan: (_, node, details) => `see that ${destinationsText(node, details)} is disabled`,
  },
  guard: {
    doing: 'keeping it out until somebody wants to have it',
    done: 'handed over',
    plan: (_, node) => `stay, and disable it again whenever somebody enables it, until fsha activate ${node}`,
  },
  settle_restart: {
    doing: 'looking what became of its restart',
    done: null,
    plan: () => 'wait until no restart is under way on the node, and look whether it was restarted',
  },
  hang_up: {
    doing: 'hanging up calls',
    done: 'none of these calls is up',
    plan: ({ calls }, _, { policy }) =>
      [
        calls.length === 0
          ? 'nothing: there is no such call'
          : `cut ${counted(calls.length, 'call')}, the oldest first${policy === undefined ? '' : neverWords(policy)}`,
        ...calls.map((id) => printable(id)),
      ].join('\n'),
  },
  action: {
    doing: 'carrying out an action',
    done: 'done',
    plan: ({ params }) => printable(JSON.stringify(params), 1000),
  },
};

/** What a step of that kind is doing; a kind of a later version is called by its name. */
export function stepDoing(kind: string): string {
  return wordsOf(kind)?.doing ?? printable(kind);
}

/** What a step of that kind has reached; null where another event says it. */
export function stepDone(kind: string): string | null {
  const words = wordsOf(kind);
  return words === undefined ? `${printable(kind)} done` : words.done;
}

/** What a step is called in a plan: an action of a playbook as its file calls it. */
export function stepTitle(step: PlannedStep): string {
  return printable(step.kind === 'action' ? step.params.action : step.kind);
}

/** What a planned step will do, and change; perhaps several lines. */
export function stepPlan(step: PlannedStep, details: PlanDetails): string {
  const plan = wordsOf(step.kind)?.plan(step.params, step.node, details) ?? printable(step.kind);
  return step.frame === undefined ? plan : [plan, ...frameLines(step.frame)].join('\n');
}

function wordsOf(kind: string): StepWords<StepKind> | undefined {
  return Object.hasOwn(STEP_WORDS, kind)
    ? (STEP_WORDS[kind as StepKind] as unknown as StepWords<StepKind>)
    : undefined;
}

function destinationsText(name: string, { cluster, policy }: PlanDetails): string {
  const node = cluster?.nodes.find((one) => one.name === name);
  if (cluster === undefined || node === undefined) return 'every destination of it on every proxy';
  const places = node.destinations
    .map((destination) => printable(destinationText(destination)))
    .join(' and ');
  const ignored = (proxy: string): string =>
    policy?.ignoreProxies.includes(proxy) === true ? ' (if it answers)' : '';
  return `${places} on ${cluster.proxies.map(({ name: proxy }) => `${printable(proxy)}${ignored(proxy)}`).join(', ')}`;
}
