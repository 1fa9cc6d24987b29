/**
 * The mark by which a run holds a node, in FreeSWITCH's own memory: `RUN,WHO,WHEN[,TOKEN][,upMS][,guard|,ended]`. It dies with a restart,
 * so how long that FreeSWITCH has been up is a clock that whoever writes it and whoever reads it have in common.
 */

import { FshaError } from './errors.ts';
import type { NodeObservation } from './observation.ts';
import { printable } from './text.ts';

export interface Mark {
  readonly run: string;
  readonly who: string;
  /** Wall clock of who wrote it, ms since 1970; NaN where it was not written as a time. */
  readonly at: number;
  /** How long FreeSWITCH had been up when it was written: ms; null where it was written without. */
  readonly up: number | null;
  /** Tells one process of a run from another that goes on with it elsewhere; null where it was written without one. */
  readonly token: string | null;
  /** It only keeps the node out, and gives way to whoever wants to have it. */
  readonly guard: boolean;
  /** It has come to its end, and has left the node out. */
  readonly ended: boolean;
}

/** What a process writes into its marks. */
export interface MarkWriter {
  readonly run: string;
  readonly who: string;
  /** Lower-case hexadecimal, 8 to 16 digits. */
  readonly token: string | null;
  readonly guard: boolean;
  /** Absent: it has not. */
  readonly ended?: boolean;
}

/**
 * A run under way writes its mark anew so often: ms. One that is older than MARK_FRESH belongs to a run that has ended, or
 * died, or does not reach the node any more.
 */
export const MARK_EVERY = 60_000;
export const MARK_FRESH = 300_000;

/**
 * How long ago a mark was written: ms; null where that cannot be told. By the node's own clock, where the mark tells it: the clocks of
 * hosts differ. By the wall clock of this host where it does not, and where it tells more than that clock shows now, which no mark
 * of this FreeSWITCH does; below zero it is still to come then.
 * @param seen the reading of the node in which it was found; undefined for none
 * @param wall wall clock of this host, ms since 1970
 */
export function ageOf(
  { at, up }: Pick<Mark, 'at' | 'up'>,
  seen: Pick<NodeObservation, 'uptimeMs'> | undefined,
  wall: number,
): number | null {
  if (up !== null) {
    if (seen?.uptimeMs.known !== true) return null;
    if (seen.uptimeMs.value >= up) return seen.uptimeMs.value - up;
  }
  return Number.isNaN(at) ? null : wall - at;
}

/** Whether the run that wrote a mark so long ago may be under way. An age that is not known, or still to come, says nothing against it. */
export function isFresh(age: number | null): boolean {
  return age === null || age <= MARK_FRESH;
}

/**
 * What this host's journals know of a run that a mark names. `guarding`: it only keeps its node out. `interrupted`: its process
 * has ended, the run has not. `damaged`: the same, and its journal cannot be gone on with. `elsewhere`: no journal of it is here.
 */
export type Whereabouts = 'under way' | 'guarding' | 'interrupted' | 'damaged' | 'ended' | 'elsewhere';

/**
 * The value of the global variable `fsha_run`. Anything that could end an ESL command or a field is replaced.
 * @param up how long FreeSWITCH has been up at least, as it was read before this is written: ms; null where that is not known
 */
export function writeMark(
  { run, who, token, guard, ended = false }: MarkWriter,
  at: Date,
  up: number | null = null,
): string {
  const field = (text: string): string => text.replace(/[^A-Za-z0-9@._:-]/g, '_').slice(0, 80);
  const rest = [
    ...(token === null ? [] : [token]),
    ...(up === null ? [] : [`up${up}`]),
    ...(ended ? ['ended'] : guard ? ['guard'] : []),
  ];
  return [field(run), field(who), at.toISOString(), ...rest].join(',');
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

/** What a run says that finds no mark in the FreeSWITCH in which its own stood: somebody has had the node meanwhile. */
export function markTakenAway(node: string): FshaError {
  return new FshaError(
    'locked',
    `${node} was taken by whoever took the mark of this run away, as a run of another host does once it has brought the node back in`,
    'This run gives way and leaves the node as it is. Look at it before it is drained again.',
  );
}

/** Whom a mark names, in words: for what is none of fsha's, its text. */
export function markHolder(mark: string): string {
  const read = readMark(mark);
  return read === undefined ? printable(mark) : `run ${printable(read.run)} of ${printable(read.who)}`;
}

/** Reads a mark; undefined where the text is none of fsha's. */
export function readMark(text: string): Mark | undefined {
  const match =
    /^([^,\s]+),([^,\s]*),([^,\s]+)(?:,([0-9a-f]{8,16}))?(?:,up(\d{1,16}))?(?:,(guard|ended))?$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return undefined;
  return {
    run: match[1],
    who: match[2],
    at: Date.parse(match[3]),
    up: match[5] === undefined ? null : Number(match[5]),
    token: match[4] ?? null,
    guard: match[6] === 'guard',
    ended: match[6] === 'ended',
  };
}
