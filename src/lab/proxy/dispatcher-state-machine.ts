/**
 * What set_state, a ping's outcome and a failure route's ds_mark_dst make of a destination's state. Pure, and written
 * apart from the rest of the project, so that no shared reading of the states hides a bug.
 * Source: Kamailio 5.6.3, measured; test/contract/proxy-states.test.ts holds it to the real one.
 */

export interface DestinationState {
  readonly inactive: boolean;
  readonly trying: boolean;
  readonly disabled: boolean;
  readonly probing: boolean;
  /** 6.x: pinging is forbidden. set_state clears it. */
  readonly noPing: boolean;
  /** Failed pings while it is up, good pings while it is inactive; the two thresholds are compared with it. */
  readonly count: number;
}

export interface ProbingSettings {
  /** ds_probing_mode: 0 only flagged P, 1 all, 2 only inactive ones flagged P, 3 only flagged P, which it keeps. */
  readonly mode: ProbingMode;
  /** Failed pings until a destination is inactive. */
  readonly probingThreshold: number;
  /** Good pings until an inactive destination is active. */
  readonly inactiveThreshold: number;
}

export type ProbingMode = 0 | 1 | 2 | 3;

const NOTHING: DestinationState = {
  inactive: false,
  trying: false,
  disabled: false,
  probing: false,
  noPing: false,
  count: 0,
};

/** The state a destination starts in: the flags of its line in dispatcher.list (1 I, 2 T, 4 D, 8 P, 16 N on 6.x). */
export function stateFromListFlags(flags: number, knowsNoPing: boolean): DestinationState {
  return {
    inactive: (flags & 1) !== 0,
    trying: (flags & 2) !== 0,
    disabled: (flags & 4) !== 0,
    probing: (flags & 8) !== 0,
    noPing: knowsNoPing && (flags & 16) !== 0,
    count: 0,
  };
}

/** FLAGS as dispatcher.list prints them. */
export function printFlags(state: DestinationState): string {
  const first = state.inactive ? 'I' : state.disabled ? 'D' : state.trying ? 'T' : 'A';
  const second = state.probing ? 'P' : state.noPing ? 'N' : 'X';
  return first + second;
}

/** New calls go to active destinations and to trying ones. */
export function isSelectable(state: DestinationState): boolean {
  return !state.inactive && !state.disabled;
}

/**
 * What set_state's first argument stands for: only its first two letters count, so `drain` is `d`; D takes no P.
 * Undefined for any other letter, which Kamailio answers with `Unknown State Value`.
 */
export function stateFromArgument(argument: string): DestinationState | undefined {
  const probing = /^.p/i.test(argument);
  switch (argument.charAt(0).toLowerCase()) {
    case 'a':
    case '1':
      return { ...NOTHING, probing };
    case 'i':
    case '0':
      return { ...NOTHING, inactive: true, probing };
    case 't':
    case '3':
      return { ...NOTHING, trying: true, probing };
    case 'd':
    case '2':
      return { ...NOTHING, disabled: true };
    default:
      return undefined;
  }
}

/** set_state: the new state replaces the old one, but the counter of pings runs on. */
export function afterSetState(old: DestinationState, wanted: DestinationState): DestinationState {
  return { ...wanted, count: old.count };
}

/** Whether the next round of pings includes it. One that is disabled is never pinged. */
export function isPinged(state: DestinationState, mode: ProbingMode): boolean {
  if (state.disabled || state.noPing) return false;
  if (mode === 1) return true;
  if (mode === 2) return state.probing && state.inactive;
  return state.probing;
}

/** @param good whether the OPTIONS was answered with a 2xx in time */
export function afterPing(
  state: DestinationState,
  good: boolean,
  settings: ProbingSettings,
): DestinationState {
  const { mode } = settings;
  if (state.disabled) return state;
  // Somebody took the P away while the ping was under way.
  if (mode === 3 && !state.probing) return state;
  const wanted = good
    ? { ...NOTHING, probing: mode === 1 || mode === 3 }
    : { ...NOTHING, trying: true, probing: mode !== 0 };
  return updated(state, wanted, settings, false);
}

/** ds_mark_dst in a failure route. It overwrites everything, a state disabled by hand included. */
export function afterMark(
  state: DestinationState,
  wanted: DestinationState,
  settings: ProbingSettings,
): DestinationState {
  return updated(state, wanted, settings, true);
}

/** @param atOnce a mark takes effect whatever the thresholds say */
function updated(
  old: DestinationState,
  wanted: DestinationState,
  settings: ProbingSettings,
  atOnce: boolean,
): DestinationState {
  if (wanted.disabled) return { ...NOTHING, disabled: true };
  if (wanted.trying) {
    // An inactive destination goes through active before it can be trying again.
    if (old.inactive) return { ...wanted, trying: false, inactive: true, count: 0 };
    const count = old.count + 1;
    return atOnce || count >= settings.probingThreshold
      ? { ...wanted, trying: false, inactive: true, count: 0 }
      : { ...wanted, count };
  }
  if (!old.inactive) return { ...wanted, count: 0 };
  const count = old.count + 1;
  return !atOnce && count < settings.inactiveThreshold
    ? { ...wanted, inactive: true, probing: wanted.probing || old.probing, count }
    : { ...wanted, count: 0 };
}
