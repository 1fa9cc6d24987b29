/** Whether journals have room where they are written: a run that cannot write its journal does not begin, and one under way stops. */
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';

/** What the file system says of itself. */
export type Room = Pick<StatsFs, 'bsize' | 'blocks' | 'bavail' | 'files' | 'ffree'>;

export interface LittleRoom {
  readonly level: 'refusal' | 'warning';
  /** What is wrong with it, a clause. */
  readonly why: string;
}

const MIB = 1024 * 1024;
/** Bytes: a drain of some hours that is in trouble has written about as much. */
const NO_RUN = 1 * MIB;
/** Bytes: a rolling run over some hundred nodes with all their calls. */
const LITTLE = 64 * MIB;

/** @throws what the file system says */
export function roomIn(directory: string): Promise<Room> {
  return statfs(directory);
}

/** null where there is enough, or where the file system does not say (some on the network report nothing). */
export function littleRoom({ bsize, blocks, bavail, files, ffree }: Room): LittleRoom | null {
  if (blocks > 0) {
    const free = bavail * bsize;
    if (free < NO_RUN) return { level: 'refusal', why: `the disk is full: ${bytesText(free)} are free` };
    if (free < LITTLE) return { level: 'warning', why: `little room is left: ${bytesText(free)} are free` };
  }
  return files > 0 && ffree === 0
    ? { level: 'refusal', why: 'no more files can be made there: no inode is free' }
    : null;
}

function bytesText(bytes: number): string {
  return bytes < MIB ? `${Math.floor(bytes / 1024)} KiB` : `${Math.floor(bytes / MIB)} MiB`;
}
