import { expect, test } from 'vitest';
import { EXIT, type ExitCode } from '../../../src/domain/exit-codes.ts';
import { rollingExit } from '../../../src/domain/rolling/exit.ts';
import { rolling } from './rolling-plan.ts';

const { done, refused, locked, expiredRestored, expiredHeld, restartFailed, unhealthy } = EXIT;
const { unknown, callsCut, partly, undone, interrupted, terminated, bug } = EXIT;

interface Row {
  readonly codes: readonly ExitCode[];
  readonly untouched?: number;
  readonly stopped?: ExitCode;
  readonly doneBefore?: readonly string[];
  readonly skipped?: readonly string[];
  readonly dryRun?: boolean;
  readonly exit: ExitCode;
}

test.each<Row>([
  // Of one node alone: as a drain of it.
  { codes: [done], exit: done },
  { codes: [refused], exit: refused },
  { codes: [restartFailed], exit: restartFailed },
  { codes: [undone], exit: undone },
  // All of several.
  { codes: [done, done, done], exit: done },
  { codes: [done, callsCut], exit: callsCut },
  { codes: [done], doneBefore: ['node-9'], exit: done },
  // Not all.
  { codes: [done, refused], exit: partly },
  { codes: [expiredRestored, done], exit: partly },
  { codes: [expiredHeld, done], exit: partly },
  { codes: [restartFailed], untouched: 2, exit: partly },
  { codes: [unhealthy, callsCut], exit: partly },
  { codes: [undone, undone], exit: partly },
  { codes: [done, done], skipped: ['node-9'], exit: partly },
  { codes: [done], untouched: 1, exit: partly },
  { codes: [], untouched: 3, exit: partly },
  { codes: [refused], doneBefore: ['node-9'], exit: partly },
  // Nothing was changed, and why is the same for the first as for all.
  { codes: [refused], untouched: 2, exit: refused },
  { codes: [locked], untouched: 2, exit: locked },
  // What comes before all that.
  { codes: [done, unknown], untouched: 1, exit: unknown },
  { codes: [interrupted], untouched: 2, stopped: interrupted, exit: interrupted },
  { codes: [done], untouched: 2, stopped: terminated, exit: terminated },
  { codes: [], untouched: 2, stopped: interrupted, exit: interrupted },
  { codes: [refused], untouched: 2, stopped: interrupted, exit: interrupted },
  { codes: [bug], untouched: 2, exit: partly },
  // A dry run looks at all; a run ends with the first that is refused.
  { codes: [refused, done, done], dryRun: true, exit: refused },
  { codes: [done, refused], dryRun: true, exit: partly },
  { codes: [refused, done], exit: partly },
])('%j', ({ codes, untouched = 0, stopped = null, doneBefore = [], skipped = [], dryRun = false, exit }) => {
  const plan = rolling({ done: doneBefore, skipped: skipped.map((node) => ({ node, why: 'it is down' })) });
  expect(rollingExit({ codes, untouched, rolling: plan, stopped, dryRun })).toBe(exit);
});
