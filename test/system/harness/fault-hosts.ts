/** Another host beside the one that runs a drain: a machine of another name, with a state directory of its own. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { Changes } from './deep-merge.ts';
import { troubleTable } from './case-table.ts';
import { isLockFree } from './fault-lock.ts';
import { journalFlaws } from './fault-outcome.ts';
import { FOR_FAULTS } from './fault-quick.ts';
import { type FshaResult, startFsha, type StartedFsha } from './fsha.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';
import { journalFile } from './run-of.ts';

const LIMIT_MS = 60_000;

export interface OtherHost {
  readonly stateDir: string;
  readonly start: (...args: readonly string[]) => Promise<StartedFsha>;
  /** To its end. */
  readonly run: (...args: readonly string[]) => Promise<FshaResult>;
}

export async function otherHost(cluster: RealCluster, settings: Changes = {}): Promise<OtherHost> {
  const config = await cluster.configWith(settings);
  const start: OtherHost['start'] = (...args) =>
    startFsha([...args, '--config', config, '--json'], { machine: 'bastion-2', limitMs: LIMIT_MS });
  return {
    stateDir: cluster.stateDirOf(config),
    start,
    run: async (...args) => (await start(...args)).done,
  };
}

/** One cluster for the tests of a file, and their table. */
export function hostsSuite(title: string) {
  let cluster: RealCluster | undefined;
  const its = (): RealCluster => cluster ?? expect.fail('there is no cluster yet');
  const table = troubleTable(title, its);
  beforeAll(async () => {
    cluster = await startRealCluster(FOR_FAULTS);
  });
  beforeEach(() => its().reset());
  afterAll(() => cluster?.stop());
  return { cluster: its, row: table.add };
}

/** That the run there has come to its end, whatever that was: its journal is whole, its lock free. */
export async function expectOver(stateDir: string): Promise<void> {
  expect(journalFlaws(readFileSync(journalFile(stateDir).path, 'utf8'))).toEqual([]);
  expect(await isLockFree(stateDir)).toBe(true);
}

/** What both said, for the message of an assertion. */
export function bothSaid(...ended: readonly FshaResult[]): string {
  return ended
    .map(({ exitCode, stdout, stderr }) => `exit ${exitCode}\n${stdout.slice(-4_000)}\n${stderr}`)
    .join('\n--- and ---\n');
}
