/** Names in one line, however many there are. */
import { printable } from '../domain/text.ts';
import { counted } from './count-words.ts';

/** So many are named where nobody has to look after each. */
export const A_DOZEN = 12;
/** Of more than that the first. */
const FIRST = 3;

/** `node-1, node-2`; of more than a dozen `40 nodes (node-1, node-2, node-3, …)`. */
export function nameList(names: readonly string[], noun = 'node'): string {
  const named = (some: readonly string[]): string => some.map((name) => printable(name)).join(', ');
  if (names.length <= A_DOZEN) return named(names);
  return `${counted(names.length, noun)} (${named(names.slice(0, FIRST))}, …)`;
}
