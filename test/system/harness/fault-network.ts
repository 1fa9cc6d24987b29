/** Every way from fsha to a server of a cluster leads through a proxy that can be in trouble. */
import { appendFile, readFile } from 'node:fs/promises';
import type { Changes } from './deep-merge.ts';
import type { RealCluster } from './real-cluster.ts';
import { startTcpProxy, type TcpFault, type TcpProxy } from './tcp-faults.ts';

export type Way = 'lb-1' | 'lb-2' | 'esl' | 'ssh';

export interface FaultNetwork {
  /** `esl` and `ssh` are node-1's. Where a cluster is reached through SSH, lb-1 is the SSH to its host, and so is esl. */
  readonly begin: (ways: readonly Way[], fault: TcpFault) => void;
  /** Whether the fault that began last has met anything on the way. */
  met(): boolean;
  /** For the inventory. */
  readonly settings: Changes;
  /** All faithful. */
  end(): void;
  stop(): Promise<void>;
}

const SSH_PORT = 2223;

/** @param via as the cluster was started */
export async function startFaultNetwork(cluster: RealCluster, via: 'direct' | 'ssh'): Promise<FaultNetwork> {
  const [node] = cluster.nodes;
  const [first, second] = cluster.proxies.map(({ sip }) => sip.host) as [string, string];
  const rpc = (host: string): Promise<TcpProxy> =>
    via === 'ssh' ? ssh(host) : startTcpProxy({ host, port: 8082 }, { host, port: 8080 });
  const ssh = async (host: string): Promise<TcpProxy> => {
    await knowAlso(cluster.ssh.client.knownHostsFile, host);
    return startTcpProxy({ host, port: SSH_PORT }, { host, port: 2222 });
  };
  const toNode = await ssh(node.host);
  const ways = {
    'lb-1': await rpc(first),
    'lb-2': await rpc(second),
    ssh: toNode,
    esl: via === 'ssh' ? toNode : await startTcpProxy({ host: node.host, port: 8022 }, node.esl),
  };
  const proxies =
    via === 'ssh'
      ? { 'lb-1': { ssh: { port: SSH_PORT } }, 'lb-2': { ssh: { port: SSH_PORT } } }
      : { 'lb-1': { rpc: `http://${first}:8082/RPC` }, 'lb-2': { rpc: `http://${second}:8082/RPC` } };
  const all = [...new Set(Object.values(ways))];
  let begun: readonly TcpProxy[] = [];
  return {
    begin(wanted, fault) {
      begun = [...new Set(wanted.map((way) => ways[way]))];
      for (const proxy of begun) proxy.begin(fault);
    },
    met: () => begun.some((proxy) => proxy.met() > 0),
    settings: {
      proxies,
      nodes: { [node.name]: { ssh: { port: SSH_PORT }, ...(via === 'ssh' ? {} : { esl: { port: 8022 } }) } },
    },
    end() {
      for (const way of all) way.end();
    },
    async stop() {
      await Promise.all(all.map((way) => way.stop()));
    },
  };
}

/** The host's key counts on the port of the proxy in front of it, too. */
async function knowAlso(file: string, host: string): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const key = lines.find((line) => line.startsWith(`[${host}]:2222 `))?.slice(`[${host}]:2222 `.length);
  if (key === undefined) throw new Error(`no key of ${host} is known`);
  await appendFile(file, `[${host}]:${SSH_PORT} ${key}\n`);
}
