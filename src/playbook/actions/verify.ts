import { own } from './own.ts';

export const verify = own(
  'verify',
  'Waits until the node is as healthy as it was found: profiles, gateways, OPTIONS.',
  'nothing',
);
