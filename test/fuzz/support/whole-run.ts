/** The journal of a run in which everything happens that can happen, each event of its type in every shape it has. */
import type { NewEvent, RunEvent } from '../../../src/domain/run-events.ts';
import { enveloped, lines, preflight, RUN, settled, started } from '../../journal/events.ts';
import { BATCH_CASES } from '../../output/sentence-cases-rolling.ts';
import { startedRolling } from '../../output/events.ts';
import { EFFECT_CASES } from '../../output/sentence-cases-effect.ts';
import { RUN_CASES } from '../../output/sentence-cases-run.ts';
import { STEP_CASES } from '../../output/sentence-cases-step.ts';

const told: readonly NewEvent[] = [RUN_CASES, STEP_CASES, EFFECT_CASES]
  .flatMap((cases) => Object.values(cases).flat())
  .flatMap(({ before = [], event }) => [...before, event]);

/** Each once. */
export const EVENTS: readonly NewEvent[] = [
  ...new Map([...told, preflight('node-1')].map((event) => [JSON.stringify(event), event])).values(),
];

export const WHOLE_RUN: readonly RunEvent[] = enveloped(
  [started(), ...EVENTS.filter(({ type }) => type !== 'run.started'), settled({ 'node-1': 'in service' })],
  RUN,
);

/** The same with one end only: whoever follows a run leaves at an end that nothing follows. */
export const FOLLOWED_RUN: readonly RunEvent[] = enveloped(
  [
    started(),
    ...EVENTS.filter(({ type }) => type !== 'run.started' && type !== 'run.settled'),
    settled({ 'node-1': 'in service' }),
  ],
  RUN,
);

const ROLLED = ['node-1', 'node-2', 'node-3'];
const SKIPPED = [{ node: 'node-4', why: 'it cannot be reached' }];
const WINDOW = { asked: '05:00', until: 1_795_000_000_000, minDrain: 900_000 };
const firstOf = (node: string): readonly NewEvent[] => [
  { type: 'step.started', node, step: `${node}/admit`, data: {} },
  { type: 'step.settled', node, step: `${node}/admit`, data: { outcome: 'succeeded', ms: 5 } },
  preflight(node),
];

/** A rolling run in which everything happens that happens in no other: batches, a resume, nodes that were not begun. */
export const ROLLING_RUN: readonly RunEvent[] = enveloped(
  [
    startedRolling(ROLLED, { window: WINDOW, skipped: SKIPPED }),
    ...Object.values(BATCH_CASES).flatMap((cases) => cases.map(({ event }) => event)),
    ...ROLLED.slice(0, 2).flatMap(firstOf),
    {
      type: 'run.resumed',
      data: {
        who: 'ops@bastion',
        mode: 'forward',
        plan: startedRolling(['node-2', 'node-3'], { done: ['node-1'], skipped: SKIPPED }).data.plan,
      },
    },
    ...firstOf('node-2'),
    {
      type: 'run.settled',
      data: {
        outcome: 'restored',
        exit: 11,
        nodes: { 'node-2': 'in service' },
        callsCut: 0,
        next: ['fsha resume r1'],
        untouched: ['node-3'],
        earlier: ['node-1'],
      },
    },
  ],
  RUN,
);

/** A short one: a drain that went well. */
export const DRAIN: readonly RunEvent[] = enveloped(
  [
    started(),
    ...EVENTS.filter(({ type, step }) => type === 'effect.intended' && step !== undefined).slice(0, 2),
    preflight('node-1'),
    settled({ 'node-1': 'in service' }),
  ],
  RUN,
);

export { lines, RUN };
