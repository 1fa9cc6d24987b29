/** A drain that dies as it says that something is retried, warned of or set again: gone on with, and given back. */
import { expect, inject, test } from 'vitest';
import { well } from './harness/fault-cases.ts';
import { type Killed, killSuite, said } from './harness/fault-kill-suite.ts';
import { FAILING_HOOK, troubles } from './harness/fault-troubled.ts';
import { finalState } from './harness/final-state.ts';
import type { FshaResult } from './harness/fsha.ts';
import { type KillPoint, named, troublePoints } from './harness/kill-points.ts';

const suite = killSuite('Killed in trouble: retried, warned of, set again');
const points = troublePoints(inject('troubledRun'));

test('there is one of each type, before the announced restart and behind it', () => {
  const where = points.map(({ key, isForwardOnly }) => `${key.split(' ')[0] ?? ''} ${isForwardOnly}`);
  expect([...new Set(where)].sort()).toEqual(
    expect.arrayContaining([
      'drift.detected false',
      'drift.detected true',
      'step.retrying true',
      'warning false',
    ]),
  );
});

/** Dead, and what was wrong with the node is no longer. */
async function killed(point: KillPoint): Promise<Killed> {
  const [node] = suite.cluster().nodes;
  await node.fault('noGateway', true, 'nextStart');
  const dead = await suite.killAt(point, {
    settings: FAILING_HOOK,
    moments: () => troubles(suite.cluster()),
  });
  await node.clearFaults();
  return dead;
}

async function expectEnd(point: KillPoint, did: string, result: FshaResult, state: string): Promise<void> {
  const end = await suite.row(`killed ${point.name}`, did, result);
  expect([result.exitCode, end], said(result)).toEqual([0, state]);
}

test.each(named(points.filter(({ isForwardOnly }) => !isForwardOnly)))(
  'killed %s, then resume --undo',
  async (_name, point) => {
    const dead = await killed(point);
    await expectEnd(point, 'resume --undo: gave it back', await dead.resume('--undo'), well(0));
    await dead.call?.hangUp();
    await dead.expectOver(1);
  },
);

test.each(named(points))('killed %s, then resume', async (_name, point) => {
  const dead = await killed(point);
  if (point.isForwardOnly) {
    // What was enabled and not set again is AX until Kamailio's next ping.
    const state = async (): Promise<string> => (await finalState(suite.cluster())).replaceAll('AX', 'AP');
    const found = await state();
    const refused = await dead.resume('--undo');
    expect([refused.exitCode, await state()], said(refused)).toEqual([3, found]);
  }
  const result = await dead.goOn(['resume', dead.run, '--config', dead.config, '--json']);
  await expectEnd(point, 'resume: went on', result, well(1));
  expect(dead.hooks()).toBe(1);
  await dead.expectOver(1);
});
