import { expect, test } from 'vitest';
import type { Verdict } from '../../src/domain/verdict.ts';
import { verdictLines } from '../../src/output/verdict-list.ts';

const verdicts: readonly Verdict[] = [
  { check: 'esl', node: 'node-1', level: 'ok', why: 'ESL answers', forceable: false },
  {
    check: 'ghost-rows',
    node: 'node-1',
    level: 'warning',
    why: '3 rows, 0 sessions',
    fix: 'They go at the next start.',
    forceable: true,
  },
  {
    check: 'ssh',
    node: 'node-1',
    level: 'refusal',
    why: 'the host key changed',
    fix: 'Compare it with the host.',
    forceable: false,
  },
  { check: 'capacity', node: 'node-2', level: 'refusal', why: 'too many calls', forceable: true },
  { check: 'proxies', level: 'ok', why: 'every proxy answers', forceable: false },
];

test('refusals, then warnings, then the number of those that are well', () => {
  expect(verdictLines(verdicts, { verbose: false })).toEqual([
    'refused: node-1: ssh: the host key changed',
    '  fix: Compare it with the host.',
    'refused: node-2: capacity: too many calls',
    '  (--force capacity)',
    'warning: node-1: ghost-rows: 3 rows, 0 sessions',
    '  fix: They go at the next start.',
    '2 checks ok',
  ]);
});

test('verbose names each; a node that the list is about needs no name; doctor finds problems', () => {
  expect(verdictLines(verdicts, { verbose: true, about: 'node-1', refusal: 'problem' })).toEqual([
    'problem: ssh: the host key changed',
    '  fix: Compare it with the host.',
    'problem: node-2: capacity: too many calls',
    '  (--force capacity)',
    'warning: ghost-rows: 3 rows, 0 sessions',
    '  fix: They go at the next start.',
    'ok: esl: ESL answers',
    'ok: proxies: every proxy answers',
  ]);
});

test('none', () => expect(verdictLines([], { verbose: false })).toEqual([]));
