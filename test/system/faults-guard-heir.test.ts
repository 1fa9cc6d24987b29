/** `deactivate --guard`, and an `activate` that dies before or behind the moment at which the guard hands its node over. */
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { well } from './harness/fault-cases.ts';
import { lastSeq, warnings } from './harness/events-of.ts';
import { bothSaid, hostsSuite } from './harness/fault-hosts.ts';
import { startFaultRun } from './harness/fault-run.ts';
import { configOf, startStage } from './harness/fault-stages.ts';
import { type FshaResult, only, runFsha, type StartedFsha } from './harness/fsha.ts';

const LIMIT_MS = 60_000;
const { cluster, row } = hostsSuite('A guard whose successor dies');

interface Left {
  readonly guard: StartedFsha;
  /** What the guard printed, and how it ended: behind its journal there is a newer one. */
  readonly guardEnd: () => Promise<FshaResult & { readonly events: readonly RunEvent[] }>;
  /** The one that has died. */
  readonly run: string;
  readonly activate: () => Promise<FshaResult>;
  readonly status: () => Promise<FshaResult>;
}

/** A guard that keeps watch, and an activate of its node that has died there. */
async function heirDies(when: 'before' | 'after', key: string): Promise<Left> {
  const config = await configOf(cluster(), 'guard');
  const { fsha: guard, stop } = await startStage(cluster(), 'guard', { config });
  await guard.untilEvent(
    (event) =>
      event.type === 'effect.settled' && event.step === 'node-1/guard' && event.data.effect === 'node.mark',
  );
  const order = { when, key, nth: 1, act: { kind: 'kill' } } as const;
  const heir = await startFaultRun(cluster(), { config, command: 'activate', orders: [order] });
  const dead = await heir.fsha.done;
  await heir.stop();
  expect(dead.signal, bothSaid(dead)).toBe('SIGKILL');
  const call = (...args: readonly string[]): Promise<FshaResult> =>
    runFsha([...args, '--config', config], LIMIT_MS);
  return {
    guard,
    async guardEnd() {
      const ended = await guard.done;
      await stop();
      return { ...ended, events: guard.events() };
    },
    run: heir.fsha.events()[0]?.run ?? '',
    activate: () => call('activate', 'node-1'),
    status: () => call('status'),
  };
}

describe('before it has asked for the node: the guard keeps it out until one comes that lives', () => {
  test.each([
    ['after', 'run.started'],
    ['after', 'step.started node-1/preflight'],
    ['after', 'step.settled node-1/preflight'],
    ['after', 'step.started node-1/verify'],
  ] as const)('killed %s %s', async (when, key) => {
    const { guard, guardEnd, activate } = await heirDies(when, key);
    // Whatever it asked for is asked by nobody any more.
    const before = lastSeq(guard.events());
    await cluster().proxies[0].setState('a', 1, cluster().nodes[0].destination);
    await guard.untilEvent(({ type, seq }) => type === 'drift.detected' && seq > before);
    const activated = await activate();
    const ended = await guardEnd();
    const state = await row(`activate is killed ${when} ${key}`, 'the guard goes on until the next', ended);
    expect([activated.exitCode, ended.exitCode, state], bothSaid(activated, ended)).toEqual([0, 0, well(0)]);
  });
});

describe('behind it: the guard has said to whom, and status says how to go on', () => {
  test.each([
    ['before', 'effect.intended node-1/verify node.mark'],
    ['after', 'effect.intended node-1/verify node.mark'],
    ['after', 'effect.settled node-1/verify node.mark'],
    ['after', 'step.started node-1/activate'],
    ['after', 'effect.intended node-1/activate dispatcher.state lb-1'],
    ['before', 'effect.settled node-1/activate dispatcher.state lb-2'],
  ] as const)('killed %s %s', async (when, key) => {
    const { guardEnd, run, activate, status } = await heirDies(when, key);
    const ended = await guardEnd();
    expect([ended.exitCode, warnings(ended.events).join('\n')], bothSaid(ended)).toEqual([
      0,
      expect.stringContaining(
        `node-1 is kept out no longer: it is handed over to run ${run} (activate node-1)`,
      ),
    ]);
    expect(only(ended.events, 'drift.detected')).toEqual([]);
    const { stdout } = await status();
    // One that had recorded nothing of its own is not the last that changed it.
    expect(stdout).toMatch(new RegExp(`(left out by run|${run})[^]*(activate node-1|resume ${run})`));
    await row(`activate is killed ${when} ${key}`, 'the guard has ended', ended);
    const activated = await activate();
    const state = await row('  then activate', 'brought it back', activated);
    expect([activated.exitCode, state], bothSaid(activated)).toEqual([0, well(0)]);
  });
});
