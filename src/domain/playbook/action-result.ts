/** What an action of a playbook changes, and what comes of it. */
import type { JsonValue } from './json.ts';

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
