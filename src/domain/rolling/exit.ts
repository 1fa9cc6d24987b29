import { EXIT, type ExitCode, firstExit } from '../exit-codes.ts';
import type { RollingPlan } from './rolling-plan.ts';

/** What the exit code says of each node by itself, which another code says for all of them. */
const OF_ONE: ReadonlySet<ExitCode> = new Set([
  EXIT.refused,
  EXIT.locked,
  EXIT.expiredRestored,
  EXIT.expiredHeld,
  EXIT.restartFailed,
  EXIT.unhealthy,
  EXIT.undone,
]);

export interface RollingEnds {
  /** Of each node that was begun. */
  readonly codes: readonly ExitCode[];
  /** How many were not. */
  readonly untouched: number;
  readonly rolling: RollingPlan;
  /** The exit code of the signal that stopped the run; null: none did. */
  readonly stopped: ExitCode | null;
  /** It only looked, at all of them: what a run would do is what counts. */
  readonly dryRun: boolean;
}

/** Of several nodes not all done is 11, whatever stood in the way of each; of a single one its own code is. */
export function rollingExit({ codes, untouched, rolling, stopped, dryRun }: RollingEnds): ExitCode {
  const nodes = codes.length + untouched + rolling.done.length + rolling.skipped.length;
  const interrupted = stopped !== null && untouched > 0 ? [stopped] : [];
  if (nodes === 1 && untouched === 0) return firstExit(codes);
  const isPartly = untouched > 0 || rolling.skipped.length > 0 || codes.some((code) => OF_ONE.has(code));
  const changesNothing = rolling.done.length === 0 && codes.every((code) => NOTHING.has(code));
  // Refused before anything was changed, by a check or by another run: that code says so.
  if (changesNothing && codes.length > 0 && interrupted.length === 0) return firstExit(codes);
  const first = codes.findIndex((code) => !NOTHING.has(code));
  if (dryRun && first > rolling.maxFailures) return firstExit(codes.slice(0, first));
  const others = codes.filter((code) => !OF_ONE.has(code));
  return firstExit([...others, ...interrupted, ...(isPartly ? [EXIT.partly] : [])]);
}

const NOTHING: ReadonlySet<ExitCode> = new Set([EXIT.refused, EXIT.locked]);
