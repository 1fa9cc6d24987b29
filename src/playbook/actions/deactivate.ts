import { own } from './own.ts';

export const deactivate = own(
  'deactivate',
  "Marks the node as this run's own and disables its destinations on every proxy.",
  'node',
);
