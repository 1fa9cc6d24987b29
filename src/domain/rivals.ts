/**
 * Runs of other hosts that came for other nodes of the cluster since this one looked. Each has marked its own node before it
 * looked at the others', so of two at least one sees the other; what each makes of that is decided here.
 */
import { ageOf, isFresh, readMark, type Whereabouts } from './mark.ts';
import type { Known } from './observation.ts';
import { printable } from './text.ts';

export interface Rival {
  readonly node: string;
  readonly run: string;
  readonly who: string;
}

export interface RivalInput {
  /** This run, and the node that it has marked. */
  readonly run: string;
  readonly node: string;
  /** Marks of nodes as they are now; null for none. A node whose mark is unknown is not in it, as in preflight. */
  readonly marks: Readonly<Record<string, string | null>>;
  /** How long each node's FreeSWITCH has been up, as it was read with its mark: ms. */
  readonly uptimes: Readonly<Record<string, Known<number>>>;
  /** The marks as preflight saw and judged them. */
  readonly before: Readonly<Record<string, string | null>>;
  /** What is known here of the runs that they name. */
  readonly runs: Readonly<Record<string, Whereabouts>>;
  /** The check `mark` is forced: what preflight saw was overruled, and nothing that came since. */
  readonly forced: boolean;
  /** Wall clock, ms since 1970. */
  readonly wall: number;
}

/**
 * The runs that change another node at this moment, or are about to. A mark that preflight did not see there was written since, by
 * a run that is alive whatever its clock says.
 */
export function rivalsOf(input: RivalInput): readonly Rival[] {
  const { run, node, marks, uptimes, before, runs, forced, wall } = input;
  return Object.entries(marks).flatMap(([name, mark]) => {
    const held = mark === null ? undefined : readMark(mark);
    if (name === node || held === undefined || held.run === run || held.guard || held.ended) return [];
    const whereabouts = runs[held.run];
    if (whereabouts === 'ended' || whereabouts === 'interrupted' || whereabouts === 'damaged') return [];
    const earlier = before[name];
    const seen = typeof earlier === 'string' ? readMark(earlier) : undefined;
    if (forced && seen?.run === held.run) return [];
    const isNew = earlier !== undefined && earlier !== mark;
    const uptimeMs = uptimes[name];
    const age = ageOf(held, uptimeMs && { uptimeMs }, wall);
    return isNew || isFresh(age) ? [{ node: name, run: held.run, who: held.who }] : [];
  });
}

export type Turn = { readonly turn: 'go' } | { readonly turn: 'wait' | 'give way'; readonly rival: Rival };

/**
 * Nobody goes on beside another mark: the other one may have looked before this run marked its node, and be at work. Of those that
 * see each other the one with the smallest run id waits until the others have given way.
 */
export function whoseTurn(run: string, rivals: readonly Rival[]): Turn {
  const [first] = [...rivals].sort((a, b) => (a.run < b.run ? -1 : a.run > b.run ? 1 : 0));
  if (first === undefined) return { turn: 'go' };
  return { turn: first.run < run ? 'give way' : 'wait', rival: first };
}

/** A rival in words, a clause. */
export function rivalWords({ node, run, who }: Rival): string {
  return `${node} is held by run ${printable(run)} of ${printable(who)}`;
}
