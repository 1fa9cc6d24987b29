/**
 * The state of a dispatcher destination, as Kamailio prints it in FLAGS and as set_state takes it.
 * Source: kamailio 5.6.3 and 6.1.4, dispatcher.list and dispatcher.set_state, measured.
 */

export type DestinationState = 'active' | 'trying' | 'inactive' | 'disabled';

export interface Flags {
  readonly state: DestinationState;
  /** P: Kamailio pings it with OPTIONS. */
  readonly probing: boolean;
  /** N (6.x): pinging is forbidden. set_state clears it, and no RPC sets it back. */
  readonly noPing: boolean;
}

const LETTERS: Readonly<Record<string, DestinationState>> = {
  A: 'active',
  T: 'trying',
  I: 'inactive',
  D: 'disabled',
};

/**
 * Reads FLAGS: first letter A, T, I or D; then P (probed) or X (not), N (pinging forbidden) behind or instead of it.
 * Undefined for anything else.
 */
export function readFlags(text: string): Flags | undefined {
  const match = /^([ATID])(P|X|N|PN|XN)$/.exec(text);
  const state = match?.[1] === undefined ? undefined : LETTERS[match[1]];
  if (match?.[2] === undefined || state === undefined) return undefined;
  return { state, probing: match[2].includes('P'), noPing: match[2].includes('N') };
}

/** The argument of set_state that gives these flags back: `a`, `ap`, `i`, `ip`, `t`, `tp`, `d`. A disabled one has no `p`. */
export function stateArgument(flags: Flags): StateArgument {
  if (flags.state === 'disabled') return 'd';
  const letter = ({ active: 'a', trying: 't', inactive: 'i' } as const)[flags.state];
  return flags.probing ? `${letter}p` : letter;
}

export type StateArgument = 'a' | 'ap' | 't' | 'tp' | 'i' | 'ip' | 'd';

/** Whether new calls are sent there. A destination in state trying is still selected. */
export function isSelectable(flags: Flags): boolean {
  return flags.state === 'active' || flags.state === 'trying';
}

/** The same of FLAGS as they are listed; what cannot be read takes none. */
export function takesCalls(text: string): boolean {
  const flags = readFlags(text);
  return flags !== undefined && isSelectable(flags);
}
