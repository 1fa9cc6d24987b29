/** One run, from its first event to its last. */
import { conclude, type Interruption } from '../domain/conclude.ts';
import type { Observation } from '../domain/observation.ts';
import type { Plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import type { RunSettled } from '../domain/run-events.ts';
import { carryOut } from './carry-out.ts';
import type { Recorder } from './recorder.ts';
import { createRequestDesk, type RequestDesk } from './request-desk.ts';
import { Watcher } from './watcher.ts';
import type { World } from './world.ts';

export interface RunOptions {
  readonly world: World;
  readonly recorder: Recorder;
  readonly plan: Plan;
  /** Carry out the preflight only. */
  readonly dryRun: boolean;
  readonly policy: Policy;
  readonly run: string;
  /** The command as it was meant, without secrets: `drain node-1`. */
  readonly command: string;
  readonly reason: string | null;
  readonly who: string;
  /** How fsha was called, for the commands that go on. */
  readonly call: string;
  readonly signal: AbortSignal;
  readonly leave: AbortSignal;
  /** What fired the signal. */
  readonly interruption: () => Interruption;
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
  const { world, recorder, plan, policy, run, who, signal, leave } = options;
  const { source } = world.cluster;
  await recorder.record({
    type: 'run.started',
    data: {
      command: options.command,
      reason: options.reason,
      who,
      cluster: world.cluster.name,
      inventory: { path: source.path, sha256: source.sha256 },
      policy,
      plan,
      ...(options.call === 'fsha' ? {} : { call: options.call }),
      ...(options.dryRun ? { dryRun: true } : {}),
    },
  });
  const watcher = new Watcher(
    [...world.nodes.values()],
    [...world.proxies.values()],
    world.clock,
    policy.poll,
  );
  watcher.start();
  const everything = { nodes: [...world.nodes.keys()], proxies: [...world.proxies.keys()] };
  const wake = (): void => watcher.wake(everything);
  const desk = createRequestDesk({ recorder, abort: options.abort, wake });
  const end = options.onBegin(desk, () => watcher.latest());
  try {
    await carryOut(options.dryRun ? preflightOf(plan) : plan, {
      world,
      watcher,
      recorder,
      run,
      who,
      signal,
      leave,
    });
  } finally {
    end();
    await desk.close();
    await watcher.stop();
  }
  const settled = conclude(recorder.state, options.interruption(), options.call);
  recorder.tolerateJournalLoss();
  await recorder.record({ type: 'run.settled', data: settled });
  return settled;
}

function preflightOf(plan: Plan): Plan {
  const nodes = plan.nodes.map(({ node, steps }) => ({
    node,
    steps: steps.filter((step) => step.kind === 'preflight'),
  }));
  return { ...plan, nodes };
}
