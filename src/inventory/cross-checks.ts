/** What one key means for another. Each check looks at an inventory of good shape and names the place that is wrong. */
import { formatDuration } from '../domain/duration.ts';
import { hostAndPort } from './node-settings.ts';
import type { NodeSettings } from './node-settings.ts';
import type { Path, Problem } from '../yaml/problem.ts';
import type { Inventory } from './schema.ts';
import { readSipUri, socketKey } from './sip-uri.ts';

type Check = (inventory: Inventory, nodes: readonly NodeSettings[]) => Problem[];

const ERRORS: readonly Check[] = [
  credentialsInPairs,
  sshWhereNeeded,
  oneRpcForEachProxy,
  whatNodesCannotDoWithout,
  oneFreeswitchForEachNode,
  oneNodeForEachDestination,
  sessionsCarryCalls,
];

const WARNINGS: readonly Check[] = [unusedTls, unusedSsh, timeoutBeforeZero];

/** What fsha refuses. */
export function crossErrors(inventory: Inventory, nodes: readonly NodeSettings[]): Problem[] {
  return ERRORS.flatMap((check) => check(inventory, nodes));
}

/** What is allowed and hardly meant. */
export function crossWarnings(inventory: Inventory, nodes: readonly NodeSettings[]): Problem[] {
  return WARNINGS.flatMap((check) => check(inventory, nodes));
}

function eachProxy(
  inventory: Inventory,
  check: (proxy: Inventory['proxies'][string], path: Path) => (Problem | false)[],
): Problem[] {
  return Object.entries(inventory.proxies).flatMap(([name, proxy]) =>
    check(proxy, ['proxies', name]).filter((problem) => problem !== false),
  );
}

function credentialsInPairs(inventory: Inventory): Problem[] {
  const problems = eachProxy(inventory, ({ username, password, token, tls }, path) => [
    username !== undefined &&
      password === undefined && {
        path: [...path, 'username'],
        text: 'There is a username without a password.',
        atKey: true,
      },
    password !== undefined &&
      username === undefined && {
        path: [...path, 'password'],
        text: 'There is a password without a username.',
        atKey: true,
      },
    token !== undefined &&
      (username !== undefined || password !== undefined) && {
        path: [...path, 'token'],
        text: 'A proxy takes a token, or a username and a password, not both.',
        atKey: true,
      },
    tls?.cert !== undefined &&
      tls.key === undefined && {
        path: [...path, 'tls', 'cert'],
        text: 'There is a client certificate without its key.',
        atKey: true,
      },
    tls?.key !== undefined &&
      tls.cert === undefined && {
        path: [...path, 'tls', 'key'],
        text: 'There is a key without its client certificate.',
        atKey: true,
      },
  ]);
  if (inventory.redis?.username !== undefined && inventory.redis.password === undefined) {
    problems.push({
      path: ['redis', 'username'],
      text: 'There is a username without a password.',
      atKey: true,
    });
  }
  return problems;
}

function sshWhereNeeded(inventory: Inventory): Problem[] {
  return eachProxy(inventory, ({ via, ssh }, path) => [
    via === 'ssh' &&
      ssh === undefined && {
        path: [...path, 'via'],
        text: 'via: ssh needs to know the host: add ssh: { host: … }.',
      },
    via === 'ssh' &&
      ssh !== undefined &&
      ssh.host === undefined && {
        path: [...path, 'ssh', 'host'],
        text: 'This key is missing: via: ssh needs to know the host.',
      },
  ]);
}

