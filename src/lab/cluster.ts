import { randomBytes } from 'node:crypto';
import { mkdir, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startCaller, type Caller, type CallerStats } from './caller/caller.ts';
import { labInventory } from './cluster-inventory.ts';
import { writeJson, writeSecret } from './lab-files.ts';
import { claimNetwork, type LabNetwork } from './network.ts';
import { knownHostsLine, makeLabSshKeys, type LabSshKeys } from './ssh-server/ssh-keys.ts';
import { startLabSshServer } from './ssh-server/ssh-server.ts';
import { startUnit } from './started-unit.ts';

const SIP_PORT = 5080;
const PROXY_SIP_PORT = 5060;
const RPC_PORT = 8080;
const ESL_PORT = 8021;
const SSH_PORT = 2222;
const CONTROL_PORT = 9000;
const SSH_USER = 'ops';
const RPC_USER = 'fsha';

export interface LabClusterOptions {
  /** Default 2, at most 100. */
  readonly nodes?: number;
  /** Default 1, at most 8. */
  readonly proxies?: number;
  /** Where `lab-node.js`, `lab-proxy.js` and `lab-unit.js` are. */
  readonly dist: string;
  /** For the inventory, secrets, logs and state. Made where it does not exist; never removed. */
  readonly dir: string;
  /** Through each proxy; default 4, 0 for no calls. */
  readonly callsPerSecond?: number;
  /** How long calls last, milliseconds, between the two; default 3 to 8 s. */
  readonly holdMs?: readonly [number, number];
}

export interface LabNode {
  readonly name: string;
  readonly sip: { readonly host: string; readonly port: number };
  readonly esl: { readonly host: string; readonly port: number };
  /** One JSON line a question: `{"stats":true}`, `{"fault":…}`. */
  readonly control: { readonly host: string; readonly port: number };
  readonly ssh: { readonly host: string; readonly port: number };
  readonly restartCommand: string;
  /** Of the unit that keeps its process: `start`, `stop`, `restart`, `kill`, `status`. */
  readonly unitSocket: string;
  /** Every start, new INVITE and stop, as JSON lines. */
  readonly inviteLog: string;
}

export interface LabProxy {
  readonly name: string;
  readonly rpcUrl: string;
  readonly sip: { readonly host: string; readonly port: number };
  readonly control: { readonly host: string; readonly port: number };
  /** Of the unit that keeps its process, as for a node. */
  readonly unitSocket: string;
}

export interface LabCluster {
  /** The inventory: what `fsha --config` takes. */
  readonly configFile: string;
  readonly nodes: readonly LabNode[];
  readonly proxies: readonly LabProxy[];
  /** What became of the calls, one entry a proxy. */
  calls(): readonly CallerStats[];
  /** Of every process that runs for it at this moment. */
  pids(): Promise<readonly number[]>;
  /** Ends calls, servers and processes; the folder stays. May be called twice. */
  stop(): Promise<void>;
}

/** What every part of the lab needs of the whole. */
interface Lab {
  readonly directory: string;
  readonly dist: string;
  readonly network: LabNetwork;
  readonly keys: LabSshKeys;
  readonly eslPassword: string;
  readonly rpcPassword: string;
  /** Takes what is to be done at the end; the last one is done first. */
  readonly onStop: (end: () => Promise<unknown>) => void;
  /** Takes a way to find out which processes a part has at a moment. */
  readonly onPids: (read: () => Promise<readonly number[]>) => void;
}

/**
 * Starts a whole cluster on a loopback network of its own: stand-in nodes, each under a unit that can restart it and
 * with an SSH server in front, stand-in proxies, and callers. Writes an inventory for it into `dir`.
 * @throws when any part does not come up within 20 s; nothing is left of the others then
 */
