/** playbooks/reboot-host.yaml on real Kamailio and OpenSSH: sshd and the node go away and come back, as in a reboot. */
import { randomUUID } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { finalState } from './harness/final-state.ts';
import { runShipped, script } from './harness/playbook-scripts.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';

let cluster: RealCluster;
let bootId: string;
let asked: string;
let reboot: string;

beforeAll(async () => {
  cluster = await startRealCluster({ via: 'direct', jump: false, quick: true });
  const folder = join(cluster.directory, 'host');
  bootId = join(folder, 'boot_id');
  asked = join(folder, 'asked');
  reboot = script(folder, 'reboot', `touch ${asked}`);
});
beforeEach(async () => {
  await cluster.reset();
  rmSync(asked, { force: true });
  writeFileSync(bootId, `${randomUUID()}\n`);
});
afterAll(() => cluster.stop());

describe('reboot-host', () => {
  test('down, up as another boot, well, and in service', async () => {
    const running = runShipped(cluster, 'reboot-host', { reboot, boot_id_file: bootId, sudo: 'false' });
    const [node] = cluster.nodes;
    const sshd = cluster.ssh.of(node);
    await until('it is to reboot', () => existsSync(asked), 60_000);
    await node.unit('stop');
    await sshd.stop();
    expect((await finalState(cluster)).split(';').slice(0, 2)).toEqual(['lb-1 DX, lb-2 DX', ' down']);
    writeFileSync(bootId, `${randomUUID()}\n`);
    await sshd.start();
    await node.unit('start');
    const { exitCode } = await running;
    expect([exitCode, await finalState(cluster)]).toEqual([0, 'lb-1 AP, lb-2 AP; open; 1 restart; no mark']);
  });

  test('the reboot is refused: the node stays out', async () => {
    const refuses = script(join(cluster.directory, 'host'), 'refuses', 'exit 1');
    const { exitCode } = await runShipped(cluster, 'reboot-host', {
      reboot: refuses,
      boot_id_file: bootId,
      sudo: 'false',
    });
    expect([exitCode, (await finalState(cluster)).split(';')[0]]).toEqual([7, 'lb-1 DX, lb-2 DX']);
  });

  test('without an id of the boot nothing is touched', async () => {
    rmSync(bootId);
    const { exitCode } = await runShipped(cluster, 'reboot-host', {
      reboot,
      boot_id_file: bootId,
      sudo: 'false',
    });
    expect([exitCode === 0, existsSync(asked), await finalState(cluster)]).toEqual([
      false,
      false,
      'lb-1 AP, lb-2 AP; open; no restart; no mark',
    ]);
  });
});
