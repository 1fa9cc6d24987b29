/** playbooks/upgrade-freeswitch.yaml on real Kamailio and OpenSSH; the package manager is a script that keeps a version in a file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { finalState } from './harness/final-state.ts';
import { runShipped, script } from './harness/playbook-scripts.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';

let cluster: RealCluster;
let folder: string;
let version: string;
let vars: Record<string, string>;

beforeAll(async () => {
  cluster = await startRealCluster({ via: 'direct', jump: false, quick: true });
  folder = join(cluster.directory, 'packages');
});
beforeEach(async () => {
  await cluster.reset();
  version = join(folder, 'version');
  const query = script(folder, 'query', `printf 'freeswitch=%s\\n' "$(cat ${version})"`);
  const install = script(
    folder,
    'install',
    `echo "$*" >> ${folder}/log; case $1 in *=*) echo "\${1#*=}" > ${version};; *) echo 1.10.12 > ${version};; esac`,
  );
  const restart = script(folder, 'restart', cluster.nodes[0].restartCommand);
  writeFileSync(version, '1.10.11\n');
  writeFileSync(join(folder, 'log'), '');
  vars = { query, install, restart, fetch: '/bin/true', sudo: 'false' };
});
afterAll(() => cluster.stop());

const now = (): string => readFileSync(version, 'utf8').trim();

describe('upgrade-freeswitch', () => {
  test('the new version, restarted and in service', async () => {
    const { exitCode } = await runShipped(cluster, 'upgrade-freeswitch', vars);
    expect([exitCode, await finalState(cluster), now()]).toEqual([
      0,
      'lb-1 AP, lb-2 AP; open; 1 restart; no mark',
      '1.10.12',
    ]);
  });

  test('the new version is not well: the old one is back, in service, and the exit says so', async () => {
    // Its profiles do not come up after the next start, which is that of the new version.
    await cluster.nodes[0].fault('noProfile', true, 'nextStart');
    const { exitCode } = await runShipped(cluster, 'upgrade-freeswitch', { ...vars, version: '1.10.12' });
    expect([exitCode, await finalState(cluster), now()]).toEqual([
      11,
      'lb-1 AP, lb-2 AP; open; 2 restarts; no mark',
      '1.10.11',
    ]);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('freeswitch=1.10.12\nfreeswitch=1.10.11\n');
  });

  test('it cannot be installed: nothing is out, and the old version is back', async () => {
    const install = script(
      folder,
      'refuses',
      `case $1 in *=1.10.11) exit 0;; *) echo 'no such version' >&2; exit 100;; esac`,
    );
    const { exitCode } = await runShipped(cluster, 'upgrade-freeswitch', { ...vars, install });
    expect([exitCode, await finalState(cluster), now()]).toEqual([
      11,
      'lb-1 AP, lb-2 AP; open; 1 restart; no mark',
      '1.10.11',
    ]);
  });

  test('neither is well: the node stays out', async () => {
    await cluster.nodes[0].fault('noProfile', true, 'always');
    // It is well now: the fault is of the starts to come.
    const { exitCode } = await runShipped(cluster, 'upgrade-freeswitch', vars);
    expect([exitCode, (await finalState(cluster)).split(';')[0]]).toEqual([8, 'lb-1 DX, lb-2 DX']);
    await cluster.nodes[0].clearFaults();
  });
});
