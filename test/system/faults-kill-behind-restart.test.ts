/** A drain that dies once its restart is announced, anywhere: it cannot be undone, and whoever resumes it brings it to its end. */
import { expect, test } from 'vitest';
import { well } from './harness/fault-cases.ts';
import { killSuite, recordedPoints, refusedAndResumed, said } from './harness/fault-kill-suite.ts';

const suite = killSuite('Killed behind the announced restart: no undo, then resume');

test.each(recordedPoints(({ isForwardOnly, isSettled }) => isForwardOnly && !isSettled))(
  'killed %s',
  (_name, point) => refusedAndResumed(suite, point),
);

test.each(recordedPoints(({ isSettled }) => isSettled))(
  'killed %s: nothing remains',
  async (_name, point) => {
    const dead = await suite.killAt(point);
    for (const flags of [['--undo'], []]) {
      const result = await dead.resume(...flags);
      const state = await suite.row(
        `killed ${point.name}`,
        `resume ${flags.join('')}: nothing to do`,
        result,
      );
      expect([result.exitCode, state], said(result)).toEqual([3, well(1)]);
      expect(result.stderr).toMatch(/it has ended \(done, exit 0\)/);
    }
    await dead.expectOver(0);
  },
);
