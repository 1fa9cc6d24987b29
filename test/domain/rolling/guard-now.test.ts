import { expect, test } from 'vitest';
import { known, type Observation } from '../../../src/domain/observation.ts';
import { guardNow } from '../../../src/domain/rolling/guard-now.ts';
import { policy } from '../builders.ts';
import { busy, four, seen } from './four-nodes.ts';

/** Why each node of these batches would wait. */
function guard(batches: readonly (readonly string[])[], observation: Observation, maxUnavailable = 1) {
  const limits = { maxUnavailable, headroom: 0, dispatch: 'next' } as const;
  return Object.fromEntries(guardNow(four(), observation, { batches, limits }, policy()));
}

test('each batch is asked for as if it were the first: nobody waits for one that goes before it', () =>
  expect(guard([['node-1'], ['node-2']], seen())).toEqual({ 'node-1': null, 'node-2': null }));

test('in one batch, those before count, with their peaks', () => {
  const nodes = { 'node-1': busy(5, 40), 'node-2': busy(5, 40), 'node-3': busy(30) };
  expect(guard([['node-1', 'node-2']], seen({ nodes }), 2)).toEqual({
    'node-1': null,
    'node-2': 'the others would be too full: node-3 would have 110 calls, its capacity is 100',
  });
});

test('one that is out and goes first is back in by the time that the others are asked', () =>
  expect(guard([['node-2'], ['node-1']], seen({ flags: { 'node-2': 'DX' } }))).toEqual({
    'node-2': null,
    'node-1': null,
  }));

test('one that is given back as found is not', () => {
  const nodes = { 'node-2': { pause: known({ inbound: true, outbound: false }) } };
  expect(guard([['node-2'], ['node-1']], seen({ nodes }))).toEqual({
    'node-2': null,
    'node-1': 'node-2 (paused): no more than 1 may be out at a time',
  });
});
