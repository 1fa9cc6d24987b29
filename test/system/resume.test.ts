/** fsha is killed, and somebody goes on: forward, back, by a new drain, or from another host. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { isRestartIntent, waits } from './harness/events-of.ts';
import { finalState } from './harness/final-state.ts';
import { type FshaResult, journalEvents, only, runFsha } from './harness/fsha.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { runToEnd, startRun, startWaitingRun, WITH_GATES } from './harness/run-of.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const BACK_IN = 'lb-1 AP, lb-2 AP; open; 1 restart; no mark';

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

interface Killed {
  readonly config: string;
  readonly stateDir: string;
  readonly run: string;
}

/** Starts a drain, and kills it in that moment. */
async function killedAt(
  moment: (event: RunEvent) => boolean,
  andThen: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Killed> {
  const config = await cluster.configWith({});
  const run = await startRun(cluster, { config });
  await run.until('its moment', moment);
  await andThen();
  await run.fsha.end();
  return { config, stateDir: run.stateDir, run: run.events()[0]?.run ?? '' };
}

function resume({ config, run }: Killed, ...flags: readonly string[]): Promise<FshaResult> {
  return runFsha(['resume', run, '--json', '--config', config, ...flags], 90_000);
}

/** All that its journal has; whole, contiguous and settled. */
function journalOf({ stateDir, run }: Killed): readonly RunEvent[] {
  const events = journalEvents(stateDir).find(([first]) => first?.run === run) ?? [];
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)?.type).toBe('run.settled');
  return events;
}

describe('killed while it waits', () => {
  async function killedWaiting(): Promise<Killed & { readonly hangUp: () => Promise<unknown> }> {
    const config = await cluster.configWith({});
    const run = await startWaitingRun(cluster, { config });
    await run.fsha.end();
    expect(await finalState(cluster)).toBe('lb-1 DX, lb-2 DX; open; no restart; marked');
    return {
      config,
      stateDir: run.stateDir,
      run: run.events()[0]?.run ?? '',
      hangUp: () => run.call.hangUp(),
    };
  }

  test('resume: waits for the call, restarts, and is back in; all in one journal', async () => {
    const killed = await killedWaiting();
    const resuming = resume(killed);
    await until('it waits again', () =>
      journalEvents(killed.stateDir).some((events) =>
        events.some((event) => waits(event) && event.seq > (only(events, 'run.resumed')[0]?.seq ?? Infinity)),
      ),
    );
    await killed.hangUp();
    const { exitCode } = await resuming;
    expect([exitCode, await finalState(cluster)]).toEqual([0, BACK_IN]);
    const events = journalOf(killed);
    expect(only(events, 'run.resumed').map(({ data }) => data.mode)).toEqual(['forward']);
    // What was so already was looked at, and not done again.
    const again = only(events, 'effect.settled').filter(
      ({ seq, data }) =>
        data.effect === 'dispatcher.state' &&
        seq > (only(events, 'run.resumed')[0]?.seq ?? 0) &&
        seq < (events.find(isRestartIntent)?.seq ?? 0),
    );
    expect(again.map(({ data }) => data.outcome)).toEqual(['already', 'already']);
  });

  test('resume --undo: as it was found, and the call goes on', async () => {
    const killed = await killedWaiting();
    const { exitCode } = await resume(killed, '--undo');
    expect([exitCode, await finalState(cluster)]).toEqual([0, WELL]);
    const settled = only(journalOf(killed), 'run.settled').at(-1);
    expect([settled?.data.outcome, settled?.data.nodes]).toEqual(['restored', { 'node-1': 'in service' }]);
    expect((await cluster.nodes[0].stats()).sessionsNow).toBe(1);
  });

  test('a new drain finds it, says so, and goes on with it', async () => {
    const killed = await killedWaiting();
    await killed.hangUp();
    const ended = await runFsha(['drain', 'node-1', '--config', killed.config], 90_000);
    expect(ended.stderr).toContain(`node-1 has an unfinished run: ${killed.run}`);
    expect([ended.exitCode, await finalState(cluster)]).toEqual([0, BACK_IN]);
    expect(journalEvents(killed.stateDir)).toHaveLength(1);
    journalOf(killed);
  });

  test('--dry-run says what remains, and changes nothing', async () => {
    const killed = await killedWaiting();
    const before = journalEvents(killed.stateDir);
    const ended = await runFsha(['resume', 'last', '--dry-run', '--config', killed.config], 30_000);
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toMatch(/wait until its calls have ended/);
    expect(journalEvents(killed.stateDir)).toEqual(before);
    await killed.hangUp();
    expect((await resume(killed, '--undo')).exitCode).toBe(0);
  });

  test('from another host, with the journal copied: refused while the mark is fresh; forced, it goes on', async () => {
    const killed = await killedWaiting();
    await killed.hangUp();
    const other = await cluster.configWith({});
    const stateDir = cluster.stateDirOf(other);
    mkdirSync(stateDir, { recursive: true });
    cpSync(join(killed.stateDir, 'runs'), join(stateDir, 'runs'), { recursive: true });
    const elsewhere = { config: other, stateDir, run: killed.run };
    const refused = await resume(elsewhere);
    expect([refused.exitCode, refused.stderr]).toEqual([4, expect.stringMatching(/may still be under way/)]);
    expect(await finalState(cluster)).toBe('lb-1 DX, lb-2 DX; open; no restart; marked');
    const ended = await resume(elsewhere, '--force', 'mark');
    expect([ended.exitCode, await finalState(cluster)]).toEqual([0, BACK_IN]);
    journalOf(elsewhere);
  });

  test('a later run took the node in hand: refused', async () => {
    const killed = await killedWaiting();
    await killed.hangUp();
    expect((await runToEnd(cluster, { config: killed.config, command: 'activate' })).exitCode).toBe(0);
    const refused = await resume(killed);
    expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringMatching(/came after it/)]);
    expect(await finalState(cluster)).toBe(WELL);
  });
});

