import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ssh2, { type Client, type ClientChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLabCluster, type LabCluster, type LabNode } from '../../src/lab/cluster.ts';
import { askLine } from '../../src/lab/json-lines.ts';
import { until } from '../support/until.ts';

interface Stats {
  readonly coreUuid: string;
  readonly phase: string;
  readonly sessionsNow: number;
}

let directory: string;
let cluster: LabCluster;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fsha-lab-'));
  cluster = await startLabCluster({
    nodes: 2,
    proxies: 2,
    dist: dist(),
    dir: directory,
    callsPerSecond: 5,
    holdMs: [500, 1500],
  });
});

afterAll(async () => {
  await cluster.stop();
  await rm(directory, { recursive: true, force: true });
});

function dist(): string {
  const folder = process.env['FSHA_DIST'];
  if (folder === undefined) throw new Error('FSHA_DIST is not set: test/global-setup.ts sets it');
  return folder;
}

function firstNode(): LabNode {
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error('the cluster has no node');
  return node;
}

async function stats(node: LabNode): Promise<Stats> {
  return ((await askLine(node.control, '{"stats":true}')) as { stats: Stats }).stats;
}

async function login(node: LabNode, identity = 'id_ed25519', username = 'ops'): Promise<Client> {
  const client = new ssh2.Client();
  const privateKey = await readFile(join(directory, identity), 'utf8');
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve).once('error', reject);
    client.connect({ host: node.ssh.host, port: node.ssh.port, username, privateKey });
  });
  return client;
}

function run(
  client: Client,
  command: string,
): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel: ClientChannel) => {
      if (error) {
        reject(error);
        return;
      }
      let stdout = '';
      let stderr = '';
      let end: [number | null, string | null] = [null, null];
      channel.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      channel.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      channel.on('exit', (code: number | null, signal?: string) => (end = [code, signal ?? null]));
      channel.on('close', () => resolve({ code: end[0], signal: end[1], stdout, stderr }));
    });
  });
}

describe('the embedded cluster', () => {
  test('calls flow through every proxy to every node, and none fails', async () => {
    await until(
      'every caller had calls that ended',
      () => cluster.calls().every(({ ended }) => ended >= 10),
      15_000,
    );
    expect(cluster.calls().flatMap(({ failed }) => failed)).toEqual([]);
    for (const node of cluster.nodes) {
      const log = await readFile(node.inviteLog, 'utf8');
      expect(log.match(/"event":"invite"/g)?.length ?? 0, node.name).toBeGreaterThan(2);
    }
  });

  test('the inventory names what is there, and holds no secret', async () => {
    const inventory = await readFile(cluster.configFile, 'utf8');
    for (const { name, sip } of cluster.nodes) {
      expect(inventory).toContain(`${name}:`);
      expect(inventory).toContain(`sip:${sip.host}:${sip.port}`);
    }
    for (const file of ['esl.secret', 'rpc.secret']) {
      expect(inventory).not.toContain((await readFile(join(directory, file), 'utf8')).trim());
    }
    for (const name of ['esl.secret', 'rpc.secret', 'id_ed25519', 'fsha.yaml', 'node-1.json', 'lb-1.json']) {
      expect((await stat(join(directory, name))).mode & 0o077, name).toBe(0);
    }
  });

  test('the restart command, over SSH, gives a node a new core_uuid', async () => {
    const node = firstNode();
    const before = await stats(node);
    const client = await login(node);
    const result = await run(client, node.restartCommand);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    await until('the node runs again', async () => {
      const now = await stats(node);
      return now.phase === 'running' && now.coreUuid !== before.coreUuid;
    });
    client.end();
  });

  test('SSH gives exit status, signal and both outputs, and turns others away', async () => {
    const client = await login(firstNode());
    expect(await run(client, 'echo out; echo err >&2; exit 3')).toEqual({
      code: 3,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await run(client, 'kill -9 $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect((await run(client, 'head -c 3000000 /dev/zero')).stdout).toHaveLength(3_000_000);
    client.end();
    await expect(login(firstNode(), 'id_ed25519', 'root')).rejects.toThrow(/authentication/);
  });

  test('SSH forwards to loopback and nowhere else', async () => {
    const node = firstNode();
    const client = await login(node);
    const forward = (host: string, port: number): Promise<ClientChannel> =>
      new Promise((resolve, reject) => {
        client.forwardOut('127.0.0.1', 0, host, port, (error, channel) =>
          error ? reject(error) : resolve(channel),
        );
      });
    await until('ESL listens', async () => (await stats(node)).phase === 'running');
    const channel = await forward(node.esl.host, node.esl.port);
    const greeting = await new Promise<string>((resolve) =>
      channel.once('data', (chunk: Buffer) => resolve(chunk.toString())),
    );
    expect(greeting).toContain('auth/request');
    channel.destroy();
    await expect(forward(node.esl.host, 9)).rejects.toThrow();
    await expect(forward('192.0.2.1', 80)).rejects.toThrow();
    client.end();
  });

  test('known_hosts holds the host key that the servers show', async () => {
    const lines = (await readFile(join(directory, 'known_hosts'), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(cluster.nodes.length);
    for (const { ssh } of cluster.nodes) {
      const shown = await new Promise<string>((resolve) => {
        const client = new ssh2.Client();
        client.on('error', () => undefined);
        client.connect({
          ...{ host: ssh.host, port: ssh.port, username: 'ops' },
          hostVerifier: (key: Buffer) => {
            resolve(key.toString('base64'));
            return false;
          },
        });
      });
      expect(lines).toContain(`[${ssh.host}]:${ssh.port} ssh-ed25519 ${shown}`);
    }
  });

  test('stop leaves no process and no listener, and keeps the folder', async () => {
    const client = await login(firstNode());
    client.on('error', () => undefined);
    void run(client, 'sleep 300').catch(() => undefined);
    await until('the command runs', async () => (await cluster.pids()).length === 2 * 2 + 2 * 2 + 1);
    const pids = await cluster.pids();
    const { esl } = firstNode();
    await cluster.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(
      new Promise((resolve, reject) => {
        createConnection(esl).once('connect', resolve).once('error', reject);
      }),
    ).rejects.toThrow('ECONNREFUSED');
    expect(await readdir(directory)).toContain('fsha.yaml');
  });

  test('a program that is killed takes its cluster with it', async () => {
    const home = join(directory, 'killed');
    await mkdir(home);
    const launcher = fileURLToPath(new URL('../../bin/fsha.js', import.meta.url));
    const env = { ...process.env, TMPDIR: home };
    const demo = spawn(process.execPath, [launcher, 'demo', '--json'], { env, stdio: 'ignore' });
    const pids = await until('its processes run', async () => {
      const [folder] = await readdir(home);
      const socket = (name: string): string => join(home, folder ?? '', `${name}.socket`);
      return Promise.all(['node-1', 'node-2', 'lb-1'].map(async (name) => unitPid(socket(name))));
    });
    expect(pids.every(isAlive)).toBe(true);
    demo.kill('SIGKILL');
    await until('nothing is left', () => !pids.some(isAlive));
  });

  test('what does not come up leaves nothing behind', async () => {
    const dir = join(directory, 'broken');
    await expect(startLabCluster({ dist: join(directory, 'nowhere'), dir })).rejects.toThrow(
      /did not come up/,
    );
    await expect(startLabCluster({ dist: dist(), dir, nodes: 0 })).rejects.toThrow(/1 to 100/);
  });
});

async function unitPid(socket: string): Promise<number> {
  const { pid } = (await askLine({ path: socket }, 'status')) as { pid: number | null };
  if (pid === null) throw new Error('it does not run yet');
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
