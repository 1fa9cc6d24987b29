/** Sentences on several lines. */
import stringWidth from 'string-width';
import { truncate } from './table.ts';

/** Breaks `text` at blanks into lines of at most `width` columns; a word that is wider is cut with `…`. */
export function wrapText(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current !== '' && stringWidth(longer) > width) {
      lines.push(truncate(current, width));
      current = `${indent}${word}`;
    } else current = longer;
  }
  return current === '' ? lines : [...lines, truncate(current, width)];
}
