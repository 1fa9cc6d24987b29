/** Every kind of step and how it is carried out. Adding one is a file in this folder and a line here. */
import type { StepKind } from '../../domain/plan.ts';
import { whileOut } from '../out-guard.ts';
import type { Step } from '../step.ts';
import { action } from './action.ts';
import { activate } from './activate.ts';
import { admit } from './admit.ts';
import { deactivate } from './deactivate.ts';
import { fence } from './fence.ts';
import { guard } from './guard.ts';
import { hangUp } from './hang-up.ts';
import { keepOut } from './keep-out.ts';
import { leaveOut } from './leave-out.ts';
import { onOut } from './on-out.ts';
import { preflight } from './preflight.ts';
import { restart } from './restart.ts';
import { restore } from './restore.ts';
import { secure } from './secure.ts';
import { settleRestart } from './settle-restart.ts';
import { verify } from './verify.ts';
import { waitDrained } from './wait-drained.ts';

export const STEPS: { readonly [K in StepKind]: Step<K> } = {
  admit,
  preflight,
  deactivate,
  on_out: whileOut(onOut),
  wait_drained: whileOut(waitDrained),
  fence: whileOut(fence),
  restart: whileOut(restart, true),
  verify: whileOut(verify, true),
  activate,
  restore,
  secure: whileOut(secure, true),
  leave_out: leaveOut,
  keep_out: keepOut,
  guard: whileOut(guard),
  settle_restart: whileOut(settleRestart, true),
  hang_up: hangUp,
  action,
};
