/** Looking at what an effect did, until it is seen, refused for certain, or the time is over. */
import type { EffectKind } from '../domain/effect.ts';
import { type ErrorInfo, errorInfo, FshaError } from '../domain/errors.ts';
import { hasFired, within } from './deadline.ts';
import type { EffectHandler, Found, ReadBack, Target, Wanted } from './effect-handler.ts';
import type { World } from './world.ts';

/** How long an effect is read back before its outcome is called failed or unknown: ms. */
const READ_BACK = 10_000;
const LOOK_EVERY = 200;

export interface SomeEffect<K extends EffectKind> {
  readonly effect: K;
  readonly target: Target<K>;
  readonly wanted: Wanted<K>;
}

export interface Acted<K extends EffectKind> {
  readonly effect: SomeEffect<K>;
  readonly handler: EffectHandler<K>;
  readonly found: Found<K>;
  /** What the act itself said went wrong; null where it said that it was accepted. */
  readonly acted: ErrorInfo | null;
  /** Monotonic ms at which the effect was announced. */
  readonly since: number;
}

/** What was seen last. In a box, since what is read may itself be null (no mark), which is not the same as not read. */
interface Sight<K extends EffectKind> {
  last: { readonly read: Found<K> } | null;
  /** Why the last look saw nothing; null where it saw. */
  blind: ErrorInfo | null;
}

/** Told before an effect is done once more: which time that is, and why. */
export type OnAgain = (attempt: number, error: ErrorInfo) => Promise<void>;

/**
 * How the effect ended. Runs under a time limit of its own: what was begun is looked at even when the run is to stop;
 * nothing is done once more then.
 */
export async function readBack<K extends EffectKind>(
  what: Acted<K>,
  world: World,
  signal: AbortSignal,
  leave: AbortSignal,
  onAgain: OnAgain,
): Promise<ReadBack<K>> {
  const { effect, handler, found, acted, since } = what;
  if (handler.readBack !== undefined) {
    return handler.readBack(effect.target, effect.wanted, found, acted, since, world, signal);
  }
  const sight: Sight<K> = { last: null, blind: null };
  try {
    return await within(world.clock, READ_BACK, leave, 'reading back', (limit) =>
      lookUntil(what, sight, world, limit, repeater(what, world, signal, onAgain)),
    );
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    return unconfirmed(what, sight);
  }
}

async function lookUntil<K extends EffectKind>(
  { effect, handler, found, acted }: Acted<K>,
  sight: Sight<K>,
  world: World,
  limit: AbortSignal,
  repeat: (read: Found<K>, limit: AbortSignal) => Promise<void>,
): Promise<ReadBack<K>> {
  for (;;) {
    try {
      const read = await handler.look(effect.target, world, limit);
      sight.last = { read };
      sight.blind = null;
      if (handler.isConfirmed(read, effect.wanted, found)) return { outcome: 'done', read };
      const lost = handler.whyLost?.(read, effect.wanted, effect.target) ?? null;
      if (lost !== null) return { outcome: 'failed', read, error: lost };
      // A clear refusal with nothing changed needs no second look.
      if (acted !== null && isClearRefusal(acted)) {
        return { outcome: 'failed', read, error: new FshaError('effect.failed', acted.message, acted.hint) };
      }
      await repeat(read, limit);
    } catch (error) {
      if (hasFired(limit) || !(error instanceof FshaError)) throw error;
      sight.blind = errorInfo(error);
    }
    await world.clock.sleep(LOOK_EVERY, limit);
  }
}

/** Does the effect once more after each look which proved that it is not so, where it may be, and not too often. */
function repeater<K extends EffectKind>(
  what: Acted<K>,
  world: World,
  signal: AbortSignal,
  onAgain: OnAgain,
): (read: Found<K>, limit: AbortSignal) => Promise<void> {
  const { handler, effect } = what;
  let tried = world.clock.now();
  let attempt = 0;
  return async (read, limit) => {
    if (handler.again === undefined || hasFired(signal) || world.clock.now() - tried < handler.again) return;
    attempt += 1;
    await onAgain(attempt, errorInfo(notSo(what, read)));
    try {
      await handler.act(effect.target, effect.wanted, world, limit);
    } finally {
      tried = world.clock.now();
    }
  };
}

/** Answers that say for certain that nothing was done. */
function isClearRefusal({ code }: ErrorInfo): boolean {
  return code === 'rpc.error' || code === 'rpc.auth' || code === 'esl.error' || code === 'connect.refused';
}

function unconfirmed<K extends EffectKind>(
  { effect, acted }: Acted<K>,
  { last, blind }: Sight<K>,
): ReadBack<K> {
  const name = `${effect.effect} ${Object.values(effect.target).join(' ')}`;
  if (blind !== null || last === null) {
    const why = blind?.message ?? acted?.message ?? 'nothing could be read back';
    const error = new FshaError(
      'effect.unknown',
      `whether ${name} took effect is unknown: ${why}`,
      blind?.hint ?? '',
    );
    return { outcome: 'unknown', read: null, error };
  }
  return { outcome: 'failed', read: last.read, error: notSo({ effect, acted }, last.read) };
}

function notSo<K extends EffectKind>(
  { effect, acted }: Pick<Acted<K>, 'effect' | 'acted'>,
  read: Found<K>,
): FshaError {
  const name = `${effect.effect} ${Object.values(effect.target).join(' ')}`;
  const why = acted === null ? 'it was accepted, but nothing changed' : acted.message;
  return new FshaError(
    'effect.failed',
    `${name} did not take effect: ${why}; it reads ${typeof read === 'string' ? read : JSON.stringify(read)}`,
    acted?.hint ?? '',
  );
}
