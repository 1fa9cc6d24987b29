/** What a playbook adds to a step: when it is carried out, for how long, and what becomes of it. */
import type { PlannedStep } from '../plan.ts';
import type { JsonValue } from './json.ts';

export interface Frame {
  /** As the playbook calls the step. */
  readonly name: string;
  /** Where it stands: `FILE:LINE:COLUMN`. */
  readonly at: string;
  /** Asked when its turn comes; where it says no, the step is skipped. Absent: it was decided when the plan was made. */
  readonly when?: PlacedText;
  /** How long one carrying out of it may take: ms. */
  readonly timeout?: number;
  /** Under which name its result can be asked for by later steps. */
  readonly register?: string;
  /** What is done where it fails; once that has succeeded the run goes on. */
  readonly rescue?: readonly PlannedStep[];
  /** What is done once the node has come to its end: after success at once, else behind what was given back. */
  readonly always?: readonly PlannedStep[];
  /** What gives back what it did; an empty list: it leaves nothing that would have to be given back. */
  readonly undo?: readonly PlannedStep[];
  /** It may end calls: refused unless its node is out and drained as observed then. The point of no return, as a restart is. */
  readonly disruptive?: true;
  /** Whoever wrote it knows that it ends calls: it is carried out wherever the node is. */
  readonly cutsCalls?: true;
  /** It may be done once more where it is unknown whether it was done. */
  readonly rerun?: 'safe';
  /** Looks whether it was done, where that is unknown: done, where this step succeeds; not done, where it fails. */
  readonly check?: PlannedStep;
}

/** Text of a playbook, with where it stands. */
export interface PlacedText {
  readonly text: string;
  /** `FILE:LINE:COLUMN`. */
  readonly at: string;
}

/** What an action of a playbook may change: nothing, something that needs no giving back (a message), or the node. */
export type Changes = 'nothing' | 'elsewhere' | 'node';

/** What came of an action: whether it is what was wanted, and what its documentation says beside. */
export type ActionResult = Readonly<Record<string, JsonValue>> & { readonly ok: boolean };
