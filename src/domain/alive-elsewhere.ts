/** Whether a run whose journal was copied here may be alive where it was begun. */
import { ageOf, isFresh, readMark } from './mark.ts';
import type { Observation } from './observation.ts';

/** What speaks for it: the mark of a node, or where that is gone the journal itself. */
export interface SignOfLife {
  readonly node: string | null;
  /** Who renewed the mark; null where the journal tells. */
  readonly who: string | null;
  /** How long ago it gave it: ms; null where that cannot be told. */
  readonly age: number | null;
}

/**
 * A mark that is renewed, and does not tell its end, says that its process is alive. Where the mark is gone or cannot be read, as while the node restarts,
 * the journal's own last line tells when that process was alive; where the node bears another run's mark, that process has lost it.
 * @param nodes those with which it is not through; none: only its journal tells
 * @param wroteAt when its journal was written last, ms since 1970
 * @returns the first sign that is fresh; null where it is dead
 */
export function aliveElsewhere(
  run: string,
  nodes: readonly string[],
  observation: Observation,
  wroteAt: number,
  wall: number,
): SignOfLife | null {
  const written = Number.isNaN(wroteAt) ? null : wall - wroteAt;
  const signs = nodes.flatMap((node): readonly SignOfLife[] => {
    const seen = observation.nodes[node];
    const mark =
      seen?.mark.known === true && seen.mark.value !== null ? readMark(seen.mark.value) : undefined;
    if (mark === undefined) return [{ node, who: null, age: written }];
    return mark.run === run && !mark.ended ? [{ node, who: mark.who, age: ageOf(mark, seen, wall) }] : [];
  });
  const all = nodes.length === 0 ? [{ node: null, who: null, age: written }] : signs;
  return all.find(({ age }) => isFresh(age)) ?? null;
}