describe('killed once the restart was announced', () => {
  test('the restart is under way: --undo is refused; forward waits for it, and does not restart again', async () => {
    const [node] = cluster.nodes;
    await node.fault('slowBoot', 4_000);
    const killed = await killedAt(isRestartIntent, () =>
      until('it boots', () => node.starts() > cluster.startsBefore(node), 30_000),
    );
    const refused = await resume(killed, '--undo');
    expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringMatching(/only go forward/)]);
    const { exitCode } = await resume(killed);
    expect([exitCode, await finalState(cluster)]).toEqual([0, BACK_IN]);
    expect(only(journalOf(killed), 'effect.intended').filter(isRestartIntent)).toHaveLength(1);
  });

  test('killed in verify: verified, and back in without another restart', async () => {
    await cluster.nodes[0].fault('noGateway', true, 'nextStart');
    const killed = await killedAt(
      (event) => event.type === 'step.retrying' && event.step === 'node-1/verify',
    );
    await cluster.nodes[0].clearFaults();
    const { exitCode } = await resume(killed);
    expect([exitCode, await finalState(cluster)]).toEqual([0, BACK_IN]);
  });

  test('killed on the way back in: what is in stays in', async () => {
    const killed = await killedAt(
      (event) =>
        event.type === 'effect.settled' &&
        event.step === 'node-1/activate' &&
        event.data.effect === 'dispatcher.state',
    );
    const { exitCode } = await resume(killed);
    expect([exitCode, await finalState(cluster)]).toEqual([0, BACK_IN]);
    journalOf(killed);
  });
});

test('a run that is under way is nobody else’s: exit 4, and who has it', async () => {
  const config = await cluster.configWith({});
  const run = await startWaitingRun(cluster, { config });
  const live = { config, stateDir: run.stateDir, run: run.events()[0]?.run ?? '' };
  const refused = await resume(live);
  expect([refused.exitCode, refused.stderr]).toEqual([4, expect.stringContaining(live.run)]);
  await run.call.hangUp();
  expect((await run.end()).exitCode).toBe(0);
  const over = await resume(live);
  expect([over.exitCode, over.stderr]).toEqual([3, expect.stringMatching(/it has ended \(done, exit 0\)/)]);
});
