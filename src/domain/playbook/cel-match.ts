/** Regular expressions whose time grows with the text and no faster, whatever they say. */
import { RE2JS } from 're2js';

/** Characters of a regular expression. */
const LONGEST = 500;

/** Instructions that one may become: each repeats as often as its counts say. */
const LARGEST = 5_000;

export interface LinearMatch {
  /** What a look at so many characters costs, in the steps of an expression. */
  readonly cost: (characters: number) => number;
  /** Whether it is found anywhere in the text. */
  readonly foundIn: (text: string) => boolean;
}

/** @returns why it cannot be used, half a sentence that does not repeat it, where it cannot */
export function linearMatch(pattern: string): LinearMatch | string {
  if (pattern.length > LONGEST) return `has more than ${LONGEST} characters`;
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch {
    return 'is not one that is understood (the syntax is that of RE2: no look-around, no back references)';
  }
  const size = compiled.programSize();
  if (size > LARGEST) return 'repeats more than can be looked for in time';
  return {
    cost: (characters) => 1 + Math.ceil((characters * size) / 64),
    foundIn: (text) => compiled.matcher(text).find(),
  };
}
