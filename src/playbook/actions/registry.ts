/** Every action of playbooks, in the order in which they are documented. Adding one is a file in this folder and a line here. */
import type { Action } from '../action.ts';
import { activate } from './activate.ts';
import { deactivate } from './deactivate.ts';
import { fence } from './fence.ts';
import { include } from './include.ts';
import { preflight } from './preflight.ts';
import { restart } from './restart.ts';
import { verify } from './verify.ts';
import { waitDrained } from './wait_drained.ts';

export const ACTIONS: readonly Action[] = [
  preflight,
  deactivate,
  waitDrained,
  fence,
  restart,
  verify,
  activate,
  include,
];

/** The action of that name, or undefined. */
export function findAction(name: string): Action | undefined {
  return ACTIONS.find((action) => action.name === name);
}
