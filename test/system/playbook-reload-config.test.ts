/** playbooks/reload-config.yaml on real Kamailio and OpenSSH; the log is a file of the test's. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { finalState } from './harness/final-state.ts';
import { readEvents, only } from './harness/fsha.ts';
import { runShipped } from './harness/playbook-scripts.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const BOTH = ['node-1', 'node-2'];

let cluster: RealCluster;
let log: string;

beforeAll(async () => {
  cluster = await startRealCluster({ via: 'direct', jump: false, quick: true });
  log = join(cluster.directory, 'freeswitch.log');
});
beforeEach(async () => {
  await cluster.reset();
  writeFileSync(log, '2026-11-23 10:00:00.000000 [ERR] of yesterday\n');
});
afterAll(() => cluster.stop());

describe('reload-config', () => {
  test('every node has read it, and no call was touched', async () => {
    const { exitCode, stdout, stderr } = await runShipped(
      cluster,
      'reload-config',
      { log, sudo: 'false', settle: '1s' },
      BOTH,
    );
    const reloaded = only(readEvents(stdout), 'step.result').filter(({ step }) => step?.includes('/esl.'));
    expect(stderr).toBe('');
    expect([exitCode, reloaded.map(({ node }) => node).sort(), await finalState(cluster)]).toEqual([
      0,
      ['node-1', 'node-1', 'node-2', 'node-2'],
      WELL,
    ]);
  });

  test('an error in the log of the first node: the other one is not touched', async () => {
    const writing = new AbortController();
    // What FreeSWITCH would write behind the reload; before it, it is not read.
    const errors = (async () => {
      while (!writing.signal.aborted) {
        appendFileSync(log, '2026-11-23 12:00:00.000000 [ERR] mod_sofia.c:1 bad gateway\n');
        await delay(300);
      }
    })();
    const { exitCode, stdout } = await runShipped(
      cluster,
      'reload-config',
      { log, sudo: 'false', settle: '1s' },
      BOTH,
    );
    writing.abort();
    await errors;
    const touched = new Set(only(readEvents(stdout), 'effect.intended').map(({ node }) => node));
    expect([exitCode === 0, touched.size, await finalState(cluster)]).toEqual([false, 1, WELL]);
    expect(stdout).toContain('bad gateway');
  });

  test('a log that is not there is no log without errors', async () => {
    const { exitCode } = await runShipped(cluster, 'reload-config', { log: `${log}.none`, sudo: 'false' });
    expect(exitCode).toBe(3);
  });
});
