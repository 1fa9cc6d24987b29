/**
 * What carrying out an action of a playbook asks of the outside. One function an action, in `src/playbook/actions/`;
 * `cli/compose.ts` gives them to a run. The step `action` renders, announces, masks and records: an action only acts.
 */
import type { Node } from '../domain/cluster.ts';
import type { JsonObject } from '../domain/playbook/json.ts';
import type { ActionResult } from '../domain/playbook/action-result.ts';
import type { World } from './world.ts';

/**
 * Does it once, and says what came of it. `ok: false` is an end of its own (an exit status, a status code, a condition that
 * does not hold): the result is registered all the same, and the step fails with `action.failed`.
 * @param params rendered: every template is a value by now, secrets among them; what they are in text is never logged
 * @throws FshaError with what was in the way. What it throws of an action that may have changed something counts as done in
 *   part, its outcome unknown, unless its code says that nothing was begun: see `nothingBegun`
 */
export type RunAction = (params: JsonObject, node: Node, around: ActionAround) => Promise<ActionResult>;

export type Actions = ReadonlyMap<string, RunAction>;

/** What an action can reach: the node's own ports are `nodePort`, `hostPort` and `proxyPort` of `world`. */
export interface ActionAround {
  readonly world: World;
  /** Fires when the run is to stop, or the step's time is over: the action ends at once. */
  readonly signal: AbortSignal;
  /** When its time is over: ms of `world.clock.now()`. */
  readonly deadline: number;
  /** The step's id, and what the playbook calls it. */
  readonly step: string;
  readonly name: string;
  /** The run, and what it was started for: for messages. */
  readonly run: string;
  readonly playbook: string;
  /** Asks whoever is there; see Questions. */
  readonly ask: Questions['ask'];
  /** Text with the secrets of the run masked: for whatever an action says in an error or sends to others. */
  readonly mask: (text: string) => string;
}

/** Questions of a playbook, to a person or to what the command line has answered beforehand. */
export interface Questions {
  /**
   * @param name by which `--answer NAME=…` answers it
   * @throws FshaError `refused` where nobody is there to answer, `interrupted`
   */
  ask(question: { readonly name: string; readonly text: string }, signal: AbortSignal): Promise<string>;
}

/** How long an action may take that says nothing of it: ms. */
export const ACTION_TIME = 60_000;
