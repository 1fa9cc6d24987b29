/** What a kind of effect has to know of itself; see effect.ts for how it is carried out. */
import type { EffectKind, EffectKinds, EffectOutcome } from '../domain/effect.ts';
import type { ErrorInfo, FshaError } from '../domain/errors.ts';
import type { World } from './world.ts';

/** How one kind of effect is looked at, done and confirmed. */
export interface EffectHandler<K extends EffectKind> {
  /** What is there now. @throws FshaError where that cannot be read */
  readonly look: (target: Target<K>, world: World, signal: AbortSignal) => Promise<Found<K>>;
  /** Whether nothing has to be done. */
  readonly isSo: (found: Found<K>, wanted: Wanted<K>) => boolean;
  /** Whether what was read back is what was wanted; looser than isSo where the world moves on by itself. */
  readonly isConfirmed: (read: Found<K>, wanted: Wanted<K>, found: Found<K>) => boolean;
  readonly act: (target: Target<K>, wanted: Wanted<K>, world: World, signal: AbortSignal) => Promise<void>;
  /**
   * It may be done again where a look proved that it is not so although it was accepted (another hand was quicker, the
   * answer was a lie): ms between two tries, for as long as it is read back.
   */
  readonly again?: number;
  /** It must not be done on what was seen before announcing it took its time: ms after which it is looked at again first. */
  readonly staleAfter?: number;
  /** In place of `act` and of reading back, where nothing in the world can be looked at afterwards. */
  readonly actAsProof?: (
    target: Target<K>,
    wanted: Wanted<K>,
    world: World,
    signal: AbortSignal,
  ) => Promise<ReadBack<K>>;
  /** What was read back shows that somebody else did something else: looking again will not help. */
  readonly whyLost?: (read: Found<K>, wanted: Wanted<K>, target: Target<K>) => FshaError | null;
  /** How to read back, where one look is not enough; the default looks until confirmed, for `READ_BACK` ms at most. */
  readonly readBack?: (
    target: Target<K>,
    wanted: Wanted<K>,
    found: Found<K>,
    acted: ErrorInfo | null,
    /** Monotonic ms at which the effect was announced. */
    since: number,
    world: World,
    signal: AbortSignal,
  ) => Promise<ReadBack<K>>;
}

export type Target<K extends EffectKind> = EffectKinds[K]['target'];
export type Found<K extends EffectKind> = EffectKinds[K]['found'];
export type Wanted<K extends EffectKind> = EffectKinds[K]['wanted'];

export interface ReadBack<K extends EffectKind> {
  readonly outcome: EffectOutcome;
  readonly read: Found<K> | null;
  readonly error?: FshaError;
}
