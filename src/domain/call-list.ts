/** Calls as they are shown to people and scripts: one entry a call, oldest first, ends masked. */
import type { LiveCall } from './cutting.ts';
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
  /** As FreeSWITCH names the state of its first leg: `CS_EXECUTE`. */
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
