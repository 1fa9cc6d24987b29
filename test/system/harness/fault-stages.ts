/** Runs of fsha in which a fault may begin, by what they are; and the place in them where it does: a step. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { StepKind } from '../../../src/domain/plan.ts';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { until } from '../../support/until.ts';
import { deepMerge, type Changes } from './deep-merge.ts';
import { lastSeq, stepName } from './events-of.ts';
import type { Moment } from './fault-gate.ts';
import type { FaultOrder } from './fault-orders.ts';
import { ON_OUT } from './fault-quick.ts';
import { type FaultOptions, type FaultRun, startFaultRun } from './fault-run.ts';
import { FENCED, RESTART_ANNOUNCED } from './kill-points.ts';
import { disabledAgain } from './out-again.ts';
import { flagsOf } from './final-state.ts';
import type { RealCluster } from './real-cluster.ts';
import type { SmallDisk } from './small-disk.ts';

export type Stage = 'drain' | 'rolling' | 'undo' | 'resume' | 'guard' | 'secure';

/** A step, in a run of that kind. */
export interface Place {
  readonly stage: Stage;
  readonly step: StepKind;
}

export interface StageOptions {
  readonly settings?: Changes;
  readonly moments?: readonly Moment[];
  readonly orders?: readonly FaultOrder[];
  /** With it another run is made than `settings` says; see `configOf`. */
  readonly config?: string;
  /** What the state directory of that inventory is; not for `resume`. */
  readonly disk?: SmallDisk;
}

interface StageOf {
  /** How it ends where a fault changes nothing. */
  readonly exit: number;
  /** How often it has restarted the node then. */
  readonly restarts: number;
  readonly settings?: Changes;
  readonly options: (
    cluster: RealCluster,
    options: StageOptions & { readonly config: string },
  ) => Promise<FaultOptions>;
}

const STAGES: Readonly<Record<Stage, StageOf>> = {
  drain: { exit: 0, restarts: 1, options: (_cluster, options) => Promise.resolve(options) },
  rolling: {
    exit: 0,
    restarts: 0,
    options: (_cluster, options) =>
      Promise.resolve({ ...options, command: 'rolling', flags: ['--no-restart', '--json'] }),
  },
  /** Ctrl-C once it is fenced. */
  undo: {
    exit: 130,
    restarts: 0,
    options: (_cluster, options) => Promise.resolve(options),
  },
  /** Of a drain that died as its restart was announced. */
  resume: {
    exit: 0,
    restarts: 1,
    async options(cluster, options) {
      const death = { when: 'after', key: RESTART_ANNOUNCED, nth: 1, act: { kind: 'kill' } } as const;
      const dead = await startFaultRun(cluster, { config: options.config, orders: [death] });
      await dead.fsha.done;
      await dead.stop();
      const run = dead.events()[0]?.run ?? expect.fail('the run that was to die has no journal');
      return { ...options, command: 'resume', subject: run };
    },
  },
  guard: {
    exit: 143,
    restarts: 0,
    options: (_cluster, options) =>
      Promise.resolve({ ...options, command: 'deactivate', flags: ['--guard', '--json'] }),
  },
  /** A drain whose node comes back without its gateway. */
  secure: {
    exit: 8,
    restarts: 1,
    settings: { verify: { timeout: '1s' } },
    async options(cluster, options) {
      await cluster.nodes[0].fault('noGateway', true, 'nextStart');
      return options;
    },
  },
};

export function cleanExit(stage: Stage): number {
  return STAGES[stage].exit;
}

export function cleanRestarts(stage: Stage): number {
  return STAGES[stage].restarts;
}

/** An inventory for a run of that kind. */
export function configOf(cluster: RealCluster, stage: Stage, settings: Changes = {}): Promise<string> {
  return cluster.configWith(deepMerge(deepMerge(ON_OUT, STAGES[stage].settings ?? {}), settings));
}

/** Starts it; with the moments in the process in which its own steps are. */
export async function startStage(
  cluster: RealCluster,
  stage: Stage,
  { settings = {}, moments = [], orders = [], ...given }: StageOptions,
): Promise<FaultRun> {
  const config = given.config ?? (await configOf(cluster, stage, settings));
  const stopped: Moment = { when: 'after', key: FENCED, hook: () => run.fsha.send('SIGINT') };
  const own = await STAGES[stage].options(cluster, {
    config,
    orders,
    ...(given.disk === undefined ? {} : { disk: given.disk }),
    moments: stage === 'undo' ? [stopped, ...moments] : moments,
  });
  const run = await startFaultRun(cluster, own);
  return run;
}

