/** Which of the effects that remain of a run are so already: they are looked at again then, and not done. */
import { isSelectable, readFlags, stateArgument } from './dispatcher-state.ts';
import { flagsOf } from './drift.ts';
import { type Effect, effectKey } from './effect.ts';
import { readMark } from './mark.ts';
import { known, type Known, type Observation, unknown } from './observation.ts';
import { planUndo } from './plan.ts';
import type { Resumption } from './resume.ts';
import { nodesInHand } from './rolling/progress.ts';
import { intentsOf, type RunState } from './run.ts';

export interface RemainingEffect {
  readonly node: string;
  readonly effect: Effect;
  readonly so: Known<boolean>;
}

/** What comes next for everything that the run has found or changed, node by node; what comes behind that is not judged. */
export function remainingEffects(
  state: RunState,
  { mode, plan }: Pick<Resumption, 'mode' | 'plan'>,
  observation: Observation,
): readonly RemainingEffect[] {
  const judged = (node: string, effects: readonly Effect[]): readonly RemainingEffect[] =>
    effects.map((effect) => ({ node, effect, so: isSo(effect, observation) }));
  if (mode === 'undo')
    return nodesInHand(state).flatMap((node) => {
      const recorded = state.nodes[node];
      const undo = recorded === undefined ? undefined : planUndo(node, intentsOf(recorded));
      const steps = undo?.nodes.flatMap((one) => one.steps) ?? [];
      return judged(
        node,
        steps.flatMap((step) => (step.kind === 'restore' ? step.params.effects : [])),
      );
    });
  return plan.nodes.flatMap(({ node, steps }) => {
    const first = new Map<string, Effect>();
    for (const { kind } of steps)
      for (const effect of effectsOf(kind, node, state))
        if (!first.has(effectKey(effect))) first.set(effectKey(effect), effect);
    return judged(node, [...first.values()]);
  });
}

/** Of the kinds whose effects are known beforehand. */
function effectsOf(kind: string, node: string, state: RunState): readonly Effect[] {
  const destinations = (wanted: 'd' | 'a'): readonly Effect[] =>
    (state.nodes[node]?.baseline?.destinations ?? []).map(({ proxy, set, uri, duid }) => ({
      effect: 'dispatcher.state',
      target: { proxy, set, uri, duid },
      wanted,
    }));
  const pause = (wanted: boolean): Effect => ({ effect: 'node.pause', target: { node }, wanted });
  switch (kind) {
    case 'deactivate':
      return [{ effect: 'node.mark', target: { node }, wanted: state.run }, ...destinations('d')];
    case 'keep_out':
      return destinations('d');
    case 'fence':
      return [pause(true)];
    case 'verify':
      return [pause(false)];
    case 'activate':
      return destinations('a');
    default:
      return [];
  }
}

function isSo(effect: Effect, observation: Observation): Known<boolean> {
  switch (effect.effect) {
    case 'dispatcher.state': {
      const flags = flagsOf(observation, effect.target);
      if (!flags.known) return flags;
      const parsed = readFlags(flags.value);
      if (parsed === undefined) return unknown(`its flags are ${flags.value}`);
      if (effect.wanted === 'd') return known(parsed.state === 'disabled');
      return known(effect.wanted === 'a' ? isSelectable(parsed) : stateArgument(parsed) === effect.wanted);
    }
    case 'node.pause':
      return about(effect.target.node, observation, ({ pause }) =>
        pause.known ? known(pause.value.inbound === effect.wanted) : pause,
      );
    case 'node.mark':
      return about(effect.target.node, observation, ({ mark }) => {
        if (!mark.known) return mark;
        const there = mark.value === null ? null : (readMark(mark.value)?.run ?? mark.value);
        const wanted = effect.wanted === null ? null : (readMark(effect.wanted)?.run ?? effect.wanted);
        return known(there === wanted);
      });
    default:
      return unknown('nothing in the world tells');
  }
}

function about(
  node: string,
  { nodes }: Observation,
  judge: (seen: Observation['nodes'][string]) => Known<boolean>,
): Known<boolean> {
  const seen = nodes[node];
  if (seen === undefined) return unknown(`${node} was not read`);
  return seen.trouble === null ? judge(seen) : unknown(seen.trouble.message);
}
