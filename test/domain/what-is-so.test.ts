import { expect, test } from 'vitest';
import type { Observation } from '../../src/domain/observation.ts';
import { planResume } from '../../src/domain/resume.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { remainingEffects } from '../../src/domain/what-is-so.ts';
import { remainingLines } from '../../src/output/remaining-text.ts';
import { baseline, DOWN, known, observation, policy, seenNode, seenProxy } from './builders.ts';
import { stateOf } from './run-story.ts';

const AT = { node: 'node-1', step: 'node-1/x' } as const;
const state = stateOf([
  {
    type: 'preflight.settled',
    ...AT,
    data: { verdicts: [], baseline: baseline(), found: baseline().destinations },
  },
  {
    type: 'effect.intended',
    ...AT,
    data: { effect: 'node.mark', target: { node: 'node-1' }, found: null, wanted: 'r1,ops@bastion,x' },
  },
  ...['lb-1', 'lb-2'].map((proxy): NewEvent => ({
    type: 'effect.intended',
    ...AT,
    data: {
      effect: 'dispatcher.state',
      target: { proxy, set: 1, uri: 'sip:10.0.1.10:5080', duid: null },
      found: 'AP',
      wanted: 'd',
    },
  })),
]);

/** FLAGS of node-1 on lb-1 and lb-2. */
const shown = (
  one: string,
  other: string,
  node = seenNode('node-1', { mark: known('r1,ops@b,x') }),
): Observation =>
  observation({
    nodes: [node],
    proxies: [
      ['lb-1', one],
      ['lb-2', other],
    ].map(([name = '', flags = '']) => seenProxy(name, [['sip:10.0.1.10:5080', flags]])),
  });

function said(seen: Observation, undo: boolean): readonly string[] {
  const wish = { undo, policy: policy(), call: 'fsha', others: new Map(), window: null };
  return remainingLines(remainingEffects(state, planResume(state, seen, wish), seen));
}

test('what is half done: what is so, and what is to be done', () => {
  expect(said(shown('DX', 'AP'), false)).toEqual([
    '  node-1: mark it as held by the run: already so',
    '  node-1: disable on lb-1 (set 1, sip:10.0.1.10:5080): already so',
    '  node-1: disable on lb-2 (set 1, sip:10.0.1.10:5080): to be done',
    '  node-1: pause its inbound side: to be done',
  ]);
});

test('given back: the same, the other way round', () => {
  expect(said(shown('DX', 'AP'), true).toSorted()).toEqual([
    '  node-1: remove the mark of the run: to be done',
    '  node-1: set active, probing on lb-1 (set 1, sip:10.0.1.10:5080): to be done',
    '  node-1: set active, probing on lb-2 (set 1, sip:10.0.1.10:5080): already so',
  ]);
});

test('what cannot be seen is unknown', () => {
  const silent = shown('DX', 'DX', seenNode('node-1', { trouble: DOWN }));
  const lines = said(silent, false);
  expect(lines[0]).toMatch(/mark it as held by the run: unknown: ./);
  expect(lines[3]).toMatch(/pause its inbound side: unknown: ./);
  expect(lines[1]).toMatch(/already so$/);
});
