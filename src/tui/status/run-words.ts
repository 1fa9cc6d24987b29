/** What the list says of the runs of a node, in as few words as can be: the details say the rest. */
import type { RunNoteState, RunNotes } from '../../domain/run-notes.ts';
import { printable } from '../../domain/text.ts';
import { concerns, inOneLine, saidOfRuns } from '../../output/status-runs.ts';
import { clip, type Line, line, type Span, styled } from '../line.ts';

export interface RowNote {
  readonly long: string;
  readonly short: string;
  /** As in the rows: more is worse. */
  readonly trouble: number;
}

const ROW_WORDS: Readonly<Record<RunNoteState, (run: string) => RowNote>> = {
  'in-progress': (run) => ({ long: `run ${run} under way`, short: 'under way', trouble: 1 }),
  unfinished: (run) => ({ long: `run ${run} unfinished`, short: 'unfinished', trouble: 4 }),
  interrupted: (run) => ({ long: `run ${run} interrupted`, short: 'interrupted', trouble: 4 }),
  'left-unknown': (run) => ({ long: `left unknown by ${run}`, short: 'left unknown', trouble: 4 }),
  'left-out': (run) => ({ long: `left out by ${run}`, short: 'left out', trouble: 2 }),
  partly: (run) => ({ long: `not brought through by ${run}`, short: 'not through', trouble: 1 }),
};

export function runNotesOf(node: string, notes: RunNotes | null): readonly RowNote[] {
  if (notes === null) return [];
  const contradicted = notes.contradictions.filter((one) => one.node === node);
  return [
    ...contradicted.map(({ run, says }): RowNote => {
      const word = says === 'in service' ? 'in' : 'out';
      return { long: `last run ${printable(run)} says ${word}`, short: `last run: ${word}`, trouble: 4 };
    }),
    ...notes.runs
      .filter((note) => concerns(note, node) && !(note.state === 'left-out' && contradicted.length > 0))
      .map(({ state, run }) => ROW_WORDS[state](printable(run))),
  ];
}

/** All there is to be said in one line; null for nothing. @param wall ms since 1970 */
export function runsLine(notes: RunNotes | null, wall: number, width: number): Line | null {
  if (notes === null) return null;
  const said = saidOfRuns(notes, wall);
  const [only, ...others] = said;
  if (only === undefined) return null;
  const isCalm =
    notes.runs.every(({ state }) => state === 'in-progress') && notes.contradictions.length === 0;
  const style = isCalm ? 'accent' : 'warning';
  if (others.length === 0) return clip(line(styled(style, inOneLine(only))), width);
  const count = (state: RunNoteState): number => notes.runs.filter((note) => note.state === state).length;
  const nodes = (state: RunNoteState): number =>
    notes.runs.filter((note) => note.state === state).reduce((sum, note) => sum + note.nodes.length, 0);
  const parts: readonly (readonly [number, string])[] = [
    [count('in-progress'), 'under way'],
    [count('unfinished'), 'unfinished'],
    [count('interrupted'), 'interrupted'],
    [nodes('left-unknown'), 'left unknown'],
    [nodes('left-out'), 'left out'],
    [nodes('partly'), 'not brought through'],
    [notes.contradictions.length, 'not as the last run says'],
    [notes.gaps.length, notes.gaps.length === 1 ? 'gap' : 'gaps'],
  ];
  const spans: Span[] = parts.flatMap(([many, word]) =>
    many === 0 ? [] : [styled(style, `${many} ${word}`)],
  );
  return clip(
    line('runs: ', ...spans.flatMap((span, index) => (index === 0 ? [span] : ['  ', span]))),
    width,
  );
}
