/** What fsha could not set, as a command for whoever can. */
import type { StateArgument } from './dispatcher-state.ts';
import type { EffectKinds } from './effect.ts';

/** One line for a shell on the proxy's host: `kamcmd dispatcher.set_state ap 1 sip:10.0.1.10:5080  # on lb-1`. */
export function setByHand(
  { proxy, set, uri, duid }: EffectKinds['dispatcher.state']['target'],
  wanted: StateArgument,
): string {
  const call =
    duid === null
      ? `dispatcher.set_state ${wanted} ${set} ${shellWord(uri)}`
      : `dispatcher.set_duid_state ${wanted} ${set} ${shellWord(duid)}`;
  return `kamcmd ${call}  # on ${proxy}`;
}

/** As one word of a shell: a URI may have parameters, which begin with `;`. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