function oneRpcForEachProxy(inventory: Inventory): Problem[] {
  const first = new Map<string, string>();
  return Object.entries(inventory.proxies).flatMap(([name, { rpc, via, ssh }]) => {
    const from = via === 'ssh' ? JSON.stringify([ssh?.host, ssh?.port, ssh?.jump]) : '';
    const key = `${new URL(rpc).href} ${from}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, name);
    return other === undefined
      ? []
      : [
          {
            path: ['proxies', name, 'rpc'],
            text: `This is the RPC of proxies.${other} too: one Kamailio under two names.`,
          },
        ];
  });
}

function whatNodesCannotDoWithout(_inventory: Inventory, nodes: readonly NodeSettings[]): Problem[] {
  return nodes.flatMap(({ name, esl, ssh }) => {
    const path = ['nodes', name];
    const problems: Problem[] = [];
    if (esl.password === undefined) {
      problems.push({
        path: [...path, 'esl', 'password'],
        text: 'This key is missing. Write it here, or under defaults.esl for all nodes.',
      });
    }
    if (esl.host === undefined) {
      problems.push({
        path: [...path, 'esl', 'host'],
        text: 'This key is missing, and neither ssh.host, sip.ip nor a destination URI says it.',
      });
    }
    if (ssh.host === undefined) {
      problems.push({
        path: [...path, 'ssh', 'host'],
        text: 'This key is missing, and neither sip.ip nor a destination URI says it.',
      });
    }
    return problems;
  });
}

function oneFreeswitchForEachNode(_inventory: Inventory, nodes: readonly NodeSettings[]): Problem[] {
  const first = new Map<string, string>();
  return nodes.flatMap(({ name, esl, ssh }) => {
    if (esl.host === undefined) return [];
    const from = esl.via === 'ssh' ? JSON.stringify([ssh.host?.toLowerCase(), ssh.port, ssh.jump]) : '';
    const key = `${hostAndPort(esl.host, esl.port)} ${from}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, name);
    if (other === undefined) return [];
    return [
      {
        path: ['nodes', name, 'esl'],
        text: `This leads to the ESL of nodes.${other}: one FreeSWITCH under two names.`,
      },
    ];
  });
}

function oneNodeForEachDestination(_inventory: Inventory, nodes: readonly NodeSettings[]): Problem[] {
  const lines = new Map<string, { node: string; index: number }>();
  const sockets = new Map<string, { node: string; index: number }>();
  const problems: Problem[] = [];
  for (const { name: node, destinations } of nodes) {
    destinations.forEach((destination, index) => {
      const path = ['nodes', node, 'destinations', index, destination.uri === undefined ? 'duid' : 'uri'];
      const reading = destination.uri === undefined ? undefined : readSipUri(destination.uri);
      const socket = reading !== undefined && 'uri' in reading ? socketKey(reading.uri) : undefined;
      const line = `${destination.set} ${socket === undefined ? `duid ${destination.duid ?? ''}` : `uri ${socket}`}`;
      const twin = lines.get(line);
      const neighbour = socket === undefined ? undefined : sockets.get(socket);
      if (twin !== undefined) {
        const where = `nodes.${twin.node}.destinations[${twin.index}]`;
        const text =
          twin.node === node
            ? `This destination of set ${destination.set} stands twice under this node: ${where} is the same.`
            : `This destination of set ${destination.set} belongs to two nodes: ${where} is the same.`;
        problems.push({ path, text });
      } else if (neighbour !== undefined && neighbour.node !== node) {
        const where = `nodes.${neighbour.node}.destinations[${neighbour.index}]`;
        problems.push({ path, text: `This address belongs to two nodes: ${where} has it in another set.` });
      }
      if (twin === undefined) lines.set(line, { node, index });
      if (socket !== undefined && neighbour === undefined) sockets.set(socket, { node, index });
    });
  }
  return problems;
}

function sessionsCarryCalls(_inventory: Inventory, nodes: readonly NodeSettings[]): Problem[] {
  return nodes.flatMap(({ name, capacity: { calls, sessions } }) =>
    sessions >= calls
      ? []
      : [
          {
            path: ['nodes', name, 'capacity', 'sessions'],
            text: `${sessions} sessions cannot carry ${calls} calls: each is one session at least, two when bridged.`,
          },
        ],
  );
}

function unusedTls(inventory: Inventory): Problem[] {
  return eachProxy(inventory, ({ rpc, tls }, path) => [
    tls !== undefined &&
      new URL(rpc).protocol !== 'https:' && {
        path: [...path, 'tls'],
        text: 'This has no effect, since rpc is not an https URL.',
        atKey: true,
      },
  ]);
}

function unusedSsh(inventory: Inventory): Problem[] {
  return eachProxy(inventory, ({ via, ssh }, path) => [
    ssh !== undefined &&
      via !== 'ssh' && { path: [...path, 'ssh'], text: 'This has no effect without via: ssh.', atKey: true },
  ]);
}

/** Zero does not count before frTimer has passed and lasted for settle: a shorter timeout ends every drain in vain. */
function timeoutBeforeZero(inventory: Inventory): Problem[] {
  const { timeout, settle } = inventory.drain;
  const frTimer = Math.max(0, ...Object.values(inventory.proxies).map((proxy) => proxy.frTimer));
  if (timeout === null || timeout > frTimer + settle) return [];
  const least = formatDuration(frTimer + settle);
  return [
    {
      path: ['drain', 'timeout'],
      text: `No node counts as empty so soon: the longest frTimer and drain.settle are ${least} together.`,
    },
  ];
}
