import { expect, test } from 'vitest';
import { lastResumable, perhapsAlive } from '../../src/domain/last-resumable.ts';
import type { RunNote } from '../../src/domain/run-notes.ts';

function note(run: string, state: RunNote['state'], since: string, words: readonly string[]): RunNote {
  const next = words.map((rest) => `fsha --config a.yaml resume ${run}${rest}`);
  const command = 'drain node-1';
  return {
    run,
    command,
    who: 'ops@bastion',
    state,
    nodes: ['node-1'],
    since,
    step: null,
    changed: true,
    next,
  };
}

const older = note('20261122-200000-aaaa', 'interrupted', '2026-11-22T20:10:00.000Z', ['', ' --undo']);
const restarted = note('20261122-203000-bbbb', 'interrupted', '2026-11-22T20:40:00.000Z', ['']);
const unknown = note('20261122-210000-cccc', 'left-unknown', '2026-11-22T21:10:00.000Z', [' --undo']);

test('none where status offers none', () => {
  expect(lastResumable({ runs: [] }, false)).toBeNull();
  const others = (['in-progress', 'unfinished', 'left-out'] as const).map((state) => ({ ...older, state }));
  expect(lastResumable({ runs: others }, false)).toBeNull();
  expect(lastResumable({ runs: [{ ...unknown, next: ['fsha activate node-1'] }] }, true)).toBeNull();
});

test('the newest with which that is offered, in whatever order they are told', () => {
  expect(lastResumable({ runs: [older, restarted, unknown] }, false)).toBe(restarted.run);
  expect(lastResumable({ runs: [older, restarted] }, true)).toBe(older.run);
  expect(lastResumable({ runs: [older, restarted, unknown] }, true)).toBe(unknown.run);
});

test('a rolling run that has ended without having brought all of its nodes through', () => {
  const partly = note('20261122-220000-dddd', 'partly', '2026-11-22T22:10:00.000Z', ['']);
  expect(lastResumable({ runs: [older, partly] }, false)).toBe(partly.run);
  expect(lastResumable({ runs: [older, partly] }, true)).toBe(older.run);
});

test('one that does not know what it left, where there is no other', () => {
  expect(lastResumable({ runs: [unknown] }, false)).toBe(unknown.run);
});

test('those that may be alive elsewhere are named apart', () => {
  const there = { ...older, state: 'unfinished' as const };
  expect(perhapsAlive({ runs: [restarted, there, unknown] })).toEqual([older.run]);
  expect(perhapsAlive({ runs: [restarted, unknown] })).toEqual([]);
});
