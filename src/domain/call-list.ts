/** Calls as they are shown to people and scripts: one entry a call, oldest first, ends masked. */
import { callsOf, type LiveCall } from './cutting.ts';
import type { LiveCalls } from './observation.ts';
import type { CutRules } from './policy.ts';
import { masked, printable } from './text.ts';

export interface ListedCall {
  /** The uuid of its first leg; what `calls --hangup` takes. */
  readonly id: string;
  readonly kind: LiveCall['kind'];
  /** Wall clock, seconds since 1970, of its oldest leg. */
  readonly createdEpoch: number;
  /** Of its first leg, as FreeSWITCH sees it: `inbound` or `outbound`. */
  readonly direction: string;
  /** What its first leg is in: `bridge`, `playback`; '' where FreeSWITCH says none. */
  readonly application: string;
  /** Of its first leg, as FreeSWITCH names it: `ACTIVE`, `RINGING`, `HELD`; `CS_EXECUTE` where it says no more. */
  readonly state: string;
  /** Masked unless the user wanted to see it; '' where unknown. */
  readonly from: string;
  readonly to: string;
  readonly legs: number;
}

/** @param calls as `callsOf` makes them, oldest first */
export function listedCalls(calls: readonly LiveCall[], showNumbers: boolean): readonly ListedCall[] {
  const shown = (number: string): string => (showNumbers ? printable(number) : masked(number));
  return calls.flatMap(({ id, kind, createdEpoch, legs }) => {
    // Of one second's legs the one that names the call comes first.
    const first = legs.find((leg) => leg.uuid === id) ?? legs[0];
    if (first === undefined) return [];
    return [
      {
        id: printable(id),
        kind,
        createdEpoch,
        direction: printable(first.direction),
        application: printable(first.application),
        state: printable(first.state),
        from: shown(first.callerNumber),
        to: shown(first.destination),
        legs: legs.length,
      },
    ];
  });
}

/** The calls of a node at one moment, and what is known of those that are not listed. */
export interface CallList {
  readonly calls: readonly LiveCall[];
  readonly sessions: number;
  /** Sessions in memory that have no row: there are calls that nobody can list. */
  readonly unlisted: number;
  /** Rows of calls that are gone; left out. */
  readonly ghosts: number;
}

export function callList(live: LiveCalls, rules: CutRules): CallList {
  const { channels, sessions, ghosts } = live;
  const seen = new Set(channels.map(({ uuid }) => uuid)).size;
  // Sessions were counted after the rows were read: zero is the newer word.
  const calls = sessions === 0 ? [] : callsOf(live, rules);
  return { calls, sessions, unlisted: Math.max(0, sessions - seen), ghosts };
}

/**
 * How long a call has been up by this machine's clock, ms; null where the node does not say when it began. Its clock may
 * be ahead of this one: never less than 0.
 */
export function ageOf({ createdEpoch }: Pick<LiveCall, 'createdEpoch'>, now: Date): number | null {
  if (!(createdEpoch > 0)) return null;
  return Math.max(0, now.getTime() - createdEpoch * 1_000);
}

/** Those that have been up for longer than `ms`. One of unknown age is not among them. */
export function olderThan(calls: readonly LiveCall[], ms: number, now: Date): readonly LiveCall[] {
  return calls.filter((call) => (ageOf(call, now) ?? -1) > ms);
}

/** How far the node's clock is ahead of this machine's at least, ms: a call cannot have begun in the future. */
export function clockAhead(calls: readonly Pick<LiveCall, 'createdEpoch'>[], now: Date): number {
  const latest = calls.reduce((newest, { createdEpoch }) => Math.max(newest, createdEpoch), 0);
  return Math.max(0, latest * 1_000 - now.getTime());
}
