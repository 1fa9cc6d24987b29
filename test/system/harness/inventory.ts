import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deepMerge, type Changes } from './deep-merge.ts';
import type { RealSshServer, SshClientFiles } from './openssh.ts';
import type { StandInNode } from './stand-in-node.ts';

export interface InventoryParts {
  /** Names also the lock on each node's host, and these hosts are one machine. */
  readonly cluster: string;
  readonly directory: string;
  readonly stateDir: string;
  readonly nodes: readonly StandInNode[];
  /** In the order of lb-1, lb-2. */
  readonly proxies: readonly { readonly host: string; readonly rpc: string; readonly list: string }[];
  readonly client: SshClientFiles;
  readonly jump: RealSshServer;
  readonly via: 'direct' | 'ssh';
  readonly throughJump: boolean;
  readonly twins: 'by duid' | 'by uri' | undefined;
  readonly frTimer: string;
  readonly settings: Changes;
}

/** fsha.yaml as an object: every JSON is YAML. Writes the nodes' passwords beside it. */
export async function realInventory(parts: InventoryParts): Promise<Changes> {
  const { client, via } = parts;
  const ssh = {
    user: client.user,
    identityFile: client.identityFile,
    knownHostsFile: client.knownHostsFile,
    port: 2222,
    ...(parts.throughJump ? { jump: [`${client.user}@${parts.jump.host}:${parts.jump.port}`] } : {}),
  };
  const nodes: Record<string, object> = {};
  for (const node of parts.nodes) {
    const password = join(parts.directory, `${node.name}.esl.secret`);
    await writeFile(password, `${node.esl.password}\n`, { mode: 0o600 });
    nodes[node.name] = {
      destinations:
        parts.twins === 'by duid' && node.name === 'node-1'
          ? [
              { set: 1, duid: 'node-1' },
              { set: 1, duid: 'twin' },
            ]
          : [{ set: 1, uri: node.destination }],
      sip: { ip: node.host, port: 5080 },
      esl: { host: node.esl.host, port: node.esl.port, password: { file: password }, via },
      ssh: { host: node.host },
      restart: { command: node.restartCommand },
    };
  }
  const proxies = parts.proxies.map(({ host, rpc, list }, index) => [
    `lb-${index + 1}`,
    { rpc, list, frTimer: parts.frTimer, ...(via === 'ssh' ? { via, ssh: { ...ssh, host } } : {}) },
  ]);
  return deepMerge(
    {
      version: 1,
      cluster: parts.cluster,
      state: { dir: parts.stateDir },
      proxies: Object.fromEntries(proxies) as object,
      nodes,
      defaults: { ssh },
      drain: { timeout: '2m', poll: '1s', settle: '1s' },
      restart: { timeout: '30s' },
      verify: { timeout: '30s', minSoak: '2s' },
    },
    parts.settings,
  );
}
