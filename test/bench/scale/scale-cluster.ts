/** Hundreds of light stand-in nodes in a few processes, behind three stand-in proxies, and an inventory for them. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeJson, writeSecret } from '../../../src/lab/lab-files.ts';
import { startLabProcess } from '../../../src/lab/lab-process.ts';
import { claimNetwork, type LabNetwork } from '../../../src/lab/network.ts';
import type { NodeConfigInput } from '../../../src/lab/node/config.ts';
import { knownHostsLine, makeLabSshKeys } from '../../../src/lab/ssh-server/ssh-keys.ts';
import { type LabProxy, startLabProxy } from '../../support/lab-proxy.ts';
import { until } from '../../support/until.ts';
import type { LightNodesConfig } from './light-nodes-process.ts';

const PROXIES = 3;
const NODES_A_PROCESS = 125;
/** Of the addresses of a network; those below are for proxies and control ports. */
const FIRST_NODE = 20;
const NODES_A_NETWORK = 200;

/** Short: they are waited for, and cost nothing. Ms. */
const WAITS = { frTimer: 500, settle: 500, poll: 1_000, minSoak: 1_000 } as const;
/** Not every second: 1,500 pings would be what the machine is busy with. */
const PING_INTERVAL = 5_000;
const BOOT = 500;
const SSH_PORT = 2222;

export interface ScaleCluster {
  readonly configFile: string;
  readonly proxies: readonly LabProxy[];
  /** How often each proxy was asked for its list since it began. */
  readonly lists: () => Promise<readonly number[]>;
  readonly stop: () => Promise<void>;
}

interface Place {
  readonly name: string;
  readonly host: string;
  /** Which of the processes it lives in. */
  readonly process: number;
}

