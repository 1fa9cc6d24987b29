/**
 * Which calls may be cut: only those that are all seen, never while one to a protected number is up, and no more than
 * the user agreed to. Nothing is cut here; workflow does it call by call.
 */
import type { HangUp } from './effect.ts';
import type { ChannelRow, Known, LiveCalls } from './observation.ts';
import type { CutRules, Policy } from './policy.ts';
import { masked, printable } from './text.ts';

export interface LiveCall {
  /** The uuid of its first leg. */
  readonly id: string;
  /** Oldest first. */
  readonly legs: readonly ChannelRow[];
  readonly kind: 'protected' | 'expendable' | 'ordinary';
  /** Of its oldest leg; wall clock, seconds since 1970. */
  readonly createdEpoch: number;
}

export type CutVerdict =
  /** Every call that is up, ordinary and expendable, oldest first. */
  | { readonly kind: 'cut'; readonly calls: readonly LiveCall[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'protected'; readonly why: string; readonly calls: number }
  | { readonly kind: 'too many'; readonly ordinary: number; readonly why: string }
  /** Not every call that is up is seen. */
  | { readonly kind: 'blind'; readonly why: string };

/** The last second that a Date can hold. */
const LAST_SECOND = 8.64e12;

/**
 * Makes calls of legs: `call_uuid` of a further leg is the uuid of the first one (FreeSWITCH fills it in when it bridges;
 * it is empty for a call of one leg). One leg is enough to protect the whole call, answered or not.
 * @returns oldest first
 * @throws SyntaxError for a pattern that is no regular expression: the inventory has checked them
 */
export function callsOf(live: LiveCalls, rules: CutRules): readonly LiveCall[] {
  const protect = rules.protect.map((pattern) => new RegExp(pattern));
  const expendable = rules.expendable.map((pattern) => new RegExp(pattern));
  return grouped(live.channels)
    .map(({ id, legs }): LiveCall => {
      const createdEpoch = Math.min(...legs.map((leg) => leg.createdEpoch));
      const kind = legs.some((leg) => isProtected(leg, protect))
        ? 'protected'
        : legs.some((leg) => expendable.some((pattern) => pattern.test(numberOf(leg.destination))))
          ? 'expendable'
          : 'ordinary';
      return { id, legs, kind, createdEpoch };
    })
    .sort((a, b) => a.createdEpoch - b.createdEpoch || (a.id < b.id ? -1 : 1));
}

/**
 * Whether the calls that are up may be cut now.
 * @param atMost so many ordinary calls may be cut, Infinity for all; expendable ones never count
 */
export function judgeCut(live: Known<LiveCalls>, rules: CutRules, atMost: number): CutVerdict {
  if (!live.known) return { kind: 'blind', why: `calls unknown: ${live.why}` };
  const { sessions } = live.value;
  // A row that stands there twice would hide a session that has none.
  const seen = new Set(live.value.channels.map((leg) => leg.uuid)).size;
  if (!(sessions <= seen)) {
    return { kind: 'blind', why: `${sessions} sessions in memory, but only ${seen} of them are listed` };
  }
  // Sessions were counted after the rows were read: zero is the newer word.
  if (sessions === 0) return { kind: 'nothing' };
  const calls = callsOf(live.value, rules);
  const guarded = calls.filter((call) => call.kind === 'protected').length;
  if (guarded > 0) {
    const why =
      guarded === 1 ? 'a call to a protected number is up' : `${guarded} calls to protected numbers are up`;
    return { kind: 'protected', why, calls: guarded };
  }
  const ordinary = calls.filter((call) => call.kind === 'ordinary').length;
  if (!(ordinary <= atMost)) {
    const up = ordinary === 1 ? '1 call that counts is up' : `${ordinary} calls that count are up`;
    return { kind: 'too many', ordinary, why: `${up}, ${atMost} may be cut` };
  }
  return { kind: 'cut', calls };
}

/** The call that `uuid` stands for: the one of that id, or the one that has that leg; undefined where none is up. */
export function callNamed(calls: readonly LiveCall[], uuid: string): LiveCall | undefined {
  return (
    calls.find(({ id }) => id === uuid) ?? calls.find(({ legs }) => legs.some((leg) => leg.uuid === uuid))
  );
}

/**
 * How many ordinary calls may be cut before the deadline, which is the question that is worth asking in this poll.
 * 0: only expendable calls may go. null: none at all.
 */
export function mayCut({ threshold, cutting }: Policy): number | null {
  return threshold === 0 && cutting.expendable.length === 0 ? null : threshold;
}

/** What is recorded of a leg that is cut; numbers are masked unless the user wanted to see them. */
export function hangUpOf(call: LiveCall, leg: ChannelRow, policy: Policy): HangUp {
  const shown = (number: string): string => (policy.showNumbers ? printable(number) : masked(number));
  return {
    cause: policy.cutting.cause,
    call: call.id,
    from: shown(leg.callerNumber),
    to: shown(leg.destination),
    since: new Date(Math.min(call.createdEpoch, LAST_SECOND) * 1000).toISOString(),
    expendable: call.kind === 'expendable',
  };
}

/** Legs of one call together, by union: a further leg may itself have one (a transfer). */
function grouped(
  channels: readonly ChannelRow[],
): readonly { readonly id: string; readonly legs: readonly ChannelRow[] }[] {
  const above = new Map<string, string>();
  const topOf = (uuid: string): string => {
    let top = uuid;
    for (let next = above.get(top); next !== undefined; next = above.get(top)) top = next;
    return top;
  };
  for (const { uuid, callUuid } of channels) {
    const [own, first] = [topOf(uuid), topOf(callUuid)];
    if (callUuid !== '' && own !== first) above.set(own, first);
  }
  const groups = new Map<string, ChannelRow[]>();
  for (const leg of channels) {
    const id = topOf(leg.uuid);
    groups.set(id, [...(groups.get(id) ?? []), leg]);
  }
  return [...groups].map(([id, legs]) => ({
    id,
    legs: legs.sort((a, b) => a.createdEpoch - b.createdEpoch),
  }));
}

/** A number may never be missed for the way in which it is written: as it stands and the bare number both count. */
function isProtected(leg: ChannelRow, patterns: readonly RegExp[]): boolean {
  // A call that was transferred from an emergency number to a queue is an emergency call.
  return [leg.destination, leg.initialDestination].some((destination) =>
    patterns.some((pattern) => pattern.test(destination) || pattern.test(numberOf(destination))),
  );
}

/**
 * The number in a destination. FreeSWITCH 1.10.12 lists it bare (`9000`); a dial string may leave a scheme and a domain
 * (`sip:112@10.0.0.1;user=phone`).
 */
function numberOf(destination: string): string {
  return destination
    .trim()
    .replace(/^(?:sips?|tel):/i, '')
    .replace(/[@;].*$/s, '');
}
