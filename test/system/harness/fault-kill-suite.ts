/** A drain that is killed at a point of its journal, and whoever comes then: goes on with it, or gives back what it did. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject } from 'vitest';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { until } from '../../support/until.ts';
import { troubleTable } from './case-table.ts';
import { deepMerge, type Changes } from './deep-merge.ts';
import { lastSeq, settledRun, warnings } from './events-of.ts';
import { callElsewhere, well } from './fault-cases.ts';
import { isLockFree } from './fault-lock.ts';
import { journalFlaws } from './fault-outcome.ts';
import { startWaitedCall, type WaitedCall } from './fault-waited-call.ts';
import { FOR_FAULTS, ON_OUT } from './fault-quick.ts';
import { faultEnv, type FaultRun, startFaultRun } from './fault-run.ts';
import type { Moment } from './fault-gate.ts';
import type { FaultOrder } from './fault-orders.ts';
import { finalState } from './final-state.ts';
import { type FshaResult, journalEvents, only, startFsha, type StartedFsha } from './fsha.ts';
import { type KillPoint, killPoints, named } from './kill-points.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';
import { SETTERS } from './rpc-gate.ts';
import { journalFile, whileItRuns } from './run-of.ts';
import { runWarmFsha } from './warm-fsha.ts';

const LIMIT_MS = 60_000;
const HOOK_INTENT = 'effect.intended node-1/on_out hook.on_out';
const RESTORED = well(0);
const BACK_IN = well(1);

/** Where a process dies. */
export type Death = Pick<KillPoint, 'when' | 'key' | 'nth'>;

/** Where it dies, and whether a call is up on node-1 from before it began. */
export type DeathWithCalls = Death & { readonly isBeforeZero?: boolean };

export interface Killed {
  readonly run: string;
  readonly config: string;
  readonly stateDir: string;
  /** On node-1, where it died with one up there. */
  readonly call: WaitedCall | null;
  /** `fsha resume RUN`, and what else is said. */
  readonly resume: (...flags: readonly string[]) => Promise<FshaResult>;
  /** Any command of fsha's that goes on with the run to its end. A call on node-1 is ended once that was seen to wait for it. */
  readonly goOn: (args: readonly string[]) => Promise<FshaResult>;
  /** The same, by a process that dies, too. */
  readonly dieAgain: (death: Death) => Promise<void>;
  /** How often the command of `drain.onOut` has run. */
  readonly hooks: () => number;
  /** Of the run, as the disk has them. */
  readonly events: () => readonly RunEvent[];
  /** That the call on another node is up, that on node-1 ended by its caller alone, the lock free and the journal whole; the run was gone on with so often. */
  readonly expectOver: (resumed: number) => Promise<void>;
}

export interface KillOptions {
  /** Over the suite's own settings. */
  readonly settings?: Changes;
  /** What is done on the way there. */
  readonly moments?: (send: (signal: NodeJS.Signals) => void) => readonly Moment[];
}

export interface KillSuite {
  readonly cluster: () => RealCluster;
  /** Writes a row of the table. @returns the final state */
  readonly row: ReturnType<typeof troubleTable>['add'];
  /** A drain that has died there; or, without a death, that `kill` has ended. */
  readonly killAt: (death: DeathWithCalls, options?: KillOptions) => Promise<Killed>;
  /** A drain that is killed from outside once that is so. */
  readonly killWhen: (what: string, isSo: () => boolean, options?: KillOptions) => Promise<Killed>;
}

/** @param title of the table */
export function killSuite(title: string): KillSuite {
  let cluster: RealCluster | undefined;
  let cases = 0;
  const its = (): RealCluster => cluster ?? expect.fail('there is no cluster yet');
  const table = troubleTable(title, its);
  beforeAll(async () => {
    cluster = await startRealCluster({ ...FOR_FAULTS, gates: true });
  });
  beforeEach(async () => {
    await its().reset();
    for (const gate of its().gates) gate.forget();
  });
  afterAll(() => cluster?.stop());

  /** @param orders for the process; it has to die of them, or of what `until` does */
  async function killed(
    orders: (stateDir: string) => readonly FaultOrder[],
    { settings = {}, moments = () => [], hasCall = false }: KillOptions & { readonly hasCall?: boolean },
    kill: (run: FaultRun) => Promise<unknown>,
  ): Promise<Killed> {
    const [elsewhere, call] = await Promise.all([
      callElsewhere(its()),
      hasCall ? startWaitedCall(its()) : null,
    ]);
    const config = await its().configWith(deepMerge(ON_OUT, settings));
    const stateDir = its().stateDirOf(config);
    const env = { HOOK_FILE: join(its().directory, `hook-${(cases += 1)}`) };
    const run: FaultRun = await startFaultRun(its(), {
      config,
      env,
      orders: orders(stateDir),
      moments: moments((signal) => run.fsha.send(signal)),
    });
    await kill(run);
    await mustDie(run.fsha, stateDir);
    await run.stop();
    call?.expectUp();
    const id = journalFile(stateDir).path.replace(/^.*\/|\.ndjson$/g, '');
    const text = (): string => readFileSync(journalFile(stateDir).path, 'utf8');
    const args = ['resume', id, '--config', config, '--json'];
    const events = (): readonly RunEvent[] => journalEvents(stateDir).at(-1) ?? [];
    return {
      run: id,
      config,
      stateDir,
      events,
      call,
      async goOn(goOnArgs) {
        const after = lastSeq(events());
        const fsha = await startFsha(goOnArgs, { env, limitMs: LIMIT_MS });
        await call?.hangUpOnceWaitedFor({ done: fsha.done, events }, after);
        return fsha.done;
      },
      resume: (...flags) => runWarmFsha([...args, ...flags], LIMIT_MS, env),
      async dieAgain(death) {
        const again = await startFsha(args, { env: { ...env, ...faultEnv([orderOf(death, stateDir)]) } });
        await mustDie(again, stateDir);
      },
      hooks: () =>
        existsSync(env.HOOK_FILE) ? readFileSync(env.HOOK_FILE, 'utf8').split('\n').length - 1 : 0,
      async expectOver(resumed) {
        expect(await elsewhere.isUp()).toBe(true);
        call?.expectUncut();
        expect(journalFlaws(text())).toEqual([]);
        expect(only(events(), 'run.resumed')).toHaveLength(resumed);
        expect(journalEvents(stateDir)).toHaveLength(1);
        expect(await isLockFree(stateDir)).toBe(true);
      },
    };
  }

  return {
    cluster: its,
    row: table.add,
    killAt: (death, options = {}) =>
      killed(
        (stateDir) => [orderOf(death, stateDir)],
        { ...options, hasCall: death.isBeforeZero === true },
        async () => undefined,
      ),
    killWhen: (what, isSo, options = {}) =>
      killed(
        () => [],
        options,
        async ({ fsha }) => {
          await whileItRuns(fsha, what, isSo);
          fsha.send('SIGKILL');
        },
      ),
  };
}

