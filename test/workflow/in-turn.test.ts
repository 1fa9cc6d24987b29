import { expect, onTestFinished, test } from 'vitest';
import { inTurn, type NodeReader } from '../../src/workflow/in-turn.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import { seenNode } from '../domain/builders.ts';
import { ManualClock } from '../support/manual-clock.ts';

function nodes(
  clock: ManualClock,
  count: number,
  takes = 0,
): { ports: NodeReader[]; began: Map<string, number[]> } {
  const began = new Map<string, number[]>();
  const ports = Array.from({ length: count }, (_, index): NodeReader => {
    const node = `node-${index + 1}`;
    return {
      node,
      observe: async (_detail, signal) => {
        const at = clock.now();
        began.set(node, [...(began.get(node) ?? []), at]);
        if (takes > 0) await clock.sleep(takes, signal);
        return seenNode(node, { at });
      },
    };
  });
  return { ports, began };
}

test('first readings begin 20 ms apart, later ones at the pace of each', async () => {
  const clock = new ManualClock();
  const { ports, began } = nodes(clock, 3);
  const watcher = new Watcher(inTurn(ports, clock, 5_000), [], clock, 5_000);
  watcher.start();
  await clock.pass(10_050);
  expect(began.get('node-1')).toEqual([0, 5_000, 10_000]);
  expect(began.get('node-2')).toEqual([20, 5_020, 10_020]);
  expect(began.get('node-3')).toEqual([40, 5_040, 10_040]);
  await watcher.stop();
});

test('however many there are, each was begun within a poll, and Node warns of nothing', async () => {
  const warnings: string[] = [];
  const hear = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', hear);
  onTestFinished(() => void process.off('warning', hear));
  const clock = new ManualClock();
  const { ports, began } = nodes(clock, 500);
  const watcher = new Watcher(inTurn(ports, clock, 1_000), [], clock, 1_000);
  watcher.start();
  await clock.pass(999);
  expect(began.size).toBe(500);
  expect(new Set([...began.values()].map(([first]) => first)).size).toBeGreaterThan(400);
  await watcher.stop();
  expect(clock.sleeping).toBe(0);
  expect(warnings).toEqual([]);
});

test('a node that does not answer is asked again at its pace, and the others at theirs', async () => {
  const clock = new ManualClock();
  const slow = nodes(clock, 1, 9_000);
  const { ports, began } = nodes(clock, 3);
  const all = [...slow.ports.map((port) => ({ ...port, node: 'dead' })), ...ports];
  const watcher = new Watcher(inTurn(all, clock, 1_000), [], clock, 1_000);
  watcher.start();
  await clock.pass(20_500);
  expect(slow.began.get('node-1')).toEqual([0, 10_000, 20_000]);
  for (const name of ['node-1', 'node-2', 'node-3']) expect(began.get(name)).toHaveLength(21);
  await watcher.stop();
});
