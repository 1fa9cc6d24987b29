/** What fsha could not set, as a command for whoever can. */
import { readFlags, type StateArgument } from './dispatcher-state.ts';
import { effectKey, type EffectKinds, inverse } from './effect.ts';
import type { NodeRunState } from './run.ts';
import { flagsNow } from './service.ts';

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

/** For what the undo could not bring back: what to say to each proxy, and to the node, by hand. */
export function undoByHand(name: string, node: NodeRunState): readonly string[] {
  const now = flagsNow(node);
  const first = new Map<string, NodeRunState['effects'][number]['intent']>();
  for (const { intent } of node.effects) {
    if (intent.effect === 'dispatcher.state' && !first.has(effectKey(intent)))
      first.set(effectKey(intent), intent);
  }
  const destinations = [...first].flatMap(([key, intent]) => {
    const back = inverse(intent);
    if (back?.effect !== 'dispatcher.state') return [];
    const flags = now.get(key) ?? null;
    const isOut = flags === null || readFlags(flags)?.state === 'disabled';
    if (!isOut || back.wanted === 'd') return [];
    return [setByHand(back.target, back.wanted)];
  });
  return [...liftByHand(name, node), ...destinations, ...unmarkByHand(name, node)];
}

/** A fence of this run's that still stands, or may. */
function liftByHand(name: string, node: NodeRunState): readonly string[] {
  const pauses = node.effects.filter(({ intent }) => intent.effect === 'node.pause');
  const found = pauses[0]?.intent.found;
  const last = pauses.at(-1)?.settled;
  const read = last?.effect === 'node.pause' && last.outcome !== 'unknown' ? last.read : null;
  return pauses.length > 0 && found === false && read !== false
    ? [`fs_cli -x 'fsctl resume inbound'  # on ${name}`]
    : [];
}

/** A mark of this run's that stays, or may: the next run on another host would take the node for held. */
function unmarkByHand(name: string, node: NodeRunState): readonly string[] {
  const marks = node.effects.filter(({ intent }) => intent.effect === 'node.mark');
  const last = marks.at(-1);
  const isFree =
    last?.intent.wanted === null && (last.settled?.outcome === 'done' || last.settled?.outcome === 'already');
  return marks.length === 0 || isFree || marks[0]?.intent.found !== null ? [] : [unmark(name)];
}

/** Takes the mark away from a node. */
export function unmark(name: string): string {
  return `fs_cli -x 'global_setvar fsha_run='  # on ${name}`;
}
