/** Events and clusters for the tests of the views. */
import type { Cluster, Node } from '../../src/domain/cluster.ts';
import {
  known,
  type NodeObservation,
  type Observation,
  type ProxyObservation,
} from '../../src/domain/observation.ts';
import { planDrain, planRolling } from '../../src/domain/plan.ts';
import type { RollingPlan } from '../../src/domain/rolling/rolling-plan.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { Baseline, NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import { Secret } from '../../src/domain/secret.ts';
import { rolling } from '../domain/rolling/rolling-plan.ts';

export const RUN = '20261122-213134-k3f9';
export const URI = 'sip:10.0.1.10:5080';
export const UUID_BEFORE = '9a0b1c2d-0000-4000-8000-000000000001';
export const UUID_AFTER = '4c1e77f0-0000-4000-8000-000000000002';
export const TARGET = { proxy: 'lb-1', set: 1, uri: URI, duid: null };

export const policy: Policy = {
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
};

export const baseline: Baseline = {
  node: 'node-1',
  destinations: [{ ...TARGET, flags: 'AP' }],
  pause: { inbound: false, outbound: false },
  profiles: [],
  gateways: [],
  registrations: 12,
  coreUuid: UUID_BEFORE,
  options: 200,
};

/** One node after the other. */
export function rollingOf(nodes: readonly string[], changes: Partial<RollingPlan> = {}): RollingPlan {
  return rolling({ batches: nodes.map((name) => [name]), ...changes });
}

export function startedRolling(
  nodes: readonly string[],
  changes: Partial<RollingPlan> = {},
): NewEvent & { readonly type: 'run.started' } {
  const event = started();
  if (event.type !== 'run.started') throw new Error('no start');
  const plan = planRolling(rollingOf(nodes, changes), policy);
  return { ...event, data: { ...event.data, command: 'rolling --all', plan } };
}

/** `node-1` to `node-<count>`. */
export function manyNodes(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `node-${index + 1}`);
}

export function started(changes: Partial<Policy> = {}): NewEvent {
  const changed = { ...policy, ...changes };
  return {
    type: 'run.started',
    data: {
      command: 'drain node-1',
      reason: 'kernel update',
      who: 'ops@bastion',
      cluster: 'voice-eu',
      inventory: { path: '/etc/fsha/fsha.yaml', sha256: '0123456789abcdef'.repeat(4) },
      policy: changed,
      plan: planDrain('node-1', changed),
    },
  };
}

/** `events`, a second apart, in their envelopes. */
export function enveloped(
  events: readonly NewEvent[],
  mono: (index: number) => number = (index) => index * 1_000,
): RunEvent[] {
  return events.map((event, index) => ({
    v: 1,
    seq: index + 1,
    at: new Date(Date.UTC(2026, 10, 22, 21, 31, 34) + mono(index)).toISOString(),
    mono: mono(index),
    run: RUN,
    ...event,
  }));
}

export function progress(
  sessions: number | null,
  calls: number | null,
  why: readonly string[] = [],
  decision = 'wait',
): NewEvent {
  return {
    type: 'step.progress',
    node: 'node-1',
    step: 'node-1/wait_drained',
    data: { observation: { sessions, calls, channels: calls, destinations: {}, why }, decision },
  };
}

/** A cluster of the reference system, with as many nodes and proxies as named. */
export function cluster(nodes: readonly string[], proxies: readonly string[]): Cluster {
  return {
    name: 'voice-eu',
    source: { path: '/etc/fsha/fsha.yaml', sha256: '0'.repeat(64) },
    state: { dir: '/var/lib/fsha', keepRuns: 1_000, keepAge: 7_776_000_000 },
    timeouts: { connect: 5_000, request: 5_000, keepalive: 5_000 },
    proxies: proxies.map((name) => ({
      name,
      rpc: { url: `http://${name}:8080/RPC`, basic: { username: 'fsha', password: new Secret('hunter2') } },
      frTimer: 30_000,
      list: '/etc/kamailio/dispatcher.list',
      networks: [],
    })),
    nodes: nodes.map((name, index) => node(name, index)),
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
  };
}

export function uriOf(index: number): string {
  return `sip:10.0.1.${10 + index}:5080`;
}

function node(name: string, index: number): Node {
  return {
    name,
    labels: { role: 'edge' },
    destinations: [{ set: 1, uri: uriOf(index) }],
    esl: { host: `10.0.1.${10 + index}`, port: 8021, password: new Secret('ClueCon'), via: 'direct' },
    ssh: { host: `10.0.1.${10 + index}` },
    sip: { profile: 'external', port: 5080 },
    capacity: { calls: 500, sessions: 1_000, callsPerSecond: 50 },
    restart: { command: 'sudo -n systemctl restart freeswitch', timeout: 90_000 },
  };
}

export function seenNode(name: string, changes: Partial<NodeObservation> = {}): NodeObservation {
  return {
    node: name,
    at: 0,
    trouble: null,
    coreUuid: known(UUID_BEFORE),
    switchname: known(name),
    ready: known(true),
    uptimeMs: known(3 * 86_400_000 + 4 * 3_600_000),
    version: known('1.10.12-release-10222002881-a88d069d6f 64bit'),
    sessions: known(37),
    peak5Min: known(40),
    sessionLimit: known(1_000),
    calls: known(35),
    channels: known(37),
    pause: known({ inbound: false, outbound: false }),
    mark: known(null),
    full: null,
    ...changes,
  };
}

export function seenProxy(
  name: string,
  flags: readonly string[],
  changes: Partial<ProxyObservation> = {},
): ProxyObservation {
  return {
    proxy: name,
    at: 0,
    trouble: null,
    version: known('kamailio 5.6.3'),
    instance: known('1 2'),
    sets: known([
      { id: 1, targets: flags.map((flag, index) => ({ uri: uriOf(index), duid: null, flags: flag })) },
    ]),
    ...changes,
  };
}

export function observation(
  nodes: readonly NodeObservation[],
  proxies: readonly ProxyObservation[],
): Observation {
  return {
    nodes: Object.fromEntries(nodes.map((seen) => [seen.node, seen])),
    proxies: Object.fromEntries(proxies.map((seen) => [seen.proxy, seen])),
  };
}
