import { own } from './own.ts';

export const preflight = own(
  'preflight',
  'Looks at everything, refuses what is not safe, and takes down what was found; first of the steps that touch a node.',
  'nothing',
);
