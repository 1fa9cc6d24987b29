import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { startRealCluster, type RealCluster } from './harness/real-cluster.ts';

const run = promisify(execFile);

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startRealCluster({ via: 'ssh', jump: true });
});

afterAll(() => cluster.stop());

/** The real client against the real server, with what the inventory names and nothing of the user's own. */
function ssh(host: string, command: string): Promise<{ stdout: string; stderr: string }> {
  const { client, jump } = cluster.ssh;
  const common = [
    ...['-F', 'none', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'StrictHostKeyChecking=yes'],
    ...['-o', `UserKnownHostsFile=${client.knownHostsFile}`, '-i', client.identityFile, '-l', client.user],
  ];
  const proxy = ['ssh', ...common, '-p', String(jump.port), '-W', '%h:%p', jump.host].join(' ');
  return run('ssh', [...common, '-o', `ProxyCommand=${proxy}`, '-p', '2222', host, command], {
    timeout: 20_000,
  });
}

describe('the cluster of real servers', () => {
  test('SIPp at 10 calls/s for 10 s through both proxies: none fails, both nodes get their share', async () => {
    const callers = await Promise.all(
      cluster.proxies.map(({ sip }) =>
        cluster.call({ proxy: sip, callsPerSecond: 10, calls: 100, holdMs: [1_000, 3_000] }),
      ),
    );
    const counts = await Promise.all(callers.map((caller) => caller.done()));
    expect(callers.map((caller) => caller.errors()).join('')).toBe('');
    for (const count of counts) {
      expect(count).toMatchObject({ created: 100, current: 0, successful: 100, failed: 0 });
    }
    let total = 0;
    for (const node of cluster.nodes) {
      const invites = node.log().filter(({ event }) => event === 'invite').length;
      // Two processes of a Kamailio take turns at one counter, without a lock.
      expect(invites, node.name).toBeGreaterThan(90);
      total += invites;
      expect((await node.stats()).sessionsNow).toBe(0);
    }
    expect(total).toBe(200);
  });

  test('states are read from Kamailio itself, and it is set as an operator would', async () => {
    const [proxy] = cluster.proxies;
    const [node] = cluster.nodes;
    const key = `1 ${node.destination}`;
    expect((await proxy.list())[key]).toBe('AP');
    await proxy.setState('d', 1, node.destination);
    expect((await cluster.flags()).map((list) => list[key])).toEqual(['DX', 'AP']);
    await proxy.reload();
    await until('reloaded, everything is active again', async () => (await proxy.list())[key] === 'AP');
  });

  test('Kamailio restarts on the same list', async () => {
    const [, proxy] = cluster.proxies;
    const before = proxy.pid;
    await proxy.restart();
    expect(proxy.pid).not.toBe(before);
    await until('it pings again', async () =>
      Object.values(await proxy.list()).every((flags) => flags === 'AP'),
    );
  });

  test('a node is restarted over SSH, through the jump host', async () => {
    const [node] = cluster.nodes;
    const before = await node.stats();
    await ssh(node.host, node.restartCommand);
    const after = await until('the node runs again', async () => {
      const now = await node.stats();
      return now.phase === 'running' && now.coreUuid !== before.coreUuid && now;
    });
    expect(node.log().flatMap((line) => (line.event === 'start' ? line.coreUuid : []))).toEqual([
      before.coreUuid,
      after.coreUuid,
    ]);
    await until('the jump host says so', () => cluster.ssh.jump.forwarded().includes(`${node.host}:2222`));
  });

  test('calls that a restart cuts are failed calls to SIPp: 0 failed means something', async () => {
    const [node] = cluster.nodes;
    const [proxy] = cluster.proxies;
    const caller = await cluster.call({ proxy: proxy.sip, callsPerSecond: 10, holdMs: [3_000, 5_000] });
    await until('calls are up', async () => (await node.stats()).sessionsNow >= 10);
    await ssh(node.host, node.restartCommand);
    const { failed } = await caller.finish();
    expect(failed).toBeGreaterThanOrEqual(10);
    expect(
      node
        .log()
        .flatMap((line) => (line.event === 'stop' ? line.cut : []))
        .at(-1),
    ).toBeGreaterThanOrEqual(10);
    await until('the node runs again', async () => (await node.stats()).phase === 'running');
  });

  test('SSH lets in none but the key that was made, and the host keys are the known ones', async () => {
    for (const host of cluster.ssh.hosts.keys())
      expect((await ssh(host, 'echo $((6 * 7))')).stdout).toBe('42\n');
    const { client, jump } = cluster.ssh;
    const wrongKey = [
      '-F',
      'none',
      '-o',
      'BatchMode=yes',
      '-o',
      'IdentitiesOnly=yes',
      '-i',
      jump.hostKeyFile,
    ];
    const known = ['-o', `UserKnownHostsFile=${client.knownHostsFile}`, '-l', client.user, '-p', '2222'];
    await expect(run('ssh', [...wrongKey, ...known, jump.host, 'true'])).rejects.toThrow(/Permission denied/);
  });
});
