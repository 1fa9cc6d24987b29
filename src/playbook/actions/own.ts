/** What fsha's own steps have in common as actions: nothing to set, and deadlines of their own. */
import type { Action } from '../action.ts';

export function own(name: string, summary: string, changes: 'nothing' | 'node'): Action {
  return {
    name,
    summary,
    params: { kind: 'fields', fields: {} },
    result: {},
    changes: () => changes,
    timeout: null,
    // They look before they act, are undone from the journal and find their own way back after an interruption.
    without: ['rerun', 'check', 'disruptive'],
  };
}