/**
 * What is still to be done with it once the fault has done what it does; `guard` goes on for ever.
 * @param heard where its events are looked for: a full disk has none of them, a closed pipe neither
 */
export async function finishStage(
  cluster: RealCluster,
  stage: Stage,
  run: FaultRun,
  heard: 'in its journal' | 'on its stdout' = 'in its journal',
): Promise<void> {
  if (stage !== 'guard') return;
  const [proxy] = cluster.proxies;
  const isAgain = disabledAgain(
    'lb-1',
    lastSeq(heard === 'in its journal' ? run.events() : run.fsha.events()),
  );
  // It holds the node out still, and not only because nobody lets it in.
  await proxy.setState('a', 1, cluster.nodes[0].destination);
  if (heard === 'in its journal') await run.until('it is disabled again', isAgain);
  else await run.fsha.untilEvent(isAgain);
  // A proxy that was away may be seen a look later than lb-1.
  await until('it holds node-1 out on every proxy', async () =>
    Object.values(await flagsOf(cluster)).every((flags) => flags?.startsWith('D')),
  );
  run.fsha.send('SIGTERM');
}

/** What stops a node from getting well, taken away. */
export async function healStage(cluster: RealCluster, stage: Stage): Promise<void> {
  if (stage !== 'secure') return;
  await until('node-1 does as it is told', () => cluster.nodes[0].clearFaults().then(() => true));
}

/** Steps that are named with the reason why no fault is begun in them here; see faults-table.test.ts. */
export const NOT_HERE: Readonly<Partial<Record<StepKind, string>>> = {
  action:
    'a playbook alone has it, where what it does is the action it names; each action in trouble is tried in playbook-actions',
  hang_up:
    'fsha calls --hangup: a run of this step alone, which takes nothing out and leaves nothing to be brought back; what cuts it off is tried in trouble-hangup-blind and trouble-cutting',
  leave_out:
    'behind the end of a run that leaves a node out, where its mark is told so; one that is cut off there leaves the mark of a run that may be alive, which is tried in cli-two-hosts',
};

/**
 * The places of runs that were recorded: each kind of step in the first of them that has it, and what a resume looks at before
 * it does anything, since it judges by other rules.
 */
export function placesOf(recorded: Readonly<Record<Stage, readonly RunEvent[]>>): readonly Place[] {
  const seen = new Set<string>();
  const order: readonly Stage[] = ['drain', 'rolling', 'undo', 'resume', 'guard', 'secure'];
  return order.flatMap((stage) => {
    const steps = recorded[stage]
      .filter(({ type }) => type === 'step.started')
      .map(({ step }) => stepName(step) as StepKind)
      .filter((step) => NOT_HERE[step] === undefined);
    return steps.flatMap((step) => {
      const isNew = !seen.has(step) || (stage === 'resume' && step === 'preflight');
      seen.add(step);
      return isNew ? [{ stage, step }] : [];
    });
  });
}

export function placeName({ stage, step }: Place): string {
  return stage === 'drain' ? step : `${step} of ${STAGE_NAMES[stage]}`;
}

const STAGE_NAMES: Readonly<Record<Stage, string>> = {
  drain: 'a drain',
  rolling: 'a rolling run',
  undo: 'an undo',
  resume: 'a resume',
  guard: 'deactivate --guard',
  secure: 'a drain that failed',
};

/** Whether calls may be up on the node there, for which the run waits. */
export function mayHaveCalls({ stage, step }: Place): boolean {
  return stage === 'drain' && ['preflight', 'deactivate', 'on_out', 'wait_drained'].includes(step);
}

export const begins = ({ step }: Place): string => `step.started node-1/${step}`;
export const isOver = ({ step }: Place): string => `step.settled node-1/${step}`;

/** Unless it has ended before. */
export async function lasting(ms: number, run: FaultRun): Promise<void> {
  await Promise.race([delay(ms), run.fsha.done]);
}
