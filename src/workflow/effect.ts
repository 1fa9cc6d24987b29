/**
 * The only place that writes to the world: look, announce, act, read back, settle. What is so already is not done
 * again; what cannot be read back is unknown, never success.
 */
import type { Effect, EffectKind, Intent } from '../domain/effect.ts';
import { type ErrorInfo, errorInfo, FshaError, interrupted } from '../domain/errors.ts';
import type { EffectSettled, NewEvent } from '../domain/run-events.ts';
import { hasFired } from './deadline.ts';
import type { EffectHandler, ReadBack } from './effect-handler.ts';
import { EFFECTS } from './effects/registry.ts';
import { type Acted, readBack, type SomeEffect } from './read-back.ts';
import type { World } from './world.ts';

export interface EffectContext {
  readonly world: World;
  readonly node: string;
  readonly step: string;
  readonly signal: AbortSignal;
  /** Fires when even reading back is to stop. */
  readonly leave: AbortSignal;
  readonly record: (event: NewEvent) => Promise<void>;
  /** In place of the handler's act: what its step alone can do, with values that must not be written down. */
  readonly actAsProof?: () => Promise<ReadBack<'action.run'>>;
}

/**
 * Does one effect.
 * @returns how it ended: done, or already so
 * @throws FshaError `effect.failed`, `effect.unknown`, or the handler's own, after the outcome was recorded
 */
export async function performEffect(effect: Effect, context: EffectContext): Promise<'done' | 'already'> {
  // The registry pairs each kind with its handler; TypeScript cannot follow that pairing through a union.
  return perform(
    effect as SomeEffect<EffectKind>,
    EFFECTS[effect.effect] as EffectHandler<EffectKind>,
    context,
  );
}

async function perform<K extends EffectKind>(
  effect: SomeEffect<K>,
  handler: EffectHandler<K>,
  context: EffectContext,
): Promise<'done' | 'already'> {
  const { world, node, step, signal, record } = context;
  const looked = world.clock.now();
  const found = await handler.look(effect.target, world, signal);
  if (hasFired(signal)) throw interrupted(step);
  world.lock.assertHeld();
  const since = world.clock.now();
  await record({ type: 'effect.intended', node, step, data: { ...effect, found } as unknown as Intent });

  const settle = async (result: ReadBack<K>): Promise<void> => {
    const { outcome, read, error } = result;
    const data = {
      effect: effect.effect,
      target: effect.target,
      outcome,
      read,
      ...(error === undefined ? {} : { error: errorInfo(error) }),
    };
    await record({ type: 'effect.settled', node, step, data: data as unknown as EffectSettled });
  };

  if (handler.isSo(found, effect.wanted)) {
    await settle({ outcome: 'already', read: found });
    return 'already';
  }
  // Announcing it took a moment on the disk: a wish to stop that came meanwhile is heard before the act.
  if (hasFired(signal)) {
    await settle({ outcome: 'failed', read: found, error: interrupted(step) });
    throw interrupted(step);
  }
  try {
    if (handler.staleAfter !== undefined && world.clock.now() - looked > handler.staleAfter)
      await handler.look(effect.target, world, signal);
    if (hasFired(signal)) throw interrupted(step);
    world.lock.assertHeld();
  } catch (error) {
    if (error instanceof FshaError) await settle({ outcome: 'failed', read: found, error });
    throw error;
  }
  const result =
    ((await context.actAsProof?.()) as ReadBack<K> | undefined) ??
    (await handler.actAsProof?.(effect.target, effect.wanted, world, signal)) ??
    (await actAndLook({ effect, handler, found, acted: null, since }, context));
  await settle(result);
  if (result.outcome === 'done' || result.outcome === 'already') {
    if (hasFired(signal)) throw interrupted(step);
    return result.outcome;
  }
  if (hasFired(signal)) throw interrupted(step);
  throw (
    result.error ??
    new FshaError(
      result.outcome === 'unknown' ? 'effect.unknown' : 'effect.failed',
      `${effect.effect} did not succeed`,
    )
  );
}

async function actAndLook<K extends EffectKind>(
  what: Acted<K>,
  { world, signal, leave, record, node, step }: EffectContext,
): Promise<ReadBack<K>> {
  let acted: ErrorInfo | null = null;
  try {
    await what.handler.act(what.effect.target, what.effect.wanted, world, signal);
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    acted = errorInfo(error);
  }
  return readBack({ ...what, acted }, world, signal, leave, (attempt, error) =>
    record({ type: 'step.retrying', node, step, data: { attempt, error } }),
  );
}
