/** Rolling restarts on the lab: order, batches, failure in the middle, and what goes on from there. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EventOf, RunEvent } from '../../src/domain/run-events.ts';
import type { Called } from '../support/call-fsha.ts';
import { type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

const NAMES = ['node-1', 'node-2', 'node-3'];
const QUICK = ['--settle', '200ms', '--poll', '200ms', '--pause', '200ms'];

let lab: LabForFsha;
beforeAll(async () => {
  lab = await startLabForFsha({ nodes: 3, callsPerSecond: 2, holdMs: [500, 1_500] });
});
afterEach(async () => {
  await until('everything is in again', async () => (await lab.flags()).every((one) => one.endsWith(' AP')));
});
afterAll(() => lab.stop());

function endOf({ events, stdout, stderr }: Called): EventOf<'run.settled'>['data'] {
  const last = events.at(-1);
  if (last?.type !== 'run.settled')
    throw new Error(`it ends with ${last?.type ?? 'nothing'}: ${stdout}${stderr}`);
  return last.data;
}

/** In which order nodes were begun. */
function begun(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap(({ type, node, step }) =>
    type === 'step.started' && node !== undefined && step === `${node}/deactivate` ? [node] : [],
  );
}

test('all of them, one after the other, and no call fails', async () => {
  const before = failed();
  const ended = await lab.call('rolling', '--all', '--json', ...QUICK);
  expect(endOf(ended)).toMatchObject({
    outcome: 'done',
    exit: 0,
    nodes: { 'node-1': 'in service', 'node-2': 'in service', 'node-3': 'in service' },
    next: [],
  });
  expect(begun(ended.events)).toEqual(NAMES);
  expect(failed()).toBe(before);
});

function failed(): number {
  return lab.lab.calls().reduce((sum, one) => sum + one.failed.length, 0);
}

describe('what is asked for', () => {
  test.each([
    [[], /no node was named/],
    [['node-1', '--all'], /in more than one way/],
    [['node-9'], /there is no node node-9/],
    [['--select', 'role=edge'], /no node has role=edge/],
    [['--select', 'edge'], /is not a label/],
    [['--all', '--max-unavailable', '0'], /is not a number of nodes/],
    [['--all', '--until', '25:00'], /is not a time of day/],
    [['--all', '--until', '05:00 Mars/Olympus'], /no time zone Mars\/Olympus/],
    [['--all', '--min-drain', '5m'], /Name its end with --until/],
  ])('%j: refused', async (argv, why) => {
    const { exit, stderr } = await lab.call('rolling', ...argv);
    expect([exit, stderr]).toEqual([2, expect.stringMatching(why)]);
  });
});
