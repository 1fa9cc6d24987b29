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
 * After drift was seen. It is one more in a row where it comes at once, that is within three polls and at least 10 s
 * after the destination was set again; else it is the first of a new row. Drift that is seen again because setting did
 * not help counts once.
 * @param keys the destinations that drifted, see destinationKey
 * @param now monotonic ms
 * @param poll ms
 */
export function afterDrift(
  fight: Fight,
  keys: readonly string[],
  now: number,
  poll: number,
): { readonly fight: Fight; readonly fought: boolean } {
  const atOnce = Math.max(3 * poll, 10_000);
  const bouts = keys.map((key): readonly [string, Bout] => {
    const before = fight[key];
    if (before === undefined) return [key, { drifts: 1, setAt: null }];
    if (before.setAt === null) return [key, before];
    return [key, { drifts: now - before.setAt <= atOnce ? before.drifts + 1 : 1, setAt: null }];
  });
  return {
    fight: { ...fight, ...Object.fromEntries(bouts) },
    fought: bouts.some(([, bout]) => bout.drifts >= FOUGHT),
  };
}

/** After destinations were set again; `now` is monotonic ms. */
export function afterMend(fight: Fight, keys: readonly string[], now: number): Fight {
  const bouts = keys.flatMap((key) => {
    const before = fight[key];
    return before === undefined ? [] : [[key, { ...before, setAt: now }] as const];
  });
  return { ...fight, ...Object.fromEntries(bouts) };
}
