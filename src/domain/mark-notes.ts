/** What is to be said of the marks in nodes' memory, beside what is known of runs here. */
import type { Cluster } from './cluster.ts';
import type { ClusterRuns } from './cluster-runs.ts';
import { ageOf, isFresh, type Mark, readMark } from './mark.ts';
import type { Observation } from './observation.ts';

/**
 * `noted`: by a run that is told of, which says it all. `ended`: that run came to its end. Of runs that are not known here: `fresh`
 * where it may be under way, `stale` where nobody has renewed the mark, `left` where it has ended and left the node out. `foreign`: none of fsha's.
 */
export type MarkNote =
  | {
      readonly state: 'noted' | 'ended' | 'left' | 'fresh' | 'stale';
      readonly mark: Mark;
      /** How long ago it was written: ms; null where that cannot be told. */
      readonly age: number | null;
    }
  | { readonly state: 'foreign'; readonly text: string };

export interface MarkNotesInput {
  readonly cluster: Cluster;
  readonly observation: Observation;
  readonly runs: ClusterRuns;
  /** Wall clock now, ms since 1970. */
  readonly wall: number;
}

/**
 * By node; none where it is not known which runs there were here.
 * @param notes what is told of runs
 */
export function markNotes(
  { cluster, observation, runs, wall }: MarkNotesInput,
  notes: readonly { readonly run: string; readonly nodes: readonly string[] }[],
): Readonly<Record<string, MarkNote>> {
  const marks: Record<string, MarkNote> = {};
  const { known } = runs;
  // Whose they are cannot be told: they say no more than they say themselves.
  if (known === null) return marks;
  for (const { name } of cluster.nodes) {
    const seen = observation.nodes[name];
    if (seen?.trouble !== null || !seen.mark.known || seen.mark.value === null) continue;
    const mark = readMark(seen.mark.value);
    if (mark === undefined) {
      marks[name] = { state: 'foreign', text: seen.mark.value };
      continue;
    }
    const age = ageOf(mark, seen, wall);
    const isNoted = notes.some(({ run, nodes }) => run === mark.run && nodes.includes(name));
    const elsewhere = mark.ended ? 'left' : isFresh(age) ? 'fresh' : 'stale';
    const state = isNoted ? 'noted' : known.has(mark.run) ? 'ended' : elsewhere;
    marks[name] = { state, mark, age };
  }
  return marks;
}
