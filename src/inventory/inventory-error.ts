/** One error for everything that is wrong with an inventory. */
import { FshaError } from '../domain/errors.ts';
import { problemLines } from '../yaml/problem.ts';
import type { Position, Problem } from '../yaml/problem.ts';

/** One error for all problems: code `secret` where nothing but secrets is amiss, else `inventory`. */
export function inventoryError(
  file: string,
  problems: readonly Problem[],
  locate: (problem: Problem) => Position,
): FshaError {
  const lines = problemLines(file, problems, locate).join('\n');
  return problems.every((problem) => problem.kind === 'secret')
    ? new FshaError('secret', lines, 'Set the variable or mend the file, and run the command again.')
    : new FshaError('inventory', lines, 'Mend the inventory; docs/inventory.md describes every key.');
}
