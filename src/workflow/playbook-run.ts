/** What the steps of a playbook's run have in common. Made by cli/run-playbook.ts; a run of any other kind has none. */
import type { Node } from '../domain/cluster.ts';
import type { ActionResult, PlacedText } from '../domain/playbook/action-result.ts';
import type { JsonObject } from '../domain/playbook/json.ts';
import type { Policy } from '../domain/policy.ts';
import type { NodeRunState } from '../domain/run.ts';
import type { Actions, Questions } from './action-port.ts';

export interface PlaybookRun {
  /** The playbook's name. */
  readonly name: string;
  readonly actions: Actions;
  readonly questions: Questions;
  /** Made once for each node and process. @param results what the run has recorded of the node's steps so far */
  valuesOf(node: Node, results: NodeRunState['results']): StepValues;
  /** Asked before each step, where that was wished; null: nobody asks. @throws FshaError `refused`, `interrupted` */
  readonly beforeStep: ((node: string, title: string, signal: AbortSignal) => Promise<void>) | null;
}

/** The values that a node's steps work with. Secrets are in here, and nowhere else. */
export interface StepValues {
  /** Carries out every template in it. @throws FshaError `action.failed` with the place, for a value that is missing or unfit */
  render(action: string, params: JsonObject, at: string, policy: Policy): JsonObject;
  /** @throws FshaError `action.failed` */
  holds(condition: PlacedText, policy: Policy): boolean;
  /** Keeps a result for later steps; what a journal may have of it is returned. */
  keep(register: string | null, result: ActionResult): Shown;
  /** Text with every secret masked. */
  mask(text: string): string;
}

/** A result as it may be shown and written down. */
export interface Shown {
  readonly value: ActionResult;
  readonly masked: boolean;
  readonly truncated: boolean;
}
