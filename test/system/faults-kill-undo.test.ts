/** A drain that dies before its restart is announced, anywhere: whoever undoes it leaves the node as it was found. */
import { test } from 'vitest';
import { killSuite, recordedPoints, undone } from './harness/fault-kill-suite.ts';

const suite = killSuite('Killed before the restart, then resume --undo');

test.each(recordedPoints((point) => !point.isForwardOnly))('killed %s', (_name, point) =>
  undone(suite, point),
);
