/** Gathers everything that is wrong with a playbook and its includes, each problem with its place. */
import { FshaError } from '../domain/errors.ts';
import { positionText, type Position } from '../domain/playbook/playbook.ts';
import type { Path } from '../yaml/problem.ts';
import { pathText } from '../yaml/problem.ts';
import { saidWhole } from '../yaml/said-back.ts';

interface PlacedProblem {
  readonly at: Position;
  readonly path: Path;
  readonly text: string;
}

/** Beyond this many lines nobody reads on. */
const MOST_LINES = 100;

export class PlaybookProblems {
  readonly #all: PlacedProblem[] = [];
  /** In the order in which they were read. */
  readonly #files: string[] = [];

  /** Its problems come behind those of the files that were read before. */
  begin(file: string): void {
    this.#files.push(file);
  }

  /** @param text one or two whole sentences: what is wrong and what to write; never a value that may be secret */
  add(at: Position, path: Path, text: string): void {
    this.#all.push({ at, path, text });
  }

  /** @throws FshaError `usage` that lists every problem, one a line, where there is one */
  throwAny(): void {
    if (this.#all.length === 0) return;
    const sorted = [...this.#all].sort(
      (a, b) =>
        this.#files.indexOf(a.at.file) - this.#files.indexOf(b.at.file) ||
        a.at.line - b.at.line ||
        a.at.column - b.at.column,
    );
    const lines = [...new Set(sorted.map(problemLine))];
    const shown = lines.slice(0, MOST_LINES);
    if (lines.length > MOST_LINES) shown.push(`… and ${lines.length - MOST_LINES} more problems.`);
    throw new FshaError(
      'usage',
      shown.join('\n'),
      'Mend the playbook; docs/playbooks.md describes every key. Nothing was changed.',
    );
  }
}

function problemLine({ at, path, text }: PlacedProblem): string {
  const where = pathText(path);
  return `${positionText(at)} ${where === '' ? '' : `${where}: `}${saidWhole(text)}`;
}
