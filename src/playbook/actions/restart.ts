import { own } from './own.ts';

export const restart = own(
  'restart',
  'Restarts FreeSWITCH on a node that is out and drained, and proves it by a new core UUID.',
  'node',
);
