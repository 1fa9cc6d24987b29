import { describe, expect, test } from 'vitest';
import { effectKey } from '../../src/domain/effect.ts';
import type { EventType, RunEvent } from '../../src/domain/run-events.ts';
import { sayEvent, SENTENCES } from '../../src/output/sentences/registry.ts';
import { SentenceMemory } from '../../src/output/sentences/sentence.ts';
import { enveloped, started, TARGET, UUID_AFTER } from './events.ts';
import { type Case, intend, restartSettled, stateSettled } from './sentence-cases.ts';
import { EFFECT_CASES } from './sentence-cases-effect.ts';
import { FRAMED_CASES, PLAYBOOK_CASES } from './sentence-cases-playbook.ts';
import { BATCH_CASES, ROLLING_CASES } from './sentence-cases-rolling.ts';
import { RUN_CASES } from './sentence-cases-run.ts';
import { STEP_CASES } from './sentence-cases-step.ts';

/** A new type of event without a case does not compile. */
const CASES: Readonly<Record<EventType, readonly Case[]>> = {
  ...RUN_CASES,
  ...BATCH_CASES,
  ...STEP_CASES,
  ...PLAYBOOK_CASES,
  ...EFFECT_CASES,
};

const all = [...Object.values(CASES).flat(), ...ROLLING_CASES, ...FRAMED_CASES];

describe.each([
  ...Object.entries(CASES),
  ['a rolling run', ROLLING_CASES] as const,
  ['a step with a name of its own', FRAMED_CASES] as const,
])('%s', (_type, cases) => {
  test.each(cases.map((one) => [one.title, one] as const))(
    '%s',
    (_title, { before = [], event, says, level, verbose }) => {
      const memory = new SentenceMemory(verbose ?? false);
      const events = enveloped([...before, event]);
      const last = events.pop();
      if (last === undefined) throw new Error('no event');
      for (const earlier of events) memory.note(earlier);
      expect(sayEvent(last, memory)).toEqual(says === null ? null : { level, text: says });
    },
  );
});

test('every type of event has a sentence and a case', () => {
  expect(Object.keys(SENTENCES).sort()).toEqual(Object.keys(CASES).sort());
});

test('a type of a later version is passed over', () => {
  const event = { ...enveloped([started()])[0], type: 'moon.risen' } as unknown as RunEvent;
  expect(sayEvent(event, new SentenceMemory(true))).toBeNull();
});

test('no sentence lets anything from outside steer the terminal or forge a line', () => {
  const nasty = '\u001b[2J\u202e\r\nnode-9: forged';
  const poison = (value: unknown): unknown => {
    if (typeof value === 'string') return value + nasty;
    if (Array.isArray(value)) return value.map(poison);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]: [string, unknown]) => [
        key,
        KEPT.has(key) && typeof inner === 'string' ? inner : poison(inner),
      ]),
    );
  };
  for (const { before = [], event, says, verbose } of all) {
    const memory = new SentenceMemory(verbose ?? false);
    const events = enveloped([...before, event]);
    for (const earlier of events.slice(0, -1)) memory.note(poison(earlier) as RunEvent);
    const last = events.at(-1);
    if (last === undefined) throw new Error('no event');
    const said = sayEvent(poison(last) as RunEvent, memory);
    if (says === null) continue;
    expect(said?.text, says).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(
      said?.text.split('\n').filter((line) => line.startsWith('node-9: forged')),
      says,
    ).toEqual([]);
  }
});

/** Words that fsha's own code has chosen. */
const KEPT = new Set([
  'effect',
  'outcome',
  'kind',
  'level',
  'mode',
  'code',
  'onTimeout',
  'fence',
  'wanted',
  'type',
  'step',
]);

test('a settled effect is told with the intent of its own node', () => {
  const memory = new SentenceMemory(false);
  const [intended, other, settled] = enveloped([
    intend.disable,
    { ...intend.disable, node: 'node-2', data: { ...intend.disable.data, found: 'TX' } },
    stateSettled('done', 'DX'),
  ]);
  if (intended === undefined || other === undefined || settled === undefined) throw new Error('no events');
  memory.note(intended);
  memory.note(other);
  expect(sayEvent(settled, memory)?.text).toContain('was AP');
  expect(effectKey(intend.disable.data)).toBe(effectKey({ effect: 'dispatcher.state', target: TARGET }));
});

test('after a resume no duration is told across two clocks', () => {
  const memory = new SentenceMemory(false);
  const events = enveloped([
    intend.restart,
    { type: 'run.resumed', data: { who: 'ops', mode: 'forward' } },
    restartSettled('done', UUID_AFTER),
  ]);
  for (const event of events.slice(0, 2)) memory.note(event);
  const last = events.at(-1);
  if (last === undefined) throw new Error('no event');
  expect(sayEvent(last, memory)?.text).toBe('node-1: new core_uuid 4c1e77f0…');
});
