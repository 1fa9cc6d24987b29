/**
 * Effects as data: everything fsha can do to the world. An effect is looked at first, done only if it is not so already,
 * and read back; see workflow/effects for how. What is here is pure: names, targets, and what would undo each.
 */
import { readFlags, stateArgument, type StateArgument } from './dispatcher-state.ts';

export interface EffectKinds {
  /** A destination's state on a proxy. Found and read: FLAGS. */
  'dispatcher.state': {
    target: {
      readonly proxy: string;
      readonly set: number;
      readonly uri: string;
      readonly duid: string | null;
    };
    found: string;
    wanted: StateArgument;
  };
  /** The inbound side of a node. */
  'node.pause': { target: { readonly node: string }; found: boolean; wanted: boolean };
  /** The mark that says which run holds the node. */
  'node.mark': { target: { readonly node: string }; found: string | null; wanted: string | null };
  /** Found and read: core_uuid. Wanted: the command that is to give it a new one. */
  'node.restart': { target: { readonly node: string }; found: string; wanted: string };
}

export type EffectKind = keyof EffectKinds;

/** Something to be done. */
export type Effect = {
  [K in EffectKind]: {
    readonly effect: K;
    readonly target: EffectKinds[K]['target'];
    readonly wanted: EffectKinds[K]['wanted'];
  };
}[EffectKind];

/** Something that is about to be done, with what was found before. This is what the journal holds. */
export type Intent = {
  [K in EffectKind]: {
    readonly effect: K;
    readonly target: EffectKinds[K]['target'];
    readonly found: EffectKinds[K]['found'];
    readonly wanted: EffectKinds[K]['wanted'];
  };
}[EffectKind];

export type EffectOutcome = 'done' | 'already' | 'failed' | 'unknown';

/** Tells two effects on different things apart; equal for the same effect on the same thing, whatever is wanted. */
export function effectKey(effect: Pick<Effect, 'effect' | 'target'>): string {
  const target = effect.target as Readonly<Record<string, string | number | null>>;
  return [
    effect.effect,
    ...Object.keys(target)
      .sort()
      .map((key) => `${key}=${String(target[key])}`),
  ].join(' ');
}

/** The effect that brings back what was found; undefined where nothing can (a restart). */
export function inverse(intent: Intent): Effect | undefined {
  switch (intent.effect) {
    case 'dispatcher.state': {
      const flags = readFlags(intent.found);
      return flags && { effect: intent.effect, target: intent.target, wanted: stateArgument(flags) };
    }
    case 'node.pause':
      return { effect: intent.effect, target: intent.target, wanted: intent.found };
    case 'node.mark':
      return { effect: intent.effect, target: intent.target, wanted: intent.found };
    case 'node.restart':
      return undefined;
  }
}
