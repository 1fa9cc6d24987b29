/** Joins adapters and workflow: the only place that knows both. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Cluster, Node, Proxy } from '../domain/cluster.ts';
import { errorInfo, isInterruption } from '../domain/errors.ts';
import { known, type Known, unknown } from '../domain/observation.ts';
import { dialTcp } from '../freeswitch/dial-tcp.ts';
import { FreeswitchNode } from '../freeswitch/freeswitch-node.ts';
import { whereaboutsOf } from '../journal/whereabouts.ts';
import { findStandingBaseline } from '../journal/standing-baseline.ts';
import { KamailioProxy } from '../kamailio/kamailio-proxy.ts';
import { createSipProbe } from '../sip/options-probe.ts';
import { createLocalCommand } from '../local/local-command.ts';
import { guardedCommand } from '../ssh/remote-command.ts';
import { createHosts } from '../ssh/host.ts';
import { within } from '../workflow/deadline.ts';
import type { HostPort, LocalCommand } from '../workflow/ports.ts';
import type { World } from '../workflow/world.ts';
import { type Call, callText } from './command.ts';
import { type HeldLock, lockName, withoutLock } from './run-lock.ts';
import { withoutSecrets } from './without-secrets.ts';

/** From SIGTERM to SIGKILL for a restart command that ran out of time: ms. */
const KILL_AFTER = 5_000;

export interface Composed {
  readonly world: World;
  /** Ends every connection. */
  readonly close: () => Promise<void>;
}

/** Makes every adapter; none connects before it is used. */
export function compose(
  cluster: Cluster,
  call: Pick<Call, 'host' | 'globals' | 'secrets'>,
  lock: HeldLock = withoutLock(cluster),
): Composed {
  const { host } = call;
  const { timeouts } = cluster;
  const { clock } = host;
  const onWarning = (warning: string): void => void host.stderr.write(`fsha: ${warning}\n`);
  const env = withoutSecrets(cluster, host.env, call.secrets);
  const ssh = createHosts({ timeouts, env, home: host.home, localUser: host.user, onWarning });

  const hosts = new Map(cluster.nodes.map((node) => [node.name, ssh(node.name, node.ssh)]));
  const nodes = new Map(cluster.nodes.map((node) => [node.name, freeswitch(node, hosts)]));
  const proxyHosts = new Map(
    cluster.proxies.flatMap((proxy) =>
      proxy.via === undefined ? [] : [[proxy.name, ssh(proxy.name, proxy.via)]],
    ),
  );
  const proxies = new Map(cluster.proxies.map((proxy) => [proxy.name, kamailio(proxy)]));

  function freeswitch(node: Node, reach: ReadonlyMap<string, HostPort>): FreeswitchNode {
    const { host: address, port, via, password } = node.esl;
    const tunnel = via === 'ssh' ? reach.get(node.name) : undefined;
    return new FreeswitchNode({
      node: node.name,
      address: `${address}:${port}${tunnel === undefined ? '' : ' through SSH'}`,
      connect: (signal) => tunnel?.dial(address, port, signal) ?? dialTcp(address, port, signal),
      password,
      timeouts,
      clock,
    });
  }

  function kamailio(proxy: Proxy): KamailioProxy {
    const tunnel = proxyHosts.get(proxy.name);
    return new KamailioProxy({
      proxy,
      timeouts,
      clock,
      connect:
        tunnel === undefined ? undefined : (address, port, signal) => tunnel.dial(address, port, signal),
    });
  }

  const world: World = {
    cluster,
    clock,
    call: callText(call),
    nodes,
    proxies,
    hosts,
    proxyHosts,
    probe: createSipProbe(),
    local: inEnvironment(createLocalCommand(), env),
    resolve: (name, signal) => resolveName(name, timeouts.request, signal),
    standing: async (node) =>
      (await findStandingBaseline(cluster.state.dir, cluster.name, node, callText(call))) ?? null,
    whereabouts: (run) =>
      whereaboutsOf(cluster.state.dir, run, { name: lockName(host, cluster), use: lock.use }),
    lock,
    guard: (node, command, timeout) =>
      guardedCommand({
        command,
        lockPath: `/tmp/fsha-${cluster.name}-${node}.lock`,
        // What was looked at before it would be old behind a wait.
        lockWait: 0,
        timeout,
        killAfter: KILL_AFTER,
      }),
  };

  async function resolveName(
    name: string,
    timeout: number,
    signal: AbortSignal,
  ): Promise<Known<readonly string[]>> {
    if (isIP(name) !== 0) return known([name]);
    try {
      // The resolver cannot be stopped; it is no longer waited for.
      const found = await within(clock, timeout, signal, `resolving ${name}`, (ended) =>
        Promise.race([lookup(name, { all: true }), whenAborted(ended)]),
      );
      return known(found.map(({ address }) => address));
    } catch (error) {
      if (isInterruption(error)) throw error;
      return unknown(`${name} does not resolve: ${errorInfo(error).message}`);
    }
  }

  return {
    world,
    close: async () => {
      await Promise.all([...nodes.values(), ...proxies.values()].map((port) => port.close()));
      await Promise.all([...hosts.values(), ...proxyHosts.values()].map((port) => port.close()));
    },
  };
}

/** The user's commands find the user's own surroundings: PATH, HOME, SSH_AUTH_SOCK. */
function inEnvironment(local: LocalCommand, around: Readonly<Record<string, string>>): LocalCommand {
  return {
    run: (command, env, timeout, signal) => local.run(command, { ...around, ...env }, timeout, signal),
  };
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}
