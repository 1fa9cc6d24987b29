/**
 * What an action of a playbook is: one file in `actions/` and one line in `actions/registry.ts`. What it takes is declared
 * as data, so that the loader, the JSON Schema, `playbook show` and the documentation all read the same.
 */
import type { Changes } from '../domain/playbook/action-result.ts';
import type { JsonObject } from '../domain/playbook/json.ts';

export interface Action {
  /** The key that names it in a step. */
  readonly name: string;
  /** What it does, one sentence. */
  readonly summary: string;
  readonly params: FieldsShape;
  /** Which field a value stands for that is no map: `pause: 30s` is `pause: { for: 30s }`. */
  readonly short?: string;
  /** What `register` makes of it, beside `ok`. */
  readonly result: Readonly<Record<string, ResultField>>;
  /** What it may change: nothing, something that needs no giving back (a message), or what a run is answerable for. */
  readonly changes: (params: JsonObject) => Changes;
  /** How long it may take where the step does not say: ms. null: it has deadlines of its own. */
  readonly timeout: number | null;
  /** What is wrong with parameters that are right one by one, before anything is resolved. */
  readonly check?: (params: JsonObject) => readonly ParamProblem[];
  /**
   * What gives back what it did, where the step says no `undo` of its own: one step of the same action, with these. It may be
   * carried out once more where it is unknown whether it was.
   */
  readonly undo?: (params: JsonObject) => JsonObject | null;
  /** Which keys of a step mean nothing here, beside those that never do. */
  readonly without?: readonly StepKey[];
}

/** Keys of a step that an action may refuse. */
export type StepKey =
  | 'when'
  | 'timeout'
  | 'register'
  | 'rerun'
  | 'check'
  | 'rescue'
  | 'always'
  | 'undo'
  | 'disruptive'
  | 'cutsCalls';

export interface ResultField {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'any';
  readonly description: string;
}

export interface ParamProblem {
  /** Below the action's value. */
  readonly path: readonly (string | number)[];
  /** One or two whole sentences: what is wrong and what to write. */
  readonly text: string;
}

/**
 * The shape of a parameter. Where it is not `literal`, a text with `{{ … }}` can stand for it; what that becomes is read
 * by the action itself when the step's turn comes.
 */
export type ParamShape = (
  | TextShape
  | { readonly kind: 'integer' | 'number'; readonly minimum?: number; readonly maximum?: number }
  | { readonly kind: 'boolean' }
  /** Written as `1m30s`, read as milliseconds. */
  | { readonly kind: 'duration'; readonly least?: number }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  /** An expression; never a template. */
  | { readonly kind: 'expression' }
  | { readonly kind: 'list'; readonly of: ParamShape; readonly least?: number; readonly most?: number }
  /** Keys of the user's choice. */
  | { readonly kind: 'map'; readonly of: ParamShape }
  /** The first that fits the kind of what is written: shapes that are told apart by text, number, list or map. */
  | { readonly kind: 'either'; readonly of: readonly ParamShape[] }
  /** Whatever JSON can hold. */
  | { readonly kind: 'any' }
  | FieldsShape
) & { readonly description?: string; readonly literal?: true };

export interface TextShape {
  readonly kind: 'text';
  /** What it is, with its article: `a host name`. */
  readonly expected?: string;
  /** Of the text as it is in the end, for JSON Schema as well. */
  readonly pattern?: string;
  /** Whether it may have line breaks and tabs (never other control characters). */
  readonly lines?: true;
  readonly empty?: true;
  /** A line for a shell: what `{{ … }}` puts in are words, each of them quoted (`domain/playbook/shell-line.ts`). */
  readonly shell?: true;
  /** A file on this machine: relative to the playbook in which it is written, absolute when the action gets it. */
  readonly file?: true;
}

/** A map with known keys. */
export interface FieldsShape {
  readonly kind: 'fields';
  readonly fields: Readonly<Record<string, Field>>;
}

export type Field = ParamShape & {
  readonly required?: true;
  /** What holds where nothing is written; said in the schema, put in by the action. */
  readonly default?: string | number | boolean;
};
