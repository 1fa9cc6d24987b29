/** Makes the cluster of an inventory that was checked: reads its secrets, makes its paths absolute. */
import { join } from 'node:path';
import type { Cluster, Node, Proxy, RpcEndpoint, SshTarget } from '../domain/cluster.ts';
import type { NodeSettings } from './node-settings.ts';
import type { Path } from '../yaml/problem.ts';
import type { Inventory } from './schema.ts';
import type { SecretReader } from './secret-reader.ts';

export interface Surroundings {
  readonly source: Cluster['source'];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly secrets: SecretReader;
  readonly resolvePath: (written: string) => string;
  /** The names under `nodes` or `proxies` as they are written. */
  readonly names: (section: 'nodes' | 'proxies') => readonly string[];
}

/**
 * Nodes that lack what they cannot do without are left out: cross-checks have reported them, and the cluster is not
 * used then.
 */
export async function assembleCluster(
  inventory: Inventory,
  settings: readonly NodeSettings[],
  around: Surroundings,
): Promise<Cluster> {
  const { drain, redis, postgres } = inventory;
  const { onOut, ...drainSettings } = drain;
  const proxies: Proxy[] = [];
  for (const name of around.names('proxies')) {
    const proxy = inventory.proxies[name];
    if (proxy !== undefined) proxies.push(await assembleProxy(name, proxy, around));
  }
  const nodes: Node[] = [];
  for (const node of settings) nodes.push(...(await assembleNode(node, inventory.nodes[node.name], around)));
  return {
    name: inventory.cluster,
    source: around.source,
    state: {
      dir: stateDirectory(inventory, around),
      ...(inventory.state.dir === undefined && { isDefault: true }),
      keepRuns: inventory.state.keepRuns,
      keepAge: inventory.state.keepAge,
    },
    timeouts: inventory.timeouts,
    proxies,
    nodes,
    drain: { ...drainSettings, ...(onOut !== undefined && { onOut }) },
    verify: inventory.verify,
    rolling: inventory.rolling,
    ...(redis !== undefined && {
      redis: {
        url: redis.url,
        keyPattern: redis.keyPattern,
        ttl: redis.ttl,
        ...(redis.username !== undefined && { username: redis.username }),
        ...(redis.password !== undefined && {
          password: await around.secrets.secret(redis.password, ['redis', 'password']),
        }),
      },
    }),
    ...(postgres !== undefined && {
      postgres: { dsn: await around.secrets.secret(postgres.dsn, ['postgres', 'dsn']) },
    }),
  };
}

function stateDirectory({ state }: Inventory, { env, home, resolvePath }: Surroundings): string {
  if (state.dir !== undefined) return resolvePath(state.dir);
  const base = env['XDG_STATE_HOME'];
  // The specification has relative paths ignored.
  return base?.startsWith('/') === true ? join(base, 'fsha') : join(home, '.local', 'state', 'fsha');
}

async function assembleProxy(
  name: string,
  proxy: Inventory['proxies'][string],
  around: Surroundings,
): Promise<Proxy> {
  const path = ['proxies', name];
  const { ssh } = proxy;
  const via =
    proxy.via === 'ssh' && ssh?.host !== undefined
      ? await assembleSsh({ ...ssh, host: ssh.host }, path, around)
      : undefined;
  return {
    name,
    rpc: await assembleRpc(proxy, path, around),
    frTimer: proxy.frTimer,
    list: proxy.list,
    networks: proxy.networks ?? [],
    ...(via !== undefined && { via }),
  };
}

async function assembleRpc(
  proxy: Inventory['proxies'][string],
  path: Path,
  around: Surroundings,
): Promise<RpcEndpoint> {
  const { username, password, token, tls } = proxy;
  const { secrets } = around;
  const ca = tls?.ca === undefined ? undefined : await secrets.certificates(tls.ca, [...path, 'tls', 'ca']);
  const cert =
    tls?.cert === undefined ? undefined : await secrets.certificates(tls.cert, [...path, 'tls', 'cert']);
  const key = tls?.key === undefined ? undefined : await secrets.privateKey(tls.key, [...path, 'tls', 'key']);
  return {
    url: proxy.rpc,
    ...(username !== undefined &&
      password !== undefined && {
        basic: { username, password: await secrets.secret(password, [...path, 'password']) },
      }),
    ...(token !== undefined && {
      token: { header: token.header, value: await secrets.secret(token.value, [...path, 'token', 'value']) },
    }),
    ...(tls !== undefined && {
      tls: {
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
      },
    }),
  };
}

async function assembleNode(
  node: NodeSettings,
  written: Inventory['nodes'][string] | undefined,
  around: Surroundings,
): Promise<Node[]> {
  const { esl, ssh, ...rest } = node;
  if (esl.host === undefined || esl.password === undefined || ssh.host === undefined) return [];
  // What the node does not say itself comes from the defaults, and is mended there.
  const own = ['nodes', node.name];
  const eslPath = written?.esl?.password === undefined ? ['defaults'] : own;
  const sshPath = written?.ssh?.passphrase === undefined ? ['defaults'] : own;
  const password = await around.secrets.secret(esl.password, [...eslPath, 'esl', 'password']);
  return [
    {
      ...rest,
      esl: { host: esl.host, port: esl.port, password, via: esl.via },
      ssh: await assembleSsh({ ...ssh, host: ssh.host }, sshPath, around),
    },
  ];
}

/** @param path of the map in which the `ssh` block stands that holds the passphrase */
async function assembleSsh(
  written: NodeSettings['ssh'] & { readonly host: string },
  path: Path,
  { secrets, resolvePath }: Surroundings,
): Promise<SshTarget> {
  const { passphrase, identityFile, knownHostsFile, ...rest } = written;
  return {
    ...rest,
    ...(identityFile !== undefined && { identityFile: resolvePath(identityFile) }),
    ...(knownHostsFile !== undefined && { knownHostsFile: resolvePath(knownHostsFile) }),
    ...(passphrase !== undefined && {
      passphrase: await secrets.secret(passphrase, [...path, 'ssh', 'passphrase']),
    }),
  };
}
