/**
 * The only place that writes to the world: look, announce, act, read back, settle. What is so already is not done
 * again; what cannot be read back is unknown, never success.
 */
import type { Effect, EffectKind, Intent } from '../domain/effect.ts';
import { type ErrorInfo, errorInfo, FshaError, interrupted } from '../domain/errors.ts';
import type { EffectSettled, NewEvent } from '../domain/run-events.ts';
import { hasFired, within } from './deadline.ts';
import type { EffectHandler, Found, ReadBack, Target, Wanted } from './effect-handler.ts';
import { EFFECTS } from './effects/registry.ts';
import type { World } from './world.ts';

/** How long an effect is read back before its outcome is called unknown or failed: ms. */
const READ_BACK = 10_000;

export interface EffectContext {
  readonly world: World;
  readonly node: string;
  readonly step: string;
  readonly signal: AbortSignal;
  readonly record: (event: NewEvent) => Promise<void>;
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

interface SomeEffect<K extends EffectKind> {
  readonly effect: K;
  readonly target: Target<K>;
  readonly wanted: Wanted<K>;
}

async function perform<K extends EffectKind>(
  effect: SomeEffect<K>,
  handler: EffectHandler<K>,
  context: EffectContext,
): Promise<'done' | 'already'> {
  const { world, node, step, signal, record } = context;
  const found = await handler.look(effect.target, world, signal);
  if (hasFired(signal)) throw interrupted(step);
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
  let acted: ErrorInfo | null = null;
  try {
    await handler.act(effect.target, effect.wanted, world, signal);
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    acted = errorInfo(error);
  }
  const result = await readBack(effect, handler, found, acted, since, context);
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

/** Reads back under a signal of its own: what was begun is looked at even when the run was told to stop. */
async function readBack<K extends EffectKind>(
  effect: SomeEffect<K>,
  handler: EffectHandler<K>,
  found: Found<K>,
  acted: ErrorInfo | null,
  since: number,
  context: EffectContext,
): Promise<ReadBack<K>> {
  const { world, signal } = context;
  if (handler.readBack !== undefined)
    return handler.readBack(effect.target, effect.wanted, found, acted, since, world, signal);
  // Kept in a box: what is read may itself be null (no mark), and that is not the same as not read.
  let seen: { readonly read: Found<K> } | null = null;
  let blind: ErrorInfo | null = null;
  const fresh = new AbortController().signal;
  try {
    return await within(
      world.clock,
      READ_BACK,
      fresh,
      'reading back',
      async (bounded): Promise<ReadBack<K>> => {
        for (;;) {
          try {
            seen = { read: await handler.look(effect.target, world, bounded) };
            blind = null;
          } catch (error) {
            if (bounded.aborted) throw error;
            blind = errorInfo(error);
          }
          if (blind === null && seen !== null && handler.isConfirmed(seen.read, effect.wanted, found)) {
          return { outcome: 'done', read: seen.read };
        }
          // A clear refusal with nothing changed needs no second look.
          if (blind === null && seen !== null && acted !== null && isClearRefusal(acted)) {
          return { outcome: 'failed', read: seen.read, error: new FshaError('effect.failed', acted.message, acted.hint) };
        }
      },
    );
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    return unconfirmed(effect, seen, blind, acted);
  }
}

function isClearRefusal(acted: ErrorInfo): boolean {
  return (
    acted.code === 'rpc.error' ||
    acted.code === 'rpc.auth' ||
    acted.code === 'esl.error' ||
    acted.code === 'connect.refused'
  );
}

function unconfirmed<K extends EffectKind>(
  effect: SomeEffect<K>,
  seen: { readonly read: Found<K> } | null,
  blind: ErrorInfo | null,
  acted: ErrorInfo | null,
): ReadBack<K> {
  const name = `${effect.effect} ${Object.values(effect.target).join(' ')}`;
  if (blind !== null || seen === null) {
    const why = blind?.message ?? acted?.message ?? 'nothing could be read back';
    return {
      outcome: 'unknown',
      read: null,
      error: new FshaError(
        'effect.unknown',
        `whether ${name} took effect is unknown: ${why}`,
        blind?.hint ?? '',
      ),
    };
  }
  const why = acted === null ? 'it was accepted, but nothing changed' : acted.message;
  return {
    outcome: 'failed',
    read: seen.read,
    error: new FshaError(
      'effect.failed',
      `${name} did not take effect: ${why}; it reads ${String(seen.read)}`,
      acted?.hint ?? '',
    ),
  };
}
