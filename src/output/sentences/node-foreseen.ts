import type { Sentence } from './sentence.ts';

/** The plan that a dry run prints at its end has it, batch by batch. */
export const nodeForeseen: Sentence<'node.foreseen'> = {
  level: () => 'info',
  say: () => null,
};
