/** A drain that dies before its restart is announced, anywhere: whoever resumes it brings it to its end. */
import { test } from 'vitest';
import { killSuite, recordedPoints, resumed } from './harness/fault-kill-suite.ts';

const suite = killSuite('Killed before the restart, then resume');

test.each(recordedPoints((point) => !point.isForwardOnly))('killed %s', (_name, point) =>
  resumed(suite, point),
);
