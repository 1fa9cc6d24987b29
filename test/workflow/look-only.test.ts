/** Whom a plan has wait for whom, where nothing is taken out. */
import { expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { planDrain, type Plan } from '../../src/domain/plan.ts';
import { carryOut } from '../../src/workflow/carry-out.ts';
import type { Carrier } from '../../src/workflow/run-step.ts';
import { Recorder } from '../../src/workflow/recorder.ts';
import { cluster, policy } from '../domain/builders.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { drainStarted } from './drain-started.ts';

const NODES = ['node-1', 'node-2'];

/** @returns what was recorded of the preflights of two nodes, in order; each ends soon, since there is nothing to be seen */
async function story(kinds: readonly string[]): Promise<readonly string[]> {
  const settings = policy();
  const nodes = NODES.flatMap((name) => planDrain(name, settings).nodes).map(({ node, steps }) => ({
    node,
    steps: steps.filter(({ kind }) => kinds.includes(kind)),
  }));
  const plan: Plan = { kind: 'drain', nodes };
  const clock = new ManualClock();
  const told: string[] = [];
  const recorder = new Recorder({
    run: 'r1',
    clock,
    journal: { append: () => Promise.resolve(), close: () => Promise.resolve() },
    views: [({ type, node }) => type.startsWith('step.') && told.push(`${node} ${type}`)],
    onViewFailure: () => undefined,
  });
  const started = drainStarted(settings);
  await recorder.record({ ...started, data: { ...started.data, plan } } as typeof started);
  const watcher = {
    setPace: () => {
      throw new FshaError('refused', 'nothing is to be seen', '');
    },
  };
  const signal = new AbortController().signal;
  const world = { cluster: cluster(), clock, nodes: new Map(), proxies: new Map() };
  const carrier = {
    world,
    watcher,
    recorder,
    run: 'r1',
    who: 'me',
    token: 'abcdef01',
    signal,
    leave: signal,
  };
  await carryOut(plan, carrier as unknown as Carrier);
  return told;
}

test('a dry run looks at several nodes side by side', async () =>
  expect((await story(['preflight'])).slice(0, 2)).toEqual(['node-1 step.started', 'node-2 step.started']));
test('where one is taken out, the next one waits', async () =>
  expect((await story(['preflight', 'deactivate'])).slice(0, 3)).toEqual([
    'node-1 step.started',
    'node-1 step.settled',
    'node-2 step.started',
  ]));
