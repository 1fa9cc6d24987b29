/** Which of two runs took a node in hand later. Clocks are set back, and journals are copied: dates alone do not tell. */

/** What a journal says of one run that meant to change the destinations of one node. */
export interface NodeRun {
  readonly run: string;
  readonly settled: boolean;
  /** When it came to its end, or wrote last: ISO 8601, UTC. */
  readonly lastAt: string;
  /** The other runs whose marks it found on the node. */
  readonly met: readonly string[];
  /** Whether the node bears its mark, as far as it announced: a run marks a node first of all, and takes its mark away last. */
  readonly holds: boolean;
  /** FreeSWITCH's core_uuid before the node was first taken out; null: unknown. */
  readonly coreUuid: string | null;
  /** Whether it went on from what an earlier run had found: destinations were disabled that count as enabled before. */
  readonly inherited: boolean;
}

/**
 * The rule, for all of fsha:
 *
 * 1. A run that found another one's mark on the node came after it; one that found no mark, since FreeSWITCH had been
 *    restarted, and inherited the other's baseline, did so too. Where each says this of the other, dates decide.
 * 2. Without such a proof nothing came after a run that has not come to its end and holds the node, whatever the dates say: a node may be forgotten by mistake for one that is done with, never the other way round.
 * 3. All else is by dates: by when a run wrote last, since one that was resumed is later than its name; then by name.
 *
 * @returns these runs of one node, the latest first
 */
export function latestFirst<T extends NodeRun>(runs: readonly T[]): readonly T[] {
  const placed = runs.map((one) => {
    const later = runs.filter((other) => other !== one && !one.settled && isProvenAfter(other, one));
    const isOpen = !one.settled && one.holds && later.length === 0;
    // Right behind the first that came after it, whatever its own date.
    const at = later.reduce((least, { lastAt }) => (lastAt < least ? lastAt : least), one.lastAt);
    return { one, isOpen, at, isOvertaken: later.length > 0 };
  });
  return placed
    .toSorted(
      (a, b) =>
        Number(b.isOpen) - Number(a.isOpen) ||
        compare(b.at, a.at) ||
        Number(a.isOvertaken) - Number(b.isOvertaken) ||
        compare(b.one.run, a.one.run),
    )
    .map(({ one }) => one);
}

/** Whether `one` found what `other` had left, and not the other way round. */
export function isProvenAfter(one: NodeRun, other: NodeRun): boolean {
  if (!hasFound(one, other)) return false;
  if (!hasFound(other, one)) return true;
  return compare(one.lastAt, other.lastAt) > 0;
}

function hasFound(one: NodeRun, other: NodeRun): boolean {
  if (one.met.includes(other.run)) return true;
  return one.met.length === 0 && one.inherited && one.coreUuid !== null && one.coreUuid === other.coreUuid;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
