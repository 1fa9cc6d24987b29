/** Observations and clusters for tables: everything well, then the one thing that the row is about. */
import type { Cluster, Node, Proxy } from '../../src/domain/cluster.ts';
import {
  known,
  type NodeObservation,
  type Observation,
  type ProxyObservation,
  unknown,
} from '../../src/domain/observation.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { PreflightInput } from '../../src/domain/preflight/check.ts';
import type { Baseline } from '../../src/domain/run-events.ts';
import { Secret } from '../../src/domain/secret.ts';

export function node(name: string, ip: string, changes: Partial<Node> = {}): Node {
  return {
    name,
    labels: {},
    destinations: [{ set: 1, uri: `sip:${ip}:5080` }],
    esl: { host: ip, port: 8021, password: new Secret('x'), via: 'direct' },
    ssh: { host: ip },
    sip: { profile: 'external', ip, port: 5080 },
    capacity: { calls: 100, sessions: 200, callsPerSecond: 10 },
    restart: { command: 'sudo -n systemctl restart freeswitch', timeout: 90_000 },
    ...changes,
  };
}

export function proxy(name: string, changes: Partial<Proxy> = {}): Proxy {
  return {
    name,
    rpc: { url: 'http://10.0.1.5/RPC' },
    frTimer: 30_000,
    list: '/etc/kamailio/dispatcher.list',
    networks: [],
    ...changes,
  };
}

export function cluster(changes: Partial<Cluster> = {}): Cluster {
  return {
    name: 'voice',
    source: { path: '/etc/fsha/fsha.yaml', sha256: 'ab' },
    state: { dir: '/var/lib/fsha', keepRuns: 1_000, keepAge: 7_776_000_000 },
    timeouts: { connect: 5_000, request: 5_000, keepalive: 5_000 },
    proxies: [proxy('lb-1'), proxy('lb-2')],
    nodes: [node('node-1', '10.0.1.10'), node('node-2', '10.0.1.11')],
    drain: {
      timeout: 7_200_000,
      poll: 5_000,
      settle: 5_000,
      onTimeout: 'restore',
      threshold: 0,
      fence: 'zero',
      hangupCause: 'NORMAL_CLEARING',
      protect: [],
      protectTimeout: null,
      expendable: [],
      onHangup: 'continue',
    },
    verify: {
      timeout: 120_000,
      profiles: 'same',
      gateways: 'same',
      options: true,
      call: null,
      minSoak: 5_000,
    },
    rolling: {
      maxUnavailable: 1,
      maxFailures: 0,
      pause: 30_000,
      canary: 1,
      headroom: 0.2,
      order: 'inventory',
      dispatch: 'next',
    },
    ...changes,
  };
}

export function policy(changes: Partial<Policy> = {}): Policy {
  return {
    timeout: 7_200_000,
    poll: 5_000,
    settle: 5_000,
    onTimeout: 'restore',
    fence: 'zero',
    restart: true,
    hold: false,
    ignoreProxies: [],
    force: [],
    foundDisabled: null,
    threshold: 0,
    cutting: { cause: 'NORMAL_CLEARING', protect: [], protectTimeout: null, expendable: [] },
    onOut: null,
    minSoak: 5_000,
    showNumbers: false,
    ...changes,
  };
}

export function seenNode(name: string, changes: Partial<NodeObservation> = {}): NodeObservation {
  return {
    node: name,
    at: 1_000,
    trouble: null,
    coreUuid: known(`uuid-of-${name}`),
    switchname: known(name),
    ready: known(true),
    uptimeMs: known(60_000),
    version: known('1.10.12'),
    sessions: known(10),
    peak5Min: known(10),
    sessionLimit: known(1_000),
    calls: known(10),
    channels: known(10),
    pause: known({ inbound: false, outbound: false }),
    mark: known(null),
    full: {
      profiles: known([{ name: 'external', state: 'RUNNING' }]),
      gateways: known([{ name: 'external::trunk-a', state: 'REGED' }]),
      registrations: known(3),
    },
    ...changes,
  };
}

export type Listed = readonly [uri: string, flags: string, duid?: string];

export function seenProxy(
  name: string,
  targets: readonly Listed[],
  changes: Partial<ProxyObservation> = {},
): ProxyObservation {
  return {
    proxy: name,
    at: 1_000,
    trouble: null,
    version: known('5.6.3'),
    instance: known(`instance-of-${name}`),
    sets: known([
      { id: 1, targets: targets.map(([uri, flags, duid]) => ({ uri, flags, duid: duid ?? null })) },
    ]),
    ...changes,
  };
}

const BOTH: readonly Listed[] = [
  ['sip:10.0.1.10:5080', 'AP'],
  ['sip:10.0.1.11:5080', 'AP'],
];

export function observation(
  changes: { nodes?: readonly NodeObservation[]; proxies?: readonly ProxyObservation[] } = {},
): Observation {
  const nodes = [seenNode('node-1'), seenNode('node-2'), ...(changes.nodes ?? [])];
  const proxies = [seenProxy('lb-1', BOTH), seenProxy('lb-2', BOTH), ...(changes.proxies ?? [])];
  return {
    nodes: Object.fromEntries(nodes.map((one) => [one.node, one])),
    proxies: Object.fromEntries(proxies.map((one) => [one.proxy, one])),
  };
}

export const DOWN = { code: 'connect.refused', message: 'it is down', hint: 'Start it.' } as const;

export function preflightInput(changes: Partial<PreflightInput> = {}): PreflightInput {
  const whole = changes.cluster ?? cluster();
  const [first] = whole.nodes;
  if (first === undefined) throw new Error('a cluster without nodes');
  return {
    cluster: whole,
    node: first,
    purpose: 'drain',
    policy: policy(),
    observation: observation(),
    facts: { ssh: null, restart: known(null), options: known(200) },
    addresses: {},
    standing: null,
    run: null,
    runs: {},
    restartOpen: false,
    interrupted: null,
    call: 'fsha',
    wall: Date.parse('2026-11-22T20:10:00Z'),
    ...changes,
  };
}

export function baseline(changes: Partial<Baseline> = {}): Baseline {
  return {
    node: 'node-1',
    destinations: ['lb-1', 'lb-2'].map((name) => ({
      proxy: name,
      set: 1,
      uri: 'sip:10.0.1.10:5080',
      duid: null,
      flags: 'AP',
    })),
    pause: { inbound: false, outbound: false },
    profiles: [{ name: 'external', state: 'RUNNING' }],
    gateways: [{ name: 'external::trunk-a', state: 'REGED' }],
    registrations: 3,
    coreUuid: 'uuid-of-node-1',
    options: 200,
    ...changes,
  };
}

export { known, unknown };
