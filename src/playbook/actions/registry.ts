/** Every action of playbooks, in the order in which they are documented. Adding one is a file in this folder and a line here. */
import type { Action } from '../action.ts';
import { activate } from './activate.ts';
import { assert } from './assert.ts';
import { confirm } from './confirm.ts';
import { deactivate } from './deactivate.ts';
import { dispatcherList } from './dispatcher_list.ts';
import { esl } from './esl.ts';
import { fence } from './fence.ts';
import { http } from './http.ts';
import { include } from './include.ts';
import { notify } from './notify.ts';
import { pause } from './pause.ts';
import { preflight } from './preflight.ts';
import { redis } from './redis.ts';
import { restart } from './restart.ts';
import { rpc } from './rpc.ts';
import { sql } from './sql.ts';
import { ssh } from './ssh.ts';
import { upload } from './upload.ts';
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
  ssh,
  upload,
  esl,
  rpc,
  dispatcherList,
  http,
  sql,
  redis,
  confirm,
  pause,
  assert,
  notify,
  include,
];

/** The action of that name, or undefined. */
export function findAction(name: string): Action | undefined {
  return ACTIONS.find((action) => action.name === name);
}
