/** A drain that is killed at a point of its journal, and whoever comes then: goes on with it, or gives back what it did. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject } from 'vitest';
import { until } from '../../support/until.ts';
import { troubleTable } from './case-table.ts';
import { settledRun } from './events-of.ts';
import { callElsewhere, well } from './fault-cases.ts';
import { isLockFree } from './fault-lock.ts';
import { journalFlaws } from './fault-outcome.ts';
import { FOR_FAULTS, ON_OUT } from './fault-quick.ts';
import { startFaultRun } from './fault-run.ts';
import { finalState } from './final-state.ts';
import { type FshaResult, journalEvents, only, runFsha } from './fsha.ts';
import { type KillPoint, killPoints } from './kill-points.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';
import { SETTERS } from './rpc-gate.ts';
import { journalFile } from './run-of.ts';

const LIMIT_MS = 60_000;
const RESTORED = well(0);
const BACK_IN = well(1);

export interface Killed {
  readonly run: string;
  readonly config: string;
  readonly stateDir: string;
  /** `fsha resume RUN`, and what else is said. */
  readonly resume: (...flags: readonly string[]) => Promise<FshaResult>;
  /** How often the command of `drain.onOut` has run. */
  readonly hooks: () => number;
  /** That the call on another node is up, the lock free and the journal whole; the run was gone on with so often. */
  readonly expectOver: (resumed: number) => Promise<void>;
}

export interface KillSuite {
  readonly cluster: () => RealCluster;
  /** Writes a row of the table. @returns the final state */
  readonly row: ReturnType<typeof troubleTable>['add'];
  /** A drain that has died there. */
  readonly killAt: (point: Pick<KillPoint, 'when' | 'key' | 'nth'>) => Promise<Killed>;
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

  return {
    cluster: its,
    row: table.add,
    async killAt({ when, key, nth }) {
      const elsewhere = await callElsewhere(its());
      const config = await its().configWith(ON_OUT);
      const stateDir = its().stateDirOf(config);
      const HOOK_FILE = join(its().directory, `hook-${(cases += 1)}`);
      const act = when === 'tear' ? ({ kind: 'tear', stateDir } as const) : ({ kind: 'kill' } as const);
      const order = { when: when === 'after' ? when : 'before', key, nth, act } as const;
      const { fsha } = await startFaultRun(its(), { config, env: { HOOK_FILE }, orders: [order] });
      const { signal, stdout, stderr } = await fsha.done;
      expect(signal, `it was not killed: ${key}\n${stdout}\n${stderr}`).toBe('SIGKILL');
      const run = journalFile(stateDir).path.replace(/^.*\/|\.ndjson$/g, '');
      const text = (): string => readFileSync(journalFile(stateDir).path, 'utf8');
      expect(text().endsWith('\n')).toBe(when !== 'tear');
      await until('its lock is free', () => isLockFree(stateDir));
      return {
        run,
        config,
        stateDir,
        resume: (...flags) =>
          runFsha(['resume', run, '--config', config, '--json', ...flags], LIMIT_MS, { env: { HOOK_FILE } }),
        hooks: () => (existsSync(HOOK_FILE) ? readFileSync(HOOK_FILE, 'utf8').split('\n').length - 1 : 0),
        async expectOver(resumed) {
          expect([elsewhere.up(), elsewhere.errors()]).toEqual([['1000'], '']);
          expect(journalFlaws(text())).toEqual([]);
          expect(only(journalEvents(stateDir)[0] ?? [], 'run.resumed')).toHaveLength(resumed);
          expect(journalEvents(stateDir)).toHaveLength(1);
          expect(await isLockFree(stateDir)).toBe(true);
        },
      };
    },
  };
}

/** What a result says, for the message of an assertion. */
export function said({ exitCode, stdout, stderr }: FshaResult): string {
  return `exit ${exitCode}\n${stdout.slice(-5_000)}\n${stderr}`;
}

export function recordedPoints(wanted: (point: KillPoint) => boolean): readonly KillPoint[] {
  return killPoints(inject('cleanRun')).filter(wanted);
}

/** Before its restart is announced: goes on to the end. */
export async function resumed({ killAt, row, cluster }: KillSuite, point: KillPoint): Promise<void> {
  const dead = await killAt(point);
  const result = await dead.resume();
  const state = await row(`killed ${point.name}`, 'resume: went on', result);
  expect([result.exitCode, state], said(result)).toEqual([0, BACK_IN]);
  expect(settledRun(journalEvents(dead.stateDir)[0] ?? [])).toMatchObject({
    outcome: 'done',
    nodes: { 'node-1': 'in service' },
    callsCut: 0,
  });
  // Out and in, once each: what an earlier process had done was not done again.
  expect(cluster().gates.map((gate) => gate.count(...SETTERS))).toEqual([2, 2]);
  await dead.expectOver(1);
}

/** Before its restart is announced: all as found. */
export async function undone({ killAt, row }: KillSuite, point: KillPoint): Promise<void> {
  const dead = await killAt(point);
  const result = await dead.resume('--undo');
  const state = await row(`killed ${point.name}`, 'resume --undo: gave it back', result);
  expect([result.exitCode, state], said(result)).toEqual([0, RESTORED]);
  expect(settledRun(journalEvents(dead.stateDir)[0] ?? [])).toMatchObject({
    outcome: 'restored',
    callsCut: 0,
  });
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
