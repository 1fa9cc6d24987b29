/** What fsha could not set, as a command for whoever can. */
import { readFlags, type StateArgument } from './dispatcher-state.ts';
import { effectKey, type EffectKinds, inverse } from './effect.ts';
import type { NodeRunState } from './run.ts';
import { flagsNow, isMarked } from './service.ts';
import { shellQuote } from './shell-quote.ts';

/** One line for a shell on the proxy's host: `kamcmd dispatcher.set_state ap 1 sip:10.0.1.10:5080  # on lb-1`. */
export function setByHand(
  { proxy, set, uri, duid }: EffectKinds['dispatcher.state']['target'],
  wanted: StateArgument,
): string {
  const call =
    duid === null
      ? `dispatcher.set_state ${wanted} ${set} ${shellQuote([uri])}`
      : `dispatcher.set_duid_state ${wanted} ${set} ${shellQuote([duid])}`;
  return `kamcmd ${call}  # on ${proxy}`;
}

/** For what the undo could not bring back: what to say to each proxy, and to the node, by hand. */
export function undoByHand(name: string, node: NodeRunState): readonly string[] {
  const destinations = destinationsSet(node).flatMap(({ target, found, now }) => {
    const back = inverse({ effect: 'dispatcher.state', target, found, wanted: 'd' });
    if (back?.effect !== 'dispatcher.state') return [];
    const isOut = now === null ? null : readFlags(now)?.state === 'disabled';
    return isOut === (back.wanted === 'd') ? [] : [setByHand(target, back.wanted)];
  });
  return [...pauseByHand(name, node), ...destinations, ...unmarkByHand(name, node)];
}

/** A fence of this run's that still stands, or one that it lifted; or may have. */
function pauseByHand(name: string, node: NodeRunState): readonly string[] {
  const pauses = node.effects.filter(({ intent }) => intent.effect === 'node.pause');
  const found = pauses[0]?.intent.found;
  const last = pauses.at(-1)?.settled;
  const read = last?.effect === 'node.pause' && last.outcome !== 'unknown' ? last.read : null;
  if (found === undefined || read === found) return [];
  return [`fs_cli -x 'fsctl ${found === true ? 'pause' : 'resume'} inbound'  # on ${name}`];
}

/** A mark of this run's that stays, or may: the next run on another host would take the node for held. */
function unmarkByHand(name: string, node: NodeRunState): readonly string[] {
  const first = node.effects.find(({ intent }) => intent.effect === 'node.mark');
  return isMarked(node) && first?.intent.found === null ? [unmark(name)] : [];
}

/** Takes the mark away from a node. */
export function unmark(name: string): string {
  return `fs_cli -x 'global_setvar fsha_run='  # on ${name}`;
}

/** For a node that has to be out: what to say to each proxy that may still send it calls. */
export function outByHand(node: NodeRunState): readonly string[] {
  return destinationsSet(node).flatMap(({ target, now }) =>
    now !== null && readFlags(now)?.state === 'disabled' ? [] : [setByHand(target, 'd')],
  );
}

/** For a node that is back in: what to say to each of these proxies where it is not. */
export function backByHand(node: NodeRunState, proxies: readonly string[]): readonly string[] {
  return destinationsSet(node).flatMap(({ target, found, now }) => {
    const isOut = now === null || readFlags(now)?.state === 'disabled';
    const wasOut = readFlags(found)?.state === 'disabled';
    return proxies.includes(target.proxy) && isOut && !wasOut ? [setByHand(target, 'ip')] : [];
  });
}

/** Every destination that the run set, as it was found first and as it was read last; null for unknown. */
function destinationsSet(node: NodeRunState): readonly {
  readonly target: EffectKinds['dispatcher.state']['target'];
  readonly found: string;
  readonly now: string | null;
}[] {
  const flags = flagsNow(node);
  const seen = new Set<string>();
  return node.effects.flatMap(({ intent }) => {
    const key = effectKey(intent);
    if (intent.effect !== 'dispatcher.state' || seen.has(key)) return [];
    seen.add(key);
    return [{ target: intent.target, found: intent.found, now: flags.get(key) ?? null }];
  });
}
