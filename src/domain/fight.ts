/** Tells somebody who keeps enabling a node that is being drained from a reload now and then, which is mended for ever. */

/** So many drifts in a row of one destination are a fight. */
export const FOUGHT = 5;

interface Bout {
  /** Drifts in a row, each at once after the destination had been set again. */
  readonly drifts: number;
  /** Monotonic ms at which it was set again after the last drift; null while it was not. */
  readonly setAt: number | null;
}

/** By destination key. */
export type Fight = Readonly<Record<string, Bout>>;

export function beginFight(): Fight {
  return {};
}

/**
 * After drift of one destination was seen. It is one more in a row where it comes at once: seen within a poll and
 * 10 s after the destination was set again; else it is the first of a new row. Drift that is only seen again,
 * since setting it did not succeed, is the same one.
 * @param key see destinationKey
 * @param now monotonic ms
 * @param poll ms
 */
export function afterDrift(
  fight: Fight,
  key: string,
  now: number,
  poll: number,
): { readonly fight: Fight; readonly fought: boolean } {
  const before = fight[key];
  const bout: Bout = { drifts: driftsInRow(before, now, poll + 10_000), setAt: null };
  return { fight: { ...fight, [key]: bout }, fought: bout.drifts >= FOUGHT };
}

function driftsInRow(before: Bout | undefined, now: number, atOnce: number): number {
  if (before === undefined) return 1;
  if (before.setAt === null) return before.drifts;
  return now - before.setAt <= atOnce ? before.drifts + 1 : 1;
}

/** After a destination that had drifted was set again and read back so; `now` is monotonic ms. */
export function afterMend(fight: Fight, key: string, now: number): Fight {
  const before = fight[key];
  return before === undefined ? fight : { ...fight, [key]: { ...before, setAt: now } };
}
