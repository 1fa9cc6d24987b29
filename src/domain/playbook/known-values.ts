/** What every expression of a playbook can ask for before any step has registered something. */
import type { Cluster, Node } from '../cluster.ts';
import type { Policy } from '../policy.ts';
import type { JsonObject } from './json.ts';
import type { Names } from './scope.ts';

/** A node as expressions see it: nothing of how to log in. */
export function nodeValues(node: Node): JsonObject {
  const { name, labels, ssh, sip, capacity } = node;
  return {
    name,
    host: ssh.host,
    labels: { ...labels },
    sip: { profile: sip.profile, ip: sip.ip ?? '', port: sip.port },
    capacity: { calls: capacity.calls },
  };
}

export function clusterValues({ name, nodes, proxies }: Cluster): JsonObject {
  return { name, nodes: nodes.map((node) => node.name), proxies: proxies.map((proxy) => proxy.name) };
}

/** Durations are milliseconds; what is null in the policy (no deadline, no choice) is -1 or empty. */
export function policyValues(policy: Policy): JsonObject {
  const { restart, hold, fence, onTimeout, threshold, timeout, foundDisabled, onOut } = policy;
  return {
    ...{ restart, hold, fence, onTimeout, threshold },
    timeout: timeout ?? -1,
    foundDisabled: foundDisabled ?? '',
    onOut: onOut !== null,
  };
}

/**
 * What an expression may name: for checking it before there are values.
 * @param vars the playbook's variables, by name
 * @param registered what the steps before it have registered, by name
 */
export function knownNames(vars: Names, registered: Names): Names {
  return { ...registered, vars: { fields: vars }, ...BEFORE_THE_RUN };
}

const BEFORE_THE_RUN: Names = {
  node: {
    fields: {
      name: 'string',
      host: 'string',
      labels: 'any',
      sip: { fields: { profile: 'string', ip: 'string', port: 'integer' } },
      capacity: { fields: { calls: 'integer' } },
    },
  },
  cluster: { fields: { name: 'string', nodes: 'list', proxies: 'list' } },
  policy: {
    fields: {
      restart: 'any',
      hold: 'any',
      fence: 'any',
      onTimeout: 'string',
      threshold: 'integer',
      timeout: 'integer',
      foundDisabled: 'string',
      onOut: 'boolean',
    },
  },
};
