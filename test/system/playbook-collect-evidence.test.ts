/** playbooks/collect-evidence.yaml on real Kamailio and OpenSSH: the archive is unpacked and read. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finalState } from './harness/final-state.ts';
import { only, readEvents } from './harness/fsha.ts';
import { runShipped, script } from './harness/playbook-scripts.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';

let cluster: RealCluster;
beforeAll(async () => {
  cluster = await startRealCluster({ via: 'direct', jump: false, quick: true });
});
afterAll(() => cluster.stop());

test('one masked archive, whose path is told; what cannot be had says so', async () => {
  const folder = join(cluster.directory, "it's evidence");
  mkdirSync(folder);
  const log = script(
    cluster.directory,
    'log',
    `echo 'INVITE sip:+4930123456@example.net password=hunter2hunter'`,
  );
  const vars = { folder, log, journal: '/bin/false', packages: '/bin/echo' };
  const { exitCode, stdout } = await runShipped(cluster, 'collect-evidence', vars);
  expect(exitCode).toBe(0);
  const [archive = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const path = join(folder, archive);
  expect(only(readEvents(stdout), 'step.result').map(({ data }) => data.value['stdout'])).toContain(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const text = execFileSync('tar', ['-xzOf', path], { encoding: 'utf8' });
  expect(text).toContain('dispatcher.list of each proxy');
  expect(text).toContain('/bin/false ended with exit status 1');
  expect(text).toContain('INVITE sip:****@example.net');
  for (const secret of ['4930123456', 'hunter2']) expect(text).not.toContain(secret);
  expect(await finalState(cluster)).toBe('lb-1 AP, lb-2 AP; open; no restart; no mark');
});

test('what does not answer is written down as such, and the rest is collected', async () => {
  const folder = join(cluster.directory, 'of a silent one');
  mkdirSync(folder);
  const vars = { folder, log: '/bin/true', journal: '/bin/true', packages: '/bin/echo' };
  const node = cluster.nodes[0];
  await node.fault('refuseEsl', true);
  try {
    const { exitCode } = await runShipped(cluster, 'collect-evidence', vars);
    expect(exitCode).toBe(0);
  } finally {
    await node.fault('refuseEsl', false);
  }
  const [archive = ''] = readdirSync(folder);
  const text = execFileSync('tar', ['-xzOf', join(folder, archive)], { encoding: 'utf8' });
  expect(text).toMatch(/== version\n.*refused/);
  expect(text).toContain('"DEST"');
});