/** @throws where a part does not come up; nothing is left of the others then */
export async function startScaleCluster(count: number): Promise<ScaleCluster> {
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const directory = await mkdtemp(join(tmpdir(), 'fsha-scale-'));
    ends.push(() => rm(directory, { recursive: true, force: true }));
    const networks: LabNetwork[] = [];
    for (let left = count; left > 0; left -= NODES_A_NETWORK) {
      const network = await claimNetwork();
      networks.push(network);
      ends.push(() => network.release());
    }
    const places = Array.from({ length: count }, (_, index): Place => {
      const network = networks[Math.floor(index / NODES_A_NETWORK)];
      if (network === undefined) throw new Error('too few networks');
      return {
        name: `node-${index + 1}`,
        host: network.host(FIRST_NODE + (index % NODES_A_NETWORK)),
        process: Math.floor(index / NODES_A_PROCESS),
      };
    });
    const [first] = networks;
    if (first === undefined) throw new Error('a cluster has a node');
    return await startAt(first, places, directory, (end) => ends.push(end), stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAt(
  network: LabNetwork,
  places: readonly Place[],
  directory: string,
  onStop: (end: () => Promise<unknown>) => void,
  stop: () => Promise<void>,
): Promise<ScaleCluster> {
  const keys = makeLabSshKeys();
  const password = randomBytes(12).toString('hex');
  const cluster = `scale-${network.prefix.replaceAll('.', '-')}`;
  const script = await bundleOfNodes();
  const controlHost = (process: number): string => network.host(10 + process);
  const processes = [...new Set(places.map(({ process }) => process))];
  onStop(() =>
    Promise.all(places.map(({ name }) => rmdir(`/tmp/fsha-${cluster}-${name}.lock`).catch(() => undefined))),
  );
  for (const process of processes) {
    const config: LightNodesConfig = {
      nodes: places.filter((place) => place.process === process).map((place) => nodeInput(place, password)),
      control: { host: controlHost(process), port: 9000 },
      ssh: { port: SSH_PORT, user: 'ops', keys },
    };
    const file = await writeJson(directory, `nodes-${process}.json`, config);
    const running = await startLabProcess(script, [file], ({ ready }) => ready === true, 60_000);
    onStop(() => running.stop());
  }
  const proxies: LabProxy[] = [];
  for (let index = 1; index <= PROXIES; index += 1) {
    const proxy = await startLabProxy({
      host: network.host(index),
      pingIntervalMs: PING_INTERVAL,
      destinations: places.map(({ host }) => ({ set: 1, uri: `sip:${host}:5080` })),
    });
    proxies.push(proxy);
    onStop(() => proxy.stop());
  }
  const restart = await writeRestart(directory);
  const secret = await writeSecret(directory, 'esl.secret', `${password}\n`);
  const identity = await writeSecret(directory, 'id_ed25519', keys.user.private);
  const lines = places.map(({ host }) => knownHostsLine(host, SSH_PORT, keys.host));
  const knownHosts = await writeSecret(directory, 'known_hosts', lines.join(''));
  const nodes = places.map(
    ({ name, host, process }) => `  ${name}:
    labels: { slice: ${Number(name.slice('node-'.length)) <= 100 ? 'first-100' : 'rest'} }
    destinations: [{ set: 1, uri: 'sip:${host}:5080' }]
    sip: { ip: ${host}, port: 5080 }
    esl: { host: ${host}, port: 8021 }
    ssh: { host: ${host}, port: ${SSH_PORT} }
    restart: { command: '${restart} ${controlHost(process)} 9000 ${name}' }`,
  );
  const inventory = `version: 1
cluster: ${cluster}
state: { dir: ${join(directory, 'state')} }
timeouts: { connect: 30s, request: 30s }
proxies:
${proxies.map(({ rpcUrl }, index) => `  lb-${index + 1}: { rpc: '${rpcUrl}', frTimer: ${WAITS.frTimer}ms }`).join('\n')}
nodes:
${nodes.join('\n')}
defaults:
  esl: { password: { file: ${secret} } }
  ssh: { user: ops, identityFile: ${identity}, knownHostsFile: ${knownHosts} }
drain: { timeout: 5m, poll: ${WAITS.poll}ms, settle: ${WAITS.settle}ms }
restart: { timeout: 30s }
verify: { timeout: 30s, minSoak: ${WAITS.minSoak}ms }
`;
  const configFile = await writeSecret(directory, 'fsha.yaml', inventory);
  await until(
    'every proxy has pinged every node',
    async () => (await Promise.all(proxies.map(({ rpcUrl }) => allActive(rpcUrl)))).every(Boolean),
    60_000,
  );
  return {
    configFile,
    proxies,
    lists: async () =>
      (await Promise.all(proxies.map((proxy) => proxy.activity()))).map(
        ({ reads }) => reads['dispatcher.list'] ?? 0,
      ),
    stop,
  };
}

function nodeInput({ name, host }: Place, password: string): NodeConfigInput {
  return {
    name,
    sip: { host, port: 5080 },
    esl: { host, port: 8021, password },
    // Nobody listens there: these nodes have no control port of their own.
    control: { host, port: 9000 },
    gateways: [{ name: 'trunk-a', state: 'REGED', registersAfterMs: 200 }],
    bootMs: BOOT,
  };
}

/** `restart-node HOST PORT NAME`: what a node's restart command does here. */
async function writeRestart(directory: string): Promise<string> {
  const path = join(directory, 'restart-node');
  const lines = [
    '#!/bin/bash',
    'exec 3<>"/dev/tcp/$1/$2" || exit 1',
    'echo "$3" >&3',
    'read -r -t 20 answer <&3',
    '[[ $answer == *true* ]]',
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  await chmod(path, 0o755);
  return path;
}

/** Beside this run's own bundle, below node_modules, where ssh2 is found. @returns the path of the script */
async function bundleOfNodes(): Promise<string> {
  const dist = process.env['FSHA_DIST'];
  if (dist === undefined)
    throw new Error('FSHA_DIST is not set: run this in a project with test/global-setup.ts');
  const outfile = join(dist, 'bench', 'light-nodes.mjs');
  await mkdir(join(dist, 'bench'), { recursive: true });
  await build({
    entryPoints: [fileURLToPath(new URL('light-nodes-process.ts', import.meta.url))],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  return outfile;
}

async function allActive(rpcUrl: string): Promise<boolean> {
  const answer = await fetch(rpcUrl, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', method: 'dispatcher.list', id: 1 }),
  });
  const flags = [...(await answer.text()).matchAll(/"FLAGS":"(\w+)"/g)].map((match) => match[1]);
  return flags.length > 0 && flags.every((one) => one === 'AP');
}
