/** The mark by which a run holds a node, in FreeSWITCH's own memory: `RUN,WHO,WHEN`. It dies with a restart. */

import { FshaError } from './errors.ts';
import { printable } from './text.ts';

export interface Mark {
  readonly run: string;
  readonly who: string;
  /** Wall clock, ms since 1970; NaN where it was not written as a time. */
  readonly at: number;
}

/** The value of the global variable `fsha_run`. Anything that could end an ESL command or a field is replaced. */
export function writeMark(run: string, who: string, at: Date): string {
  const field = (text: string): string => text.replace(/[^A-Za-z0-9@._:-]/g, '_').slice(0, 80);
  return `${field(run)},${field(who)},${at.toISOString()}`;
}

/** What a run says that finds another one's mark where its own should be: it gives way. */
export function takenByAnother(node: string, mark: string): FshaError {
  const other = readMark(mark);
  const who =
    other === undefined ? printable(mark) : `run ${printable(other.run)} of ${printable(other.who)}`;
  return new FshaError(
    'locked',
    `${node} was taken by ${who} at the same moment`,
    'This run gives way and leaves the node to it.',
  );
}

/** Reads a mark; undefined where the text is none of fsha's. */
export function readMark(text: string): Mark | undefined {
  const match = /^([^,\s]+),([^,\s]*),([^,\s]+)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return undefined;
  return { run: match[1], who: match[2], at: Date.parse(match[3]) };
}
