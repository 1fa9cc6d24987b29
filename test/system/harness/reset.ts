import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { endStrayRuns } from './fsha.ts';
import type { RealProxy } from './kamailio.ts';
import type { RealCluster } from './real-cluster.ts';
import type { StandInNode } from './stand-in-node.ts';

const LIMIT_MS = 20_000;

type Flags = Readonly<Record<string, string>>;

/**
 * Brings the servers back to what they were; see `RealCluster.reset`. Callers have been ended.
 * @param initial FLAGS of every destination on each proxy
 * @throws with a line for everything that is not well after 20 s
 */
export async function resetCluster(cluster: RealCluster, initial: readonly Flags[]): Promise<void> {
  await endStrayRuns();
  // A hook of a test's that failed is heard of here.
  for (const gate of cluster.gates) await gate.open();
  const deadline = performance.now() + LIMIT_MS;
  for (let wrong = await pass(cluster, initial); wrong.length > 0; wrong = await pass(cluster, initial)) {
    if (performance.now() > deadline) {
      throw new Error(`the cluster is not well ${LIMIT_MS} ms after its reset:\n  ${wrong.join('\n  ')}`);
    }
    await delay(150);
  }
  await rm(cluster.stateDir, { recursive: true, force: true });
}

/** Does what can be done now and tells what is not as it should be; an error is something that is not. */
async function pass(cluster: RealCluster, initial: readonly Flags[]): Promise<readonly string[]> {
  const { jump, hosts } = cluster.ssh;
  const work: readonly (readonly [string, () => Promise<readonly string[]>])[] = [
    ...[jump, ...hosts.values()].map(
      (server) =>
        [
          `sshd on ${server.host}`,
          () => {
            server.thaw();
            return nothing(server.start());
          },
        ] as const,
    ),
    ...cluster.nodes.map((node) => [node.name, () => resetNode(node)] as const),
    ...cluster.proxies.map(
      (proxy, index) => [`lb-${index + 1}`, () => resetProxy(proxy, initial[index] ?? {})] as const,
    ),
  ];
  const wrong = await Promise.all(
    work.map(async ([what, look]) => {
      try {
        return (await look()).map((one) => `${what}: ${one}`);
      } catch (error) {
        return [`${what}: ${reasons(error)}`];
      }
    }),
  );
  return wrong.flat();
}

async function resetNode(node: StandInNode): Promise<readonly string[]> {
  await node.thaw();
  await node.unit('start');
  await node.clearFaults();
  const before = await node.stats();
  if (before.phase !== 'running') return [`it is ${before.phase}`];
  await node.api('fsctl resume');
  await node.api('global_setvar fsha_run=');
  await node.api('hupall');
  const { sessionsNow, paused } = await node.stats();
  const status = await node.api('status');
  const gateways = await node.api('sofia status gateway');
  return [
    ...(sessionsNow > 0 ? [`${sessionsNow} sessions are up`] : []),
    ...(paused.inbound || paused.outbound ? ['it is paused'] : []),
    ...(/ is ready/.test(status) ? [] : ['it does not say that it is ready']),
    ...(/trunk-a\s.*\sREGED\s/.test(gateways) ? [] : ['its gateway is not registered']),
  ];
}

async function resetProxy(proxy: RealProxy, initial: Flags): Promise<readonly string[]> {
  proxy.thaw();
  await proxy.up();
  const wrong: string[] = [];
  for (const [key, flags] of Object.entries(await proxy.list())) {
    const wanted = initial[key];
    if (wanted === undefined || wanted === flags) continue;
    wrong.push(`${key} is ${flags} instead of ${wanted}`);
    const [set = '', uri = ''] = key.split(' ');
    await proxy.setState(wanted === 'AP' ? 'ap' : 'a', Number(set), uri);
  }
  return wrong;
}

async function nothing(work: Promise<unknown>): Promise<readonly string[]> {
  await work;
  return [];
}

function reasons(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${reasons(error.cause)})`;
}
