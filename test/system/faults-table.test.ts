/** That the table of faults forgets nothing: every kind of step that fsha has, and every kind of fault in it. */
import { expect, inject, test } from 'vitest';
import { STEPS } from '../../src/workflow/steps/registry.ts';
import { kindsAt, NETWORK_KINDS, OTHER_KINDS } from './harness/fault-kinds.ts';
import { NOT_HERE, placeName, placesOf } from './harness/fault-stages.ts';

const places = placesOf(inject('recorded'));

test('every step of the registry is in a run that was recorded, or is named with the reason', () => {
  const tried = places.map(({ step }): string => step);
  expect([...new Set([...tried, ...Object.keys(NOT_HERE)])].sort()).toEqual(Object.keys(STEPS).sort());
  expect(Object.keys(NOT_HERE).filter((step) => tried.includes(step))).toEqual([]);
});

test.each(places.map((place) => [placeName(place), place] as const))(
  'every kind of fault: %s',
  (_name, place) => {
    expect([...kindsAt(place)].sort()).toEqual([...NETWORK_KINDS, ...OTHER_KINDS].sort());
  },
);
