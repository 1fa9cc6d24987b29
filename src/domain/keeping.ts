/** Whether a node that is only kept out is still its keeper's: told by its mark, and by which FreeSWITCH has it. */
import type { Known } from './observation.ts';

export interface KeptNode {
  readonly mark: Known<string | null>;
  readonly coreUuid: Known<string>;
}

/** What whoever keeps a node out has seen so far. */
export interface Keeping {
  /** core_uuid of the FreeSWITCH in which its own mark was seen last; null before that. */
  markedIn: string | null;
  /** Monotonic ms at which the last reading began that was answered; null before that. */
  seenAt: number | null;
  /** Monotonic ms of the first answer after a long silence: what went on meanwhile is not known. null: there was none. */
  awaySince: number | null;
}

export function newKeeping(): Keeping {
  return { markedIn: null, seenAt: null, awaySince: null };
}

/**
 * `kept`: its mark is there, or died with a restart that another hand made. `taken`: somebody else's is, or its own was taken
 * away. `unsure`: the mark died with a restart, and who made that was not seen. `unseen`: the mark is not known.
 */
export type KeepingState = 'kept' | 'taken' | 'unsure' | 'unseen';

/** @param isOwn whether a mark is the keeper's */
export function judgeKeeping(
  node: KeptNode | undefined,
  isOwn: (mark: string) => boolean,
  { markedIn, awaySince }: Keeping,
): KeepingState {
  if (node?.mark.known !== true) return 'unseen';
  if (node.mark.value !== null) return isOwn(node.mark.value) ? 'kept' : 'taken';
  if (markedIn === null) return 'kept';
  if (!node.coreUuid.known) return 'unseen';
  if (node.coreUuid.value === markedIn) return 'taken';
  return awaySince === null ? 'kept' : 'unsure';
}

/**
 * A reading that was answered, refused ones included: whoever hears that nothing listens there is not cut off.
 * @param at monotonic ms at which it began
 * @param longest ms without any answer, after which anything may have happened
 */
export function noteAnswer(keeping: Keeping, at: number, longest: number): void {
  if (keeping.seenAt !== null && at - keeping.seenAt > longest) keeping.awaySince = at;
  keeping.seenAt = Math.max(keeping.seenAt ?? at, at);
}

/** Its own mark was seen. @param at monotonic ms at which that reading began */
export function noteMark(keeping: Keeping, coreUuid: Known<string>, at: number): void {
  if (coreUuid.known) keeping.markedIn = coreUuid.value;
  // What was read before the silence says nothing about what went on in it.
  if (keeping.awaySince !== null && at >= keeping.awaySince) keeping.awaySince = null;
}