export async function startLabCluster(options: LabClusterOptions): Promise<LabCluster> {
  const directory = resolve(options.dir);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const ends: (() => Promise<unknown>)[] = [];
  const readPids: (() => Promise<readonly number[]>)[] = [];
  const stop = async (): Promise<void> => {
    // Callers first, the claim of the network last.
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const network = await claimNetwork();
    ends.push(() => network.release());
    const lab: Lab = {
      directory,
      dist: options.dist,
      network,
      keys: makeLabSshKeys(),
      eslPassword: randomBytes(12).toString('hex'),
      rpcPassword: randomBytes(12).toString('hex'),
      onStop: (end) => ends.push(end),
      onPids: (read) => readPids.push(read),
    };
    const nodes = numbers(options.nodes ?? 2, 100).map((number) => nodeAt(lab, number));
    const proxies = numbers(options.proxies ?? 1, 8).map((number) => proxyAt(lab, number));
    // A proxy that pings a node before it answers has it as inactive, and the first calls would find none.
    await all(nodes.map((node) => startNode(lab, node)));
    await all(proxies.map((proxy) => startProxy(lab, proxy, nodes)));
    const configFile = await writeInventory(lab, nodes, proxies);
    const callers = await startCallers(lab, proxies, options);
    return {
      configFile,
      nodes,
      proxies,
      calls: () => callers.map((caller) => caller.stats()),
      pids: async () => (await Promise.all(readPids.map((read) => read()))).flat(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function numbers(count: number, most: number): readonly number[] {
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new Error(`1 to ${most} are possible, not ${count}`);
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Waits for every one, so that nothing is still coming up when the first failure ends the lab. */
async function all(starts: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(starts);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function nodeAt({ network, directory, dist }: Lab, number: number): LabNode {
  const name = `node-${number}`;
  const host = network.host(10 + number);
  const unitSocket = join(directory, `${name}.socket`);
  return {
    name,
    sip: { host, port: SIP_PORT },
    esl: { host, port: ESL_PORT },
    control: { host, port: CONTROL_PORT },
    ssh: { host, port: SSH_PORT },
    unitSocket,
    restartCommand: [process.execPath, join(dist, 'lab-unit.js'), 'ctl', unitSocket, 'restart']
      .map(shellWord)
      .join(' '),
    inviteLog: join(directory, `${name}.invites.ndjson`),
  };
}

function proxyAt({ network, directory }: Lab, number: number): LabProxy {
  const host = network.host(number);
  const name = `lb-${number}`;
  return {
    name,
    unitSocket: join(directory, `${name}.socket`),
    rpcUrl: `http://${host}:${RPC_PORT}/RPC`,
    sip: { host, port: PROXY_SIP_PORT },
    control: { host, port: CONTROL_PORT },
  };
}

async function startNode(lab: Lab, node: LabNode): Promise<void> {
  const configFile = await writeJson(lab.directory, `${node.name}.json`, {
    name: node.name,
    sip: node.sip,
    esl: { ...node.esl, password: lab.eslPassword, acl: ['127.0.0.0/8'] },
    control: node.control,
    // One that has to register again after a restart, and one that never does.
    gateways: [
      { name: 'trunk-a', state: 'REGED', registersAfterMs: 500 },
      { name: 'trunk-c', state: 'NOREG' },
    ],
    stateFile: join(lab.directory, `${node.name}.state.json`),
    inviteLog: node.inviteLog,
    endWithStdin: true,
  });
  lab.onStop(() => removeLock(lab, node));
  await underUnit(lab, node, 'lab-node.js', configFile);
  const ssh = await startLabSshServer({ ...node.ssh, user: SSH_USER, keys: lab.keys });
  lab.onStop(() => ssh.close());
  lab.onPids(() => Promise.resolve(ssh.commandPids()));
}

async function startProxy(lab: Lab, proxy: LabProxy, nodes: readonly LabNode[]): Promise<void> {
  const { host } = proxy.sip;
  const configFile = await writeJson(lab.directory, `${proxy.name}.json`, {
    name: proxy.name,
    rpc: { host, port: RPC_PORT, basic: { username: RPC_USER, password: lab.rpcPassword } },
    sip: proxy.sip,
    control: proxy.control,
    destinations: nodes.map(({ sip }) => ({ set: 1, uri: `sip:${sip.host}:${sip.port}` })),
  });
  await underUnit(lab, proxy, 'lab-proxy.js', configFile);
}

async function underUnit(
  { directory, dist, onStop, onPids }: Lab,
  { name, unitSocket: socket }: LabNode | LabProxy,
  script: string,
  configFile: string,
): Promise<void> {
  const unit = await startUnit({ name, directory, dist, socket, script, configFile });
  onStop(() => unit.stop());
  onPids(() => unit.pids());
}

async function startCallers(
  lab: Lab,
  proxies: readonly LabProxy[],
  options: LabClusterOptions,
): Promise<readonly Caller[]> {
  const { callsPerSecond = 4, holdMs = [3_000, 8_000] } = options;
  if (callsPerSecond === 0) return [];
  const callers: Caller[] = [];
  for (const [index, proxy] of proxies.entries()) {
    const from = { host: lab.network.host(200 + index) };
    const caller = await startCaller({
      from,
      proxy: proxy.sip,
      callsPerSecond,
      holdMs,
      seed: index + 1,
      transactionMs: 10_000,
    });
    lab.onStop(() => caller.stop({ letCallsEnd: false }));
    callers.push(caller);
  }
  return callers;
}

async function writeInventory(
  lab: Lab,
  nodes: readonly LabNode[],
  proxies: readonly LabProxy[],
): Promise<string> {
  const { directory, keys } = lab;
  const knownHosts = nodes.map(({ ssh }) => knownHostsLine(ssh.host, ssh.port, keys.host)).join('');
  const inventory = labInventory({
    cluster: clusterName(lab),
    stateDir: join(directory, 'state'),
    proxies,
    nodes,
    rpc: {
      username: RPC_USER,
      passwordFile: await writeSecret(directory, 'rpc.secret', `${lab.rpcPassword}\n`),
    },
    eslPasswordFile: await writeSecret(directory, 'esl.secret', `${lab.eslPassword}\n`),
    ssh: {
      user: SSH_USER,
      identityFile: await writeSecret(directory, 'id_ed25519', keys.user.private),
      knownHostsFile: await writeSecret(directory, 'known_hosts', knownHosts),
    },
  });
  return writeSecret(directory, 'fsha.yaml', inventory);
}

function clusterName({ network }: Lab): string {
  return `lab-${network.prefix.replaceAll('.', '-')}`;
}

/** What fsha leaves on the host of a node that it has restarted; here that host is this machine. */
async function removeLock(lab: Lab, node: LabNode): Promise<void> {
  await rmdir(`/tmp/fsha-${clusterName(lab)}-${node.name}.lock`).catch(() => undefined);
}

function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
