/** One line of the screen, before it is painted: text with styles by meaning, never with escape sequences. */
import stringWidth from 'string-width';
import { truncate } from '../output/table.ts';
import { printable } from '../domain/text.ts';

/** What the text means; paint() alone knows the colours. Nothing may depend on colour alone: it may be off. */
export type Style = 'plain' | 'dim' | 'strong' | 'good' | 'warning' | 'error' | 'accent' | 'inverse';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

export const EMPTY_LINE: Line = [];

/** A line of its parts; a bare text is plain. Control characters become U+FFFD here. */
export function line(...parts: readonly (string | Span)[]): Line {
  return parts
    .map((part) => (typeof part === 'string' ? styled('plain', part) : part))
    .filter(({ text }) => text !== '');
}

export function styled(style: Style, text: string): Span {
  return { style, text: printable(text, Number.POSITIVE_INFINITY) };
}

/** Columns of the terminal; a wide character counts two. */
export function widthOf(of: Line): number {
  return of.reduce((sum, { text }) => sum + stringWidth(text), 0);
}

/** At most `width` columns, with `…` where something was cut. */
export function clip(of: Line, width: number): Line {
  const kept: Span[] = [];
  let left = width;
  if (widthOf(of) <= width) return of;
  for (const span of of) {
    const size = stringWidth(span.text);
    // What fills the line to its last column is cut too: something follows, else nothing were to be clipped.
    if (size >= left) {
      const text = truncate(`${span.text}…`, left);
      return text === '' ? kept : [...kept, { ...span, text }];
    }
    kept.push(span);
    left -= size;
  }
  return kept;
}

/** `left`, and `right` at the right edge; where both do not fit, `right` goes first. */
export function spread(left: Line, right: Line, width: number): Line {
  const gap = width - widthOf(left) - widthOf(right);
  return gap < 2 ? clip(left, width) : [...left, { style: 'plain', text: ' '.repeat(gap) }, ...right];
}

const CODES: Readonly<Record<Style, readonly [string, string]>> = {
  plain: ['', ''],
  dim: ['\u001b[2m', '\u001b[22m'],
  strong: ['\u001b[1m', '\u001b[22m'],
  good: ['\u001b[32m', '\u001b[39m'],
  warning: ['\u001b[33m', '\u001b[39m'],
  error: ['\u001b[31m', '\u001b[39m'],
  accent: ['\u001b[36m', '\u001b[39m'],
  inverse: ['\u001b[7m', '\u001b[27m'],
};

/** The line as the terminal gets it. Without colours the text alone. */
export function paint(of: Line, colour: boolean): string {
  return of
    .map(({ text, style }) => {
      const [on, off] = colour ? CODES[style] : ['', ''];
      return `${on}${text}${off}`;
    })
    .join('');
}

/** The line without its styles. */
export function textOf(of: Line): string {
  return of.map(({ text }) => text).join('');
}
