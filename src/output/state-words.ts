/** Dispatcher states and services in words. */
import { readFlags, type StateArgument } from '../domain/dispatcher-state.ts';
import { printable } from '../domain/text.ts';

/** FLAGS as words: `AP` → `active, probing`, `DX` → `disabled`; what is not FLAGS stays as it is. */
export function flagsWords(flags: string): string {
  const read = readFlags(flags);
  if (read === undefined) return printable(flags, 20);
  return [read.state, ...(read.probing ? ['probing'] : []), ...(read.noPing ? ['never pinged'] : [])].join(
    ', ',
  );
}

const ARGUMENTS: Readonly<Record<StateArgument, string>> = {
  a: 'active',
  ap: 'active, probing',
  t: 'trying',
  tp: 'trying, probing',
  i: 'inactive',
  ip: 'inactive, probing',
  d: 'disabled',
};

/** What set_state is asked for, in words. */
export function argumentWords(argument: StateArgument): string {
  return ARGUMENTS[argument];
}
