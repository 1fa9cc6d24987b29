import { expect, test } from 'vitest';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { runReport } from '../../src/output/run-report.ts';
import { SummaryEvents } from '../../src/output/summary-events.ts';
import { enveloped, progress, started } from './events.ts';

const retry = (step: string, message: string): NewEvent => ({
  type: 'step.retrying',
  node: 'node-1',
  step,
  data: { attempt: 1, error: { code: 'esl.error', message, hint: '' } },
});
const settled: NewEvent = {
  type: 'run.settled',
  data: { outcome: 'done', exit: 0, nodes: { 'node-1': 'in service' }, callsCut: 0, next: [] },
};

test('the report of what is kept is the report of the whole run', () => {
  const verify = 'node-1/verify';
  const events = enveloped([
    started(),
    progress(3, 2),
    progress(null, null, ['sessions unknown'], 'blind'),
    retry(verify, 'not ready'),
    retry(verify, 'not ready'),
    retry(verify, 'no profile'),
    retry('node-1/activate', 'no profile'),
    settled,
  ]);
  const kept = new SummaryEvents();
  for (const event of events) kept.note(event);
  expect(runReport(kept.all, { verbose: false })).toEqual(runReport(events, { verbose: false }));
  expect(kept.all.map(({ seq }) => seq)).toEqual([1, 4, 6, 7, 8]);
});

test('hours of polls and of one trouble are as little as one', () => {
  const kept = new SummaryEvents();
  for (const event of enveloped([started()])) kept.note(event);
  for (let poll = 0; poll < 10_000; poll += 1)
    for (const event of enveloped([progress(poll, poll), retry('node-1/activate', 'no answer')]))
      kept.note(event);
  expect(kept.all).toHaveLength(2);
});
