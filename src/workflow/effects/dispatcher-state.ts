import { readFlags, stateArgument } from '../../domain/dispatcher-state.ts';
import { destinationKey, flagsOf } from '../../domain/drift.ts';
import { FshaError } from '../../domain/errors.ts';
import { printable } from '../../domain/text.ts';
import type { EffectHandler } from '../effect-handler.ts';
import { proxyPort } from '../world.ts';

/** The state of one destination on one proxy. Success is what the list says afterwards, never the answer of set_state. */
export const dispatcherState: EffectHandler<'dispatcher.state'> = {
  look: async (target, world, signal) => {
    const seen = await proxyPort(world, target.proxy).observe(signal);
    if (seen.trouble !== null)
      throw new FshaError(seen.trouble.code, seen.trouble.message, seen.trouble.hint);
    const flags = flagsOf({ nodes: {}, proxies: { [target.proxy]: seen } }, target);
    if (!flags.known)
      throw new FshaError('protocol', flags.why, `Look at \`kamcmd dispatcher.list\` on ${target.proxy}.`);
    if (readFlags(flags.value) === undefined) {
      throw new FshaError(
        'protocol',
        `${destinationKey(target)} has flags that fsha does not know: ${printable(flags.value, 20)}`,
      );
    }
    return flags.value;
  },
  isSo: (found, wanted) => {
    const flags = readFlags(found);
    return flags !== undefined && stateArgument(flags) === wanted;
  },
  isConfirmed: (read, wanted) => {
    const state = readFlags(read)?.state;
    if (wanted === 'd') return state === 'disabled';
    // Kamailio's own probing may have moved it on by the time it is read (measured: IP becomes AP with the next good
    // OPTIONS, AP becomes IP without); what it cannot do by itself is disable or enable.
    return state !== undefined && state !== 'disabled';
  },
  // set_state and the list are of one moment in Kamailio: what is not so then was undone by somebody, or never done.
  again: 1_000,
  act: (target, wanted, world, signal) => proxyPort(world, target.proxy).setState(wanted, target, signal),
};
