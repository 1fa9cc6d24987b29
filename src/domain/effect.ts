/**
 * Effects as data: everything fsha can do to the world. An effect is looked at first, done only if it is not so already,
 * and read back; see workflow/effects for how. What is here is pure: names, targets, and what would undo each.
 */
import { readFlags, stateArgument, type StateArgument } from './dispatcher-state.ts';
import type { Changes } from './playbook/action-result.ts';
import type { JsonObject } from './playbook/json.ts';

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
  /** One leg of a call. Found and read: whether it is there. */
  'call.hangup': { target: { readonly node: string; readonly uuid: string }; found: boolean; wanted: HangUp };
  /** A command of the user's, run on this machine once the node is out. Nothing in the world tells afterwards what it did. */
  'hook.on_out': { target: { readonly node: string }; found: HookResult | null; wanted: string };
  /** An action of a playbook, by the id of its step. What it did is told by itself alone: there is nothing to be found before. */
  'action.run': {
    target: { readonly node: string; readonly step: string };
    found: ActionReading | null;
    wanted: ActionWanted;
  };
}

export interface ActionWanted {
  readonly action: string;
  /** As they were written, templates and all: no secret's text is in them. */
  readonly params: JsonObject;
  readonly changes: Changes;
  /** The point of no return, as a restart is. */
  readonly disruptive: boolean;
}

export interface ActionReading {
  readonly ok: boolean;
  /** What came of it, a clause without secrets: `exit status 0`. */
  readonly said: string;
}

/** Which call is cut, as it may be shown: numbers are masked unless the user wanted to see them. */
export interface HangUp {
  readonly cause: string;
  /** The same for every leg of one call. */
  readonly call: string;
  readonly from: string;
  readonly to: string;
  /** When the call began, ISO 8601, UTC. */
  readonly since: string;
  /** Does not count as cut: a recorder, a keep-alive. */
  readonly expendable: boolean;
}

export interface HookResult {
  /** null where a signal ended it, or it did not begin. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to stdout and stderr, printable, at most 2,000 characters. */
  readonly output: string;
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

/**
 * The effect that brings back what was found; undefined where nothing can (a restart, a call that was cut). What gives back an
 * action are steps of its playbook.
 */
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
    case 'call.hangup':
    case 'hook.on_out':
    case 'action.run':
      return undefined;
  }
}

/** Whether nothing can be given back from here on: recovery goes forward only. */
export function isPointOfNoReturn(intent: Intent): boolean {
  return intent.effect === 'node.restart' || (intent.effect === 'action.run' && intent.wanted.disruptive);
}
