/** Which run `resume last` means. */
import type { RunNote, RunNotes } from './run-notes.ts';

/**
 * The newest of those of which status says that `resume` goes on with them: interrupted ones, those that do not know what
 * they left, and a rolling run that has not brought all of its nodes through. One that may only be given back is meant where that is wished for, else where there is no other. null: none.
 */
export function lastResumable({ runs }: Pick<RunNotes, 'runs'>, undo: boolean): string | null {
  const newestFirst = runs
    .filter(({ state }) => state === 'interrupted' || state === 'left-unknown' || state === 'partly')
    .toSorted((one, other) => (one.since < other.since ? 1 : one.since > other.since ? -1 : 0));
  const wished = newestFirst.find((note) =>
    offers(note, undo ? `resume ${note.run} --undo` : `resume ${note.run}`),
  );
  const any = newestFirst.find((note) => note.next.some((line) => line.includes(` resume ${note.run}`)));
  return (wished ?? any)?.run ?? null;
}

/** Those of which it cannot be told whether they go on, perhaps on another host: nobody goes on with them unasked. */
export function perhapsAlive({ runs }: Pick<RunNotes, 'runs'>): readonly string[] {
  return runs.filter(({ state }) => state === 'unfinished').map(({ run }) => run);
}

function offers({ next }: RunNote, command: string): boolean {
  return next.some((line) => line.endsWith(` ${command}`));
}
