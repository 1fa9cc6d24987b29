import { expect, test } from 'vitest';
import { judgeKeeping, newKeeping, noteAnswer, noteMark } from '../../src/domain/keeping.ts';
import { known, unknown } from '../../src/domain/observation.ts';

const isOwn = (mark: string): boolean => mark === 'own';
const SILENT = unknown('it is silent');

test.each([
  ['its own mark', known('own'), known('first'), 'kept'],
  ['the mark of another', known('r2'), known('first'), 'taken'],
  ['no mark in the FreeSWITCH that had it', known(null), known('first'), 'taken'],
  ['no mark in another one', known(null), known('second'), 'kept'],
  ['no mark, in which one is not known', known(null), SILENT, 'unseen'],
  ['a node that does not tell', SILENT, SILENT, 'unseen'],
])('%s', (_, mark, coreUuid, state) => {
  const keeping = newKeeping();
  noteMark(keeping, known('first'), 0);
  expect(judgeKeeping({ mark, coreUuid }, isOwn, keeping)).toBe(state);
});

test('a restart behind a long silence may have been anybody’s, until its own mark is seen again', () => {
  const keeping = newKeeping();
  const restarted = { mark: known(null), coreUuid: known('second') };
  noteAnswer(keeping, 0, 100);
  noteMark(keeping, known('first'), 0);
  noteAnswer(keeping, 100, 100);
  expect(judgeKeeping(restarted, isOwn, keeping)).toBe('kept');
  noteAnswer(keeping, 201, 100);
  expect(judgeKeeping(restarted, isOwn, keeping)).toBe('unsure');
  // Read before the silence.
  noteMark(keeping, known('first'), 100);
  expect(judgeKeeping(restarted, isOwn, keeping)).toBe('unsure');
  noteMark(keeping, known('first'), 202);
  expect(judgeKeeping(restarted, isOwn, keeping)).toBe('kept');
});
