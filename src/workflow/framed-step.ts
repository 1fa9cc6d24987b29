/** What a playbook adds to a step, around its carrying out: whether at all, whether now, and for how long. */
import { FshaError } from '../domain/errors.ts';
import type { PlannedStep } from '../domain/plan.ts';
import { doneBefore } from './done-before.ts';
import { within } from './deadline.ts';
import { assertHeld, needsOf, type StepContext, valuesOf } from './step.ts';
import { readDrain } from './steps/wait-drained.ts';

type Outcome = 'succeeded' | 'skipped';

/** Kinds that have deadlines of their own, or take theirs from the frame themselves. */
const TIMED: readonly string[] = ['action'];

export interface Framed {
  readonly planned: PlannedStep;
  /** The step itself. */
  readonly work: (context: StepContext) => Promise<Outcome>;
  /** Carries out another step on the same node. */
  readonly carryOut: (step: PlannedStep) => Promise<void>;
}

export async function inFrame(context: StepContext, { planned, work, carryOut }: Framed): Promise<Outcome> {
  const { frame, world, signal } = context;
  if (context.playbook !== undefined && (await doneBefore(context, planned, carryOut))) return 'skipped';
  if (frame === undefined) return work(context);
  if (frame.when !== undefined && !valuesOf(context).holds(frame.when, context.policy())) return 'skipped';
  if (frame.disruptive === true && frame.cutsCalls !== true) await mustBeDrained(context);
  if (frame.timeout === undefined || TIMED.includes(planned.kind)) return work(context);
  return within(world.clock, frame.timeout, signal, frame.name, (ended) =>
    work({ ...context, signal: ended }),
  );
}

/**
 * Out and drained, as it is observed now, never as it was meant.
 * @throws FshaError `refused`
 */
async function mustBeDrained(context: StepContext): Promise<void> {
  const { watcher, signal, node, frame } = context;
  const why = (what: string): FshaError =>
    new FshaError(
      'refused',
      `${frame?.name ?? context.step} would end calls: ${node.name} ${what}`,
      'Take it out and wait until it is drained first, or write cutsCalls: true where that is meant.',
    );
  if (context.soFar().baseline === null) throw why('was not taken out');
  const observation = await watcher.fresh(needsOf(context), signal);
  assertHeld(context, observation);
  const { sessions, drift, unknown } = readDrain(context, observation);
  if (unknown.length > 0) throw why('is not seen on every proxy');
  if (drift.length > 0) throw why('is not out of service everywhere');
  if (!sessions.known) throw why(`has calls of which the number is unknown (${sessions.why})`);
  if (sessions.value > 0) throw why(`has ${sessions.value} sessions up`);
}
