/** Two hosts that are alive at once: in every step of a drain of node-1 another one comes, for the same node or another. */
import { describe, expect, inject, test } from 'vitest';
import { stepStarted } from './harness/events-of.ts';
import { callElsewhere, well } from './harness/fault-cases.ts';
import { bothSaid, expectOver, hostsSuite, otherHost } from './harness/fault-hosts.ts';
import { begins, type Place, placesOf, startStage } from './harness/fault-stages.ts';
import type { FshaResult } from './harness/fsha.ts';

const { cluster, row } = hostsSuite('Two hosts that are alive, in every step of a drain of node-1');
const places = placesOf(inject('recorded')).filter(({ stage }) => stage === 'drain');

const COMMANDS = ['drain node-1', 'activate node-1', 'drain node-2'] as const;
type Command = (typeof COMMANDS)[number];

interface Expected {
  /** Of whoever was there first, and of whoever came. */
  readonly exits: readonly [number, number];
  readonly restarts: number;
}

/**
 * Whoever comes before the node is marked does what it has come for, and is gone again when the first one goes on. The mark keeps
 * everybody off; it dies with the restart, and until it is set again a node is out of which nobody says why.
 */
function expectedOf({ step }: Place, command: Command): Expected {
  if (step === 'preflight' || step === 'deactivate')
    return { exits: [0, 0], restarts: command === 'drain node-1' ? 2 : 1 };
  if (step !== 'verify') return { exits: [0, 4], restarts: 1 };
  // Both want the same of it, and the one that has restarted it sees to it that it is well first.
  if (command === 'activate node-1') return { exits: [0, 0], restarts: 1 };
  return { exits: [0, 3], restarts: 1 };
}

describe.each(places.map((place) => [place.step, place] as const))('in %s', (step, place) => {
  test.each(COMMANDS)('another host comes with %s', async (command) => {
    const elsewhere = command === 'drain node-2' ? null : await callElsewhere(cluster());
    const other = await otherHost(cluster());
    let came: FshaResult | undefined;
    const first = await startStage(cluster(), 'drain', {
      moments: [
        {
          when: 'after',
          key: begins(place),
          hook: async () => void (came = await other.run(...command.split(' '))),
        },
      ],
    });
    await first.met();
    const ended = await first.end();
    const second = came ?? expect.fail('the other host has not come');
    const { exits, restarts } = expectedOf(place, command);
    await row(`a drain of node-1 is in ${step}, then ${command} on another host`, 'the other one', second);
    const state = await row('  the end of both', 'the first one', ended);
    const what = [ended.exitCode, second.exitCode, state];
    // What it has read of another node may be a second old: the run that has just ended there is then still held against it.
    const isJustOver = step === 'preflight' && command === 'drain node-2' && ended.exitCode === 4;
    const expected = isJustOver ? [4, 0, well(0)] : [...exits, well(restarts)];
    expect(what, bothSaid(ended, second)).toEqual(expected);
    await Promise.all([expectOver(first.stateDir), expectOver(other.stateDir)]);
    if (elsewhere !== null) expect(await elsewhere.isUp()).toBe(true);
  });
});

test('both take the one node at the same moment: one of them gives way', async () => {
  const elsewhere = await callElsewhere(cluster());
  const other = await otherHost(cluster());
  const coming = other.start('drain', 'node-1');
  const first = await startStage(cluster(), 'drain', {
    moments: [
      {
        when: 'before',
        key: 'effect.intended node-1/deactivate node.mark',
        hook: async () => {
          const fsha = await coming;
          await fsha.untilEvent(stepStarted('deactivate'));
        },
      },
    ],
  });
  const [ended, second] = await Promise.all([first.end(), (await coming).done]);
  await row('drain node-1 on two hosts at the same moment', 'the other one', second);
  const state = await row('  the end of both', 'the first one', ended);
  const exits = [ended.exitCode, second.exitCode].sort();
  expect([exits, state], bothSaid(ended, second)).toEqual([[0, 4], well(1)]);
  await Promise.all([expectOver(first.stateDir), expectOver(other.stateDir)]);
  expect(await elsewhere.isUp()).toBe(true);
});
