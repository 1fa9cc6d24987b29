/**
 * A playbook as it was read: checked as a whole, its includes put in, its templates and expressions still as they were
 * written. `playbook/compile.ts` makes a plan of it. All durations are milliseconds.
 */
import type { JsonObject, JsonValue } from './json.ts';

/** A place in a file, 1-based, as editors count. */
export interface Position {
  /** As it is shown: relative where it lies below the working directory. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Text with the place at which it stands. */
export interface PlacedText {
  readonly text: string;
  readonly at: Position;
}

export interface Playbook {
  readonly name: string;
  readonly description: string;
  /** Every file that was read, its own first: absolute paths, and the SHA-256 of their bytes (hex). */
  readonly files: readonly PlaybookFile[];
  /** In the order in which they are written; those of included files behind its own. */
  readonly vars: readonly PlaybookVariable[];
  /** Absent: the command line has to name nodes. */
  readonly nodes?: NodeSelection;
  readonly strategy: Strategy;
  readonly steps: readonly PlaybookStep[];
}

export interface PlaybookFile {
  readonly path: string;
  readonly sha256: string;
}

export type VariableType = 'string' | 'integer' | 'number' | 'boolean' | 'duration' | 'list';

export interface PlaybookVariable {
  readonly name: string;
  readonly type: VariableType;
  readonly description: string;
  /** Absent: it has none. A duration is text, as it is written. */
  readonly default?: JsonValue;
  /** Without a value nothing is begun. */
  readonly required: boolean;
  /** Its value is shown, journaled and passed nowhere but where it is used. */
  readonly secret: boolean;
  readonly at: Position;
}

/** On which nodes it is carried out where the command line names none. */
export type NodeSelection =
  | { readonly by: 'all'; readonly at: Position }
  /** Carried out once, in the name of the first node: it is about no node. */
  | { readonly by: 'any'; readonly at: Position }
  /** `role=edge`, each of which has to hold. */
  | { readonly by: 'labels'; readonly labels: readonly string[]; readonly at: Position }
  | { readonly by: 'names'; readonly names: readonly PlacedText[]; readonly at: Position };

/** How several nodes follow each other; what is absent is as the inventory's `rolling` says. */
export interface Strategy {
  readonly maxUnavailable?: number | `${number}%`;
  readonly canary?: number;
  readonly maxFailures?: number;
  /** Between two batches: ms. */
  readonly pause?: number;
}

export interface PlaybookStep {
  /** What it is called in the playbook; absent where it is called nothing. */
  readonly name?: string;
  /** Where the step begins. */
  readonly at: Position;
  /** A name of `playbook/actions/registry.ts`; never `include`. */
  readonly action: string;
  /** As written but always a map (the short form is written out); templates in it are not resolved, defaults not put in. */
  readonly params: JsonObject;
  /** Where each value in `params` stands, by {@link paramPath}; `''` is the action's own value. */
  readonly places: Readonly<Record<string, Position>>;
  /** An expression: it is left out, or skipped, where this is false. */
  readonly when?: PlacedText;
  /** For one carrying out of it: ms. */
  readonly timeout?: number;
  /** Under which name its result is known to what follows. */
  readonly register?: string;
  /** It may be carried out once more where it is unknown whether it was. */
  readonly rerun?: 'safe';
  /** Looks whether it was done, where that is unknown: done where it succeeds. Has no nested steps of its own. */
  readonly check?: PlaybookStep;
  /** Done where it fails. */
  readonly rescue?: readonly PlaybookStep[];
  /** Done in the end, whatever came of it. */
  readonly always?: readonly PlaybookStep[];
  /** What gives back what it did; an empty list: there is nothing to give back. */
  readonly undo?: readonly PlaybookStep[];
  /** It may end calls: only where its node is out and drained. */
  readonly disruptive?: true;
  /** It ends calls, and is meant to: carried out wherever its node is. */
  readonly cutsCalls?: true;
}

/** `FILE:LINE:COLUMN`, which editors and terminals make a link of. */
export function positionText({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

/** `headers.accept`, `run[1]`: the path of a value in the parameters of an action. */
export function paramPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
