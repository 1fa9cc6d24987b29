/** The journal of a run in which everything happens that can happen, each event of its type in every shape it has. */
import type { NewEvent, RunEvent } from '../../../src/domain/run-events.ts';
import { enveloped, lines, preflight, RUN, settled, started } from '../../journal/events.ts';
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
