/** Words of a command line, quoted for a POSIX shell. */

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * One shell line that runs exactly these words, whatever they contain.
 *
 * @throws TypeError for a NUL byte, which no command line can carry
 */
export function shellQuote(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  if (word.includes('\0')) throw new TypeError('a word of a command line contains a NUL byte');
  if (PLAIN.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
