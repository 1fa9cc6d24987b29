import { expect, it } from 'vitest';
import { broughtBack } from '../../src/domain/brought-back.ts';
import { known, type Known, unknown } from '../../src/domain/observation.ts';
import { planActivate, planDeactivate } from '../../src/domain/plan.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { baseline, observation, seenNode, seenProxy } from './builders.ts';
import { stateOf } from './run-story.ts';

const NODE = 'node-1';
const AT = { node: NODE, step: `${NODE}/x` } as const;
const UUID = 'uuid-of-node-1';
const LOOKED: NewEvent = {
  type: 'preflight.settled',
  ...AT,
  data: { verdicts: [], baseline: baseline(), found: baseline().destinations },
};
const mark = (wanted: string | null): readonly NewEvent[] => {
  const what = { effect: 'node.mark', target: { node: NODE } } as const;
  return [
    { type: 'effect.intended', ...AT, data: { ...what, found: null, wanted } },
    { type: 'effect.settled', ...AT, data: { ...what, outcome: 'done', read: wanted } },
  ];
};
const DISABLE: NewEvent = {
  type: 'effect.intended',
  ...AT,
  data: {
    effect: 'dispatcher.state',
    target: { proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: null },
    found: 'AP',
    wanted: 'd',
  },
};
const RESTART: NewEvent = {
  type: 'effect.intended',
  ...AT,
  data: { effect: 'node.restart', target: { node: NODE }, found: UUID, wanted: 'systemctl restart' },
};
const OUT = [LOOKED, ...mark('r1'), DISABLE];

const seen = (flags: string, uuid: Known<string> = known(UUID), marked: Known<string | null> = known(null)) =>
  observation({
    nodes: [seenNode(NODE, { coreUuid: uuid, mark: marked })],
    proxies: ['lb-1', 'lb-2'].map((name) => seenProxy(name, [['sip:10.0.1.10:5080', flags]])),
  });

it.each([
  ['restarted and in', OUT, seen('AP', known('another')), [{ node: NODE, restarted: true }]],
  ['in, and its mark taken away', OUT, seen('AP'), [{ node: NODE, restarted: false }]],
  ['restarted by a crash, and still out', OUT, seen('DX', known('another')), []],
  ['in, and still marked: a reload', OUT, seen('AP', known(UUID), known('r1,ops@bastion,x')), []],
  ['its mark unknown', OUT, seen('AP', known('another'), unknown('silent')), []],
  ['which FreeSWITCH it is unknown', OUT, seen('AP', unknown('silent')), []],
  ['its restart announced by this run', [...OUT, RESTART], seen('AP', known('another')), []],
  ['its mark taken away by this run', [...OUT, ...mark(null)], seen('AP'), []],
  ['never marked', [LOOKED, DISABLE], seen('AP', known('another')), []],
  ['never taken out', [LOOKED, ...mark('r1')], seen('AP', known('another')), []],
] as const)('%s', (_, events, at, expected) => {
  expect(broughtBack(stateOf(events), at)).toEqual(expected);
});

it('counts for whatever takes nodes out, and not for an activation', () => {
  const at = seen('AP', known('another'));
  expect(broughtBack(stateOf(OUT, { plan: planDeactivate(NODE, false) }), at)).toHaveLength(1);
  expect(broughtBack(stateOf(OUT, { plan: planActivate(NODE) }), at)).toEqual([]);
});
