/** One run, from its first event to its last. */
import { conclude, type Interruption } from '../domain/conclude.ts';
import type { Observation } from '../domain/observation.ts';
import type { Plan } from '../domain/plan.ts';
import type { PlaybookSource } from '../domain/playbook/source.ts';
import type { Policy } from '../domain/policy.ts';
import { whyRefused } from '../domain/preflight/checks.ts';
import type { Foresee } from '../domain/rolling/foresee.ts';
import { type WindowEnds, windowEnds } from '../domain/rolling/window.ts';
import type { NewEvent, RunSettled } from '../domain/run-events.ts';
import { carryOut, undoAll } from './carry-out.ts';
import type { PlaybookRun } from './playbook-run.ts';
import type { Recorder } from './recorder.ts';
import type { Carrier } from './run-step.ts';
import { createRequestDesk, type RequestDesk } from './request-desk.ts';
import { Watcher } from './watcher.ts';
import type { World } from './world.ts';

/** How a run comes to be: begun, or gone on with by another process. */
export type Beginning =
  | {
      readonly kind: 'started';
      /** The command as it was meant, without secrets: `drain node-1`. */
      readonly command: string;
      readonly reason: string | null;
      /** Carry out the preflight only. */
      readonly dryRun: boolean;
    }
  | {
      readonly kind: 'resumed';
      readonly mode: 'forward' | 'undo';
      readonly reason: string | null;
      /** By a command whose policy counts alone; see the event. */
      readonly anew: boolean;
      /** What is told of it by whoever goes on with it: recorded first. */
      readonly told: readonly NewEvent[];
    };

export interface RunOptions {
  readonly world: World;
  /** Where the run is gone on with, it has the state so far. */
  readonly recorder: Recorder;
  readonly beginning: Beginning;
  readonly plan: Plan;
  readonly policy: Policy;
  readonly run: string;
  readonly who: string;
  /** What tells this process of the run from another one: lower-case hexadecimal, 8 to 16 digits. */
  readonly token: string;
  /** How fsha was called, for the commands that go on. */
  readonly call: string;
  /** The lock under which it runs, `MACHINE:PATH`; null for none. */
  readonly lock: string | null;
  readonly signal: AbortSignal;
  readonly leave: AbortSignal;
  /** What fired the signal. */
  readonly interruption: () => Interruption;
  /** Of a dry run of several nodes. */
  readonly foresee?: Foresee;
  /** The playbook of which the plan was made: for run.started, and for its steps. Absent: it is of none. */
  readonly playbook?: { readonly source: PlaybookSource; readonly run: PlaybookRun };
  /** Fires `signal`, as Ctrl-C does. */
  readonly abort: () => void;
  /**
   * Called once the run has begun, with the way to ask something of it and what was read last of everything; what it
   * returns is called at the end.
   */
  readonly onBegin: (desk: RequestDesk, latest: () => Observation) => () => void;
}

/**
 * Carries out a plan and says how it ended.
 * @throws FshaError `journal` where not even the beginning could be written; nothing was changed then
 */
export async function runPlan(options: RunOptions): Promise<RunSettled> {
  const { world, recorder, plan, policy, run, who, token, signal, leave, beginning } = options;
  await recorder.record(firstEvent(options));
  if (beginning.kind === 'resumed') for (const event of beginning.told) await recorder.record(event);
  const watcher = new Watcher(
    [...world.nodes.values()],
    [...world.proxies.values()],
    world.clock,
    policy.poll,
  );
  watcher.start();
  const everything = { nodes: [...world.nodes.keys()], proxies: [...world.proxies.keys()] };
  const wake = (): void => watcher.wake(everything);
  const window = (): WindowEnds | null =>
    windowEnds(plan.rolling, world.cluster, policy, { now: world.clock.now(), wall: world.clock.wall() });
  const desk = createRequestDesk({ recorder, abort: options.abort, wake, window });
  const end = options.onBegin(desk, () => watcher.latest());
  const carrier: Carrier = {
    ...{ world, watcher, recorder, run, who, token, signal, leave },
    ...(options.playbook === undefined ? {} : { playbook: options.playbook.run }),
  };
  try {
    if (beginning.kind === 'resumed' && beginning.mode === 'undo') await undoAll(plan, carrier);
    else if (isDryRun(options)) {
      await carryOut(preflightOf(plan), carrier);
      if (!signal.aborted) await tellForeseen(options);
    } else await carryOut(plan, carrier);
  } finally {
    end();
    await desk.close();
    await watcher.stop();
  }
  const { state, lost } = recorder;
  const settled: RunSettled = {
    ...conclude(state, options.interruption(), options.call, lost !== null),
    ...(lost === null ? {} : { lost }),
  };
  recorder.tolerateJournalLoss();
  await recorder.record({ type: 'run.settled', data: settled });
  return settled;
}

function isDryRun({ beginning }: RunOptions): boolean {
  return beginning.kind === 'started' && beginning.dryRun;
}

async function tellForeseen({ recorder, foresee }: RunOptions): Promise<void> {
  if (foresee === undefined) return;
  const refused = Object.entries(recorder.state.nodes).flatMap(([name, { failure, verdicts }]) =>
    failure === null ? [] : [[name, whyRefused(verdicts) ?? failure.error.message] as const],
  );
  for (const [node, { turn, why, sessions }] of foresee(new Map(refused))) {
    const data = { turn, ...(why === null ? {} : { why }), sessions };
    await recorder.record({ type: 'node.foreseen', node, data });
  }
}

function firstEvent(options: RunOptions): NewEvent {
  const { world, beginning, policy, plan, who, call, lock } = options;
  const around = { ...(call === 'fsha' ? {} : { call }), ...(lock === null ? {} : { lock }) };
  if (beginning.kind === 'resumed') {
    const { mode, anew, reason } = beginning;
    const said = reason === null ? {} : { reason };
    const data = { who, mode, plan, policy, ...said, ...around, ...(anew ? { anew } : {}) };
    return { type: 'run.resumed', data };
  }
  const { name, source } = world.cluster;
  return {
    type: 'run.started',
    data: {
      command: beginning.command,
      reason: beginning.reason,
      who,
      cluster: name,
      inventory: { path: source.path, sha256: source.sha256 },
      policy,
      plan,
      ...around,
      ...(beginning.dryRun ? { dryRun: true } : {}),
      ...(options.playbook === undefined ? {} : { playbook: options.playbook.source }),
    },
  };
}

function preflightOf(plan: Plan): Plan {
  const nodes = plan.nodes.map(({ node, steps }) => ({
    node,
    steps: steps.filter((step) => step.kind === 'preflight'),
  }));
  // Every one of them, also where one is refused, and without the batches: nothing is out meanwhile.
  return { kind: plan.kind, nodes };
}
