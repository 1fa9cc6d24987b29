import stringWidth from 'string-width';
import { truncate } from '../../output/table.ts';

/**
 * Text in lines of at most `width` columns, broken at spaces; a longer word is cut. Spaces at its beginning stay, and stand
 * before every line.
 * @param most so many lines; the last one ends with `…` where more would follow
 */
export function wrap(text: string, width: number, most = Infinity): readonly string[] {
  const indent = /^ */.exec(text)?.[0].slice(0, Math.max(0, width - 1)) ?? '';
  const lines: string[] = [];
  let current = '';
  for (const word of text.trim().split(/ +/)) {
    const longer = current === '' ? `${indent}${word}` : `${current} ${word}`;
    if (current === '' || stringWidth(longer) <= width) {
      current = longer;
      continue;
    }
    lines.push(current);
    current = `${indent}${word}`;
  }
  lines.push(current);
  if (lines.length <= most) return lines.map((one) => truncate(one, width));
  const last = `${lines[most - 1] ?? ''} ${(lines[most] ?? '').trim()}`;
  return [...lines.slice(0, most - 1), truncate(`${last}…`, width)].map((one) => truncate(one, width));
}

/** Text in exactly so many columns. */
export function cell(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const short = truncate(text, width);
  const blank = ' '.repeat(Math.max(0, width - stringWidth(short)));
  return align === 'right' ? blank + short : short + blank;
}
