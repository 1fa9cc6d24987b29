/** One file of a playbook as it was read: its bytes' digest, its values, and where each of them stands. */
import { createHash } from 'node:crypto';
import { isAbsolute, relative } from 'node:path';
import { FshaError } from '../domain/errors.ts';
import type { Position } from '../domain/playbook/playbook.ts';
import type { Path } from '../yaml/problem.ts';
import { decodeUtf8, readSmallFile } from '../yaml/read-file.ts';
import { saidFile, saidWhole } from '../yaml/said-back.ts';
import { readYaml } from '../yaml/yaml-document.ts';
import type { PlaybookProblems } from './playbook-problems.ts';
import { positionInText } from './position-in-text.ts';

/** 256 KiB: some thousands of steps. */
export const LARGEST_PLAYBOOK = 262_144;

export interface PlaybookFileRead {
  readonly path: string;
  readonly sha256: string;
  /** Plain data; undefined where it is no YAML that can be used. */
  readonly value: unknown;
  /** The place of a value, or of its key. */
  readonly at: (path: Path, atKey?: boolean) => Position;
  readonly keys: (path: Path) => readonly string[];
  /** Where a character of a text stands, counted from the text's beginning. */
  readonly inText: (at: Position, text: string, offset: number) => Position;
}

/**
 * Reads a file and what YAML says against it.
 * @param path absolute
 * @throws FshaError `usage` where the file cannot be read
 */
export async function readPlaybookFile(
  path: string,
  cwd: string,
  problems: PlaybookProblems,
): Promise<PlaybookFileRead> {
  const reading = await readSmallFile(path, LARGEST_PLAYBOOK, false);
  if ('wrong' in reading) throw unreadable(reading.wrong);
  const file = saidFile(shortened(path, cwd));
  const source = decodeUtf8(reading.bytes);
  if (source === undefined) throw unreadable(`${file} is not UTF-8 text`);
  problems.begin(file);
  const document = readYaml(source, 'A playbook');
  const at = (place: Path, atKey = false): Position => ({
    file,
    ...document.locate({ path: place, atKey }),
  });
  for (const problem of document.problems)
    problems.add({ file, ...(problem.position ?? document.locate(problem)) }, problem.path, problem.text);
  const lines = source.split(/\r\n?|\n/);
  return {
    path,
    sha256: createHash('sha256').update(reading.bytes).digest('hex'),
    value: document.value,
    at,
    keys: document.keys,
    inText: (place, text, offset) => ({ ...place, ...positionInText(lines, place, text, offset) }),
  };
}

function unreadable(why: string): FshaError {
  return new FshaError(
    'usage',
    `The playbook ${saidWhole(why)}.`,
    'Name one that is there; fsha playbook list shows them.',
  );
}

/** Relative where the file lies below the working directory. */
function shortened(path: string, cwd: string): string {
  const from = relative(cwd, path);
  return from === '' || from.startsWith('..') || isAbsolute(from) ? path : from;
}
