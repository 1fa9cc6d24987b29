/** Calls that were cut, in words. */
import type { EffectOutcome, HangUp } from '../domain/effect.ts';
import type { RunEvent } from '../domain/run-events.ts';
import { printable } from '../domain/text.ts';
import { localMoment } from './local-time.ts';

/**
 * `from ******12 to ****34, up since 21:02:11 (NORMAL_CLEARING)`. Numbers are masked already where they have to be.
 * @param seenFrom when that is read, ISO 8601: a call of an earlier day is told with its day
 */
export function callWords(call: HangUp, seenFrom?: string): string {
  return `from ${number(call.from)} to ${number(call.to)}, up since ${localMoment(call.since, seenFrom)} (${printable(call.cause)})`;
}

function number(shown: string): string {
  return shown === '' ? 'unknown' : printable(shown, 80);
}

export interface CutCall {
  readonly node: string;
  readonly call: HangUp;
  /** When the first of its legs was about to be hung up. */
  readonly at: string;
  /** `ended`: by itself, before it was cut. */
  readonly outcome: 'cut' | 'ended' | 'unknown' | 'failed';
}

/** What became of the legs of a call, the first that applies to the whole call. */
const OUTCOMES = ['cut', 'unknown', 'failed', 'ended'] as const;

const SETTLED = {
  done: 'cut',
  already: 'ended',
  failed: 'failed',
  unknown: 'unknown',
} as const satisfies Record<EffectOutcome, CutCall['outcome']>;

interface Leg {
  readonly node: string;
  readonly at: string;
  readonly call: HangUp;
  /** Intended, and not settled: should nothing more be said of it, nobody knows. */
  isOpen: boolean;
  /** What was known when it was settled. */
  read: CutCall['outcome'] | null;
}

/** Gathers from a run's events which calls were to be cut, and which were: the legs of one call are one. */
export class CutCalls {
  readonly #legs = new Map<string, Leg>();
  readonly #cut = new Set<string>();

  note(event: RunEvent): void {
    if (event.type !== 'effect.intended' && event.type !== 'effect.settled') return;
    if (event.data.effect !== 'call.hangup') return;
    const key = `${event.node ?? ''} ${event.data.target.uuid}`;
    const before = this.#legs.get(key);
    if (event.type === 'effect.intended') {
      const { node = '', at } = event;
      this.#legs.set(key, {
        ...(before ?? { node, at, read: null }),
        call: event.data.wanted,
        isOpen: true,
      });
      return;
    }
    if (before === undefined) return;
    before.isOpen = false;
    before.read = later(before.read, SETTLED[event.data.outcome]);
    if (before.read === 'cut') this.#cut.add(keyOf(before));
  }

  /** In the order in which they were cut. */
  all(): readonly CutCall[] {
    const calls = new Map<string, readonly Leg[]>();
    for (const leg of this.#legs.values()) {
      calls.set(keyOf(leg), [...(calls.get(keyOf(leg)) ?? []), leg]);
    }
    return [...calls.values()].flatMap((legs) => {
      const [first] = legs;
      if (first === undefined) return [];
      const outcome =
        OUTCOMES.find((one) => legs.some((leg) => outcomeOf(leg) === one)) ?? ('unknown' as const);
      return [{ node: first.node, call: first.call, at: first.at, outcome }];
    });
  }

  /** Whether a leg of that call was cut already. */
  hasCut(node: string | undefined, call: HangUp): boolean {
    return this.#cut.has(keyOf({ node: node ?? '', call }));
  }
}

function outcomeOf({ read, isOpen }: Leg): CutCall['outcome'] {
  return read === 'cut' ? 'cut' : isOpen ? 'unknown' : (read ?? 'unknown');
}

/** A leg that is gone after it was unknown whether it was cut has perhaps been cut. */
function later(before: Leg['read'], now: CutCall['outcome']): CutCall['outcome'] {
  if (before === 'cut') return before;
  return before === 'unknown' && now !== 'cut' ? before : now;
}

function keyOf({ node, call }: Pick<Leg, 'node' | 'call'>): string {
  return `${node} ${call.call}`;
}

const ENDS: Readonly<Record<CutCall['outcome'], string>> = {
  cut: '',
  ended: ': ended by itself',
  unknown: ': unknown whether it was cut',
  failed: ': not cut',
};

/** One call in one line; `withNode` where there are several nodes. */
export function cutCallLine({ node, call, at, outcome }: CutCall, withNode: boolean): string {
  const subject = withNode && node !== '' ? `${printable(node)}: ` : '';
  return `${subject}${callWords(call, at)}${call.expendable ? ', expendable' : ''}${ENDS[outcome]}`;
}
