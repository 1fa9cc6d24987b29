import type { ActionReading, Effect } from '../../domain/effect.ts';
import { errorInfo, FshaError, interrupted } from '../../domain/errors.ts';
import type { Frame, StepParams } from '../../domain/plan.ts';
import type { ActionResult } from '../../domain/playbook/action-result.ts';
import { BEYOND_RESCUE } from '../../domain/playbook/beyond-rescue.ts';
import type { JsonObject } from '../../domain/playbook/json.ts';
import { printable } from '../../domain/text.ts';
import { ACTION_TIME, type RunAction } from '../action-port.ts';
import { hasFired, within } from '../deadline.ts';
import type { ReadBack } from '../effect-handler.ts';
import { performEffect } from '../effect.ts';
import type { PlaybookRun } from '../playbook-run.ts';
import { type Step, type StepContext, valuesOf } from '../step.ts';

/** So much of an error's or a result's text is told: characters. */
const SAID = 500;

/** Codes that say for certain that nothing was begun. */
const NOTHING_BEGUN =
  /^(usage|secret|refused|locked|lock[.]lost|journal|connect[.].*|ssh[.].*|esl[.](auth|acl)|rpc[.]auth)$/;

/** An action of a playbook: rendered, announced where it may change something, carried out once, its result recorded. */
export const action: Step<'action'> = async (context, params) => {
  const { playbook, step } = context;
  if (playbook === undefined) throw new FshaError('bug', `${step} was reached without a playbook`);
  const run = playbook.actions.get(params.action);
  if (run === undefined) throw new FshaError('usage', `${params.action} is no action of this fsha`);
  const { frame } = context;
  const values = valuesOf(context);
  const rendered = values.render(params.action, params.params, frame?.at ?? step, context.policy());
  const act = (): Promise<ActionResult> => carryOut(run, rendered, context, playbook, frame);
  let result: ActionResult;
  try {
    result =
      params.changes === 'nothing'
        ? await shownErrors(context, act)
        : await announced(context, params, frame, act);
  } catch (error) {
    const { code, message } = errorInfo(error);
    // For what rescues it, and for the steps behind that: why there is nothing else.
    if (frame?.register !== undefined && !BEYOND_RESCUE.has(code))
      await keep(context, { ok: false, error: message });
    throw error;
  }
  // FreeSWITCH may be another one now, and is meant to be: what was seen of it before says nothing.
  if (frame?.disruptive === true || frame?.cutsCalls === true) context.memory.coreUuid = null;
  await keep(context, result.ok ? result : { ...result, error: saidOf(result) });
  if (!result.ok) throw notOk(context, values.mask(saidOf(result)));
  return 'succeeded';
};

/** For later steps, and in the journal for later processes. */
async function keep(context: StepContext, result: ActionResult): Promise<void> {
  const { node, step, frame, record } = context;
  const register = frame?.register ?? null;
  const { value, masked, truncated } = valuesOf(context).keep(register, result);
  const marks = {
    ...(masked ? { masked: true as const } : {}),
    ...(truncated ? { truncated: true as const } : {}),
  };
  await record({ type: 'step.result', node: node.name, step, data: { register, value, ...marks } });
}

function carryOut(
  run: RunAction,
  rendered: JsonObject,
  context: StepContext,
  playbook: PlaybookRun,
  frame: Frame | undefined,
): Promise<ActionResult> {
  const { world, node, step, signal } = context;
  const name = frame?.name ?? step;
  const time = frame?.timeout ?? ACTION_TIME;
  const deadline = world.clock.now() + time;
  return within(world.clock, time, signal, name, (ended) =>
    run(rendered, node, {
      world,
      signal: ended,
      deadline,
      step,
      name,
      run: context.run,
      playbook: playbook.name,
      ask: (question, asking) => playbook.questions.ask(question, asking),
      mask: (text) => valuesOf(context).mask(text),
    }),
  );
}

/** What reads only is told as it failed: nothing is unknown by that. */
async function shownErrors(context: StepContext, act: () => Promise<ActionResult>): Promise<ActionResult> {
  try {
    return await act();
  } catch (error) {
    throw masked(context, error);
  }
}

async function announced(
  context: StepContext,
  { action: name, params, changes }: StepParams['action'],
  frame: Frame | undefined,
  act: () => Promise<ActionResult>,
): Promise<ActionResult> {
  const { world, node, step, signal, leave, record } = context;
  const disruptive = frame?.disruptive === true;
  const effect: Effect = {
    effect: 'action.run',
    target: { node: node.name, step },
    wanted: { action: name, params, changes, disruptive },
  };
  const ended: { result: ActionResult | null } = { result: null };
  const actAsProof = async (): Promise<ReadBack<'action.run'>> => {
    let result: ActionResult;
    try {
      result = await act();
      ended.result = result;
    } catch (error) {
      return endOf(context, error);
    }
    const read: ActionReading = { ok: result.ok, said: valuesOf(context).mask(saidOf(result)) };
    return result.ok
      ? { outcome: 'done', read }
      : { outcome: 'failed', read, error: notOk(context, read.said) };
  };
  try {
    await performEffect(effect, { world, node: node.name, step, signal, leave, record, actAsProof });
  } catch (error) {
    // It came to its end, though not to the one that was wanted: what came of it can be asked for.
    if (ended.result === null || hasFired(signal)) throw error;
  }
  if (ended.result === null) throw interrupted(step);
  return ended.result;
}

/** An action that did not come to its end: not begun, or nobody knows how far it went. */
function endOf(context: StepContext, thrown: unknown): ReadBack<'action.run'> {
  const error = masked(context, thrown);
  if (NOTHING_BEGUN.test(error.code) || error.code === 'action.failed')
    return { outcome: 'failed', read: null, error };
  const why = `what ${context.step} did is unknown: ${error.message}`;
  return { outcome: 'unknown', read: null, error: new FshaError('effect.unknown', why, error.hint) };
}

/** @throws what is no FshaError: that is a bug */
function masked(context: StepContext, thrown: unknown): FshaError {
  if (!(thrown instanceof FshaError)) throw thrown;
  const { code, message, hint } = errorInfo(thrown);
  return new FshaError(code, valuesOf(context).mask(message), valuesOf(context).mask(hint));
}

function notOk(context: StepContext, said: string): FshaError {
  return new FshaError(
    'action.failed',
    `${context.frame?.name ?? context.step} on ${context.node.name}: ${said}`,
  );
}

/** What came of it in a clause: what the action says of itself, else its plain values. */
function saidOf(result: ActionResult): string {
  const { said } = result;
  if (typeof said === 'string' && said !== '') return printable(said, SAID);
  const plain = Object.entries(result).flatMap(([key, value]) =>
    key === 'ok' || value === '' || typeof value === 'object' ? [] : [`${key} ${String(value)}`],
  );
  return plain.length === 0
    ? result.ok
      ? 'done'
      : 'it did not do what was wanted'
    : printable(plain.join(', '), SAID);
}
