/** The mark by which a run holds a node, in FreeSWITCH's own memory: `RUN,WHO,WHEN[,TOKEN][,guard]`. It dies with a restart. */

import { FshaError } from './errors.ts';
import { printable } from './text.ts';

export interface Mark {
  readonly run: string;
  readonly who: string;
  /** Wall clock, ms since 1970; NaN where it was not written as a time. */
  readonly at: number;
  /** Tells one process of a run from another that goes on with it elsewhere; null where it was written without one. */
  readonly token: string | null;
  /** It only keeps the node out, and gives way to whoever wants to have it. */
  readonly guard: boolean;
}

/** What a process writes into its marks. */
export interface MarkWriter {
  readonly run: string;
  readonly who: string;
  /** Lower-case hexadecimal, 8 to 16 digits. */
  readonly token: string | null;
  readonly guard: boolean;
}

/**
 * A run under way writes its mark anew so often: ms. One that is older than MARK_FRESH belongs to a run that has ended, or
 * died, or does not reach the node any more; hosts whose clocks differ by less than the difference of the two are told right.
 */
export const MARK_EVERY = 60_000;
export const MARK_FRESH = 300_000;

/** Whether the run that wrote it may be under way. A time that cannot be read, or that is still to come, says nothing against it. */
export function isFresh({ at }: Pick<Mark, 'at'>, wall: number): boolean {
  return !(wall - at > MARK_FRESH);
}

/**
 * What this host's journals know of a run that a mark names. `guarding`: it only keeps its node out. `interrupted`: its process
 * has ended, the run has not. `elsewhere`: no journal of it is here.
 */
export type Whereabouts = 'under way' | 'guarding' | 'interrupted' | 'ended' | 'elsewhere';

/** The value of the global variable `fsha_run`. Anything that could end an ESL command or a field is replaced. */
export function writeMark({ run, who, token, guard }: MarkWriter, at: Date): string {
  const field = (text: string): string => text.replace(/[^A-Za-z0-9@._:-]/g, '_').slice(0, 80);
  const rest = `${token === null ? '' : `,${token}`}${guard ? ',guard' : ''}`;
  return `${field(run)},${field(who)},${at.toISOString()}${rest}`;
}

/** What a run says that finds another one's mark where its own should be: it gives way. @param run which one says so */
export function takenByAnother(node: string, mark: string, run: string): FshaError {
  const other = readMark(mark);
  if (other?.run === run)
    return new FshaError(
      'locked',
      `${node} was taken by ${printable(other.who)}, who goes on with this run elsewhere`,
      'This process gives way and leaves the node to that one.',
    );
  return new FshaError(
    'locked',
    `${node} was taken by ${markHolder(mark)} at the same moment`,
    'This run gives way and leaves the node to it.',
  );
}

/** Whom a mark names, in words: for what is none of fsha's, its text. */
export function markHolder(mark: string): string {
  const read = readMark(mark);
  return read === undefined ? printable(mark) : `run ${printable(read.run)} of ${printable(read.who)}`;
}

/** Reads a mark; undefined where the text is none of fsha's. */
export function readMark(text: string): Mark | undefined {
  const match = /^([^,\s]+),([^,\s]*),([^,\s]+?)(?:,([0-9a-f]{8,16}))?(,guard)?$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return undefined;
  return {
    run: match[1],
    who: match[2],
    at: Date.parse(match[3]),
    token: match[4] ?? null,
    guard: match[5] !== undefined,
  };
}
