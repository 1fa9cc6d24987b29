import { own } from './own.ts';

export const waitDrained = own(
  'wait_drained',
  'Waits until the calls of the node have ended by themselves.',
  'nothing',
);
