/** What an inventory says, said back in messages: nothing of it can steer a terminal, and none is longer than anybody reads. */
import { printable } from '../domain/text.ts';

/** A value in quotes; for values that cannot hold a secret only. */
export function quoted(written: string): string {
  return `"${saidBack(written)}"`;
}

/** A value or a name as a part of a sentence. */
export function saidBack(written: string): string {
  return printable(written, MOST_OF_VALUE);
}

/** Whether a value can be said back whole, as what is to be written instead has to be. */
export function fitsWhole(written: string): boolean {
  return saidBack(written) === written;
}

/** One key of a path. */
export function saidKey(key: string): string {
  return printable(key, 80);
}

/** The name of a file: what tells one from another mostly stands at its end, so that a long one is shortened in its middle. */
export function saidFile(path: string): string {
  const characters = Array.from(printable(path, 10_000));
  if (characters.length <= MOST_OF_FILE) return characters.join('');
  const half = Math.floor((MOST_OF_FILE - 1) / 2);
  return `${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}`;
}

/** A whole sentence, or a path of keys: whatever is in it, it ends. */
export function saidWhole(sentence: string): string {
  return printable(sentence, 1_000);
}

// Characters.
const MOST_OF_VALUE = 60;
const MOST_OF_FILE = 300;