function orderOf({ when, key, nth }: Death, stateDir: string): FaultOrder {
  return {
    when: when === 'after' ? when : 'before',
    key,
    nth,
    act: when === 'tear' ? { kind: 'tear', stateDir } : { kind: 'kill' },
  };
}

/** @throws where it ends in another way */
async function mustDie(fsha: StartedFsha, stateDir: string): Promise<void> {
  const result = await fsha.done;
  expect(result.signal, `it was not killed: ${said(result)}`).toBe('SIGKILL');
  await until('its lock is free', () => isLockFree(stateDir));
}

/** What a result says, for the message of an assertion. */
export function said({ exitCode, stdout, stderr }: FshaResult): string {
  return `exit ${exitCode}\n${stdout.slice(-5_000)}\n${stderr}`;
}

/** Of the drain that went well; for `test.each`. */
export function recordedPoints(wanted: (point: KillPoint) => boolean): ReturnType<typeof named> {
  return named(killPoints(inject('recorded').drain).filter(wanted));
}

/** Before its restart is announced: goes on to the end, and waits for the calls on the node where there are some. */
export async function resumed({ killAt, row, cluster }: KillSuite, point: KillPoint): Promise<void> {
  const dead = await killAt(point);
  const result = await dead.goOn(['resume', dead.run, '--config', dead.config, '--json']);
  const state = await row(`killed ${point.name}`, 'resume: went on', result);
  expect([result.exitCode, state], said(result)).toEqual([0, BACK_IN]);
  const isHookUnknown = point.when === 'after' && point.key === HOOK_INTENT;
  expect(dead.hooks()).toBe(isHookUnknown ? 0 : 1);
  expect(warnings(dead.events()).some((one) => /whether drain\.onOut was run .* unknown/.test(one))).toBe(
    isHookUnknown || (point.when === 'before' && point.key === HOOK_INTENT.replace('intended', 'settled')),
  );
  expect(settledRun(dead.events())).toMatchObject({
    outcome: 'done',
    nodes: { 'node-1': 'in service' },
    callsCut: 0,
  });
  // Out and in, once each: what an earlier process had done was not done again.
  expect(cluster().gates.map((gate) => gate.count(...SETTERS))).toEqual([2, 2]);
  await dead.expectOver(1);
}

/** Before its restart is announced: all as found, the calls on the node included. */
export async function undone({ killAt, row }: KillSuite, point: KillPoint): Promise<void> {
  const dead = await killAt(point);
  const result = await dead.resume('--undo');
  const state = await row(`killed ${point.name}`, 'resume --undo: gave it back', result);
  expect([result.exitCode, state], said(result)).toEqual([0, RESTORED]);
  expect(settledRun(dead.events())).toMatchObject({
    outcome: 'restored',
    callsCut: 0,
  });
  await dead.call?.hangUp();
  await dead.expectOver(1);
}

/** From the announced restart on: only forward. */
export async function refusedAndResumed(
  { killAt, row, cluster }: KillSuite,
  point: KillPoint,
): Promise<void> {
  const dead = await killAt(point);
  // Of what is IP Kamailio's next ping makes AP, whoever does something or not.
  const state = async (): Promise<string> => (await finalState(cluster())).replaceAll('IP', 'AP');
  const asked = (): number => cluster().gates.reduce((sum, gate) => sum + gate.count(...SETTERS), 0);
  const found = [await state(), asked()];
  const refused = await dead.resume('--undo');
  expect([refused.exitCode, await state(), asked()], said(refused)).toEqual([3, ...found]);
  expect(refused.stderr).toMatch(/cannot be undone: the restart of node-1 was announced/);
  const result = await dead.resume();
  const end = await row(`killed ${point.name}`, 'resume --undo: refused; resume: went on', result);
  expect([result.exitCode, end], said(result)).toEqual([0, BACK_IN]);
  await dead.expectOver(1);
}
