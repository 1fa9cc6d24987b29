/** Finds out about a node what preflight and doctor judge; changes nothing. */
import { foundDestinations, type Standing } from '../domain/baseline.ts';
import type { Node } from '../domain/cluster.ts';
import { readFlags } from '../domain/dispatcher-state.ts';
import { type ErrorInfo, errorInfo, isInterruption } from '../domain/errors.ts';
import { readMark, type Whereabouts } from '../domain/mark.ts';
import { known, type Known, type Observation, unknown } from '../domain/observation.ts';
import type { Purpose } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { mayRestart, type NodeFacts, type PreflightInput } from '../domain/preflight/check.ts';
import { hostsOf } from '../domain/preflight/unlisted-targets.ts';
import { permissionProbes } from '../domain/restart-command.ts';
import { parseSipAddress } from '../domain/sip-address.ts';
import { placedTargets } from '../domain/targets.ts';
import { printable } from '../domain/text.ts';
import type { HostPort } from './ports.ts';
import { hostPort, type World } from './world.ts';

/** How long a node may take to answer OPTIONS: ms. */
export const OPTIONS_TIMEOUT = 2_000;
/** How many nodes a dry run looks at side by side: it logs in to each. */
export const LOOKS_AT_A_TIME = 8;

/** What is to be known, and for whom. */
export interface Survey {
  readonly node: Node;
  readonly purpose: Purpose;
  readonly policy: Policy;
  /** The run that asks; null for a look without one. */
  readonly asker: {
    readonly run: string;
    /** What it had found of the node itself, where it goes on. */
    readonly standing: Standing | null;
  } | null;
}

/**
 * Everything the checks need to know about one node, from an observation in which all nodes are read in full. What does
 * not hang on that (the way over SSH, OPTIONS, earlier runs) is looked at while the observation is made.
 */
export async function surveyNode(
  world: World,
  observing: Promise<Observation>,
  { node, purpose, policy, asker }: Survey,
  signal: AbortSignal,
): Promise<PreflightInput> {
  const beside = Promise.all([
    gatherFacts(world, node, mayRestart({ purpose, policy }), signal),
    world.standing(node.name),
  ]);
  // Where the observation fails first, that is what is told.
  beside.catch(() => undefined);
  const observation = await observing;
  const [[facts, left], addresses, runs] = await Promise.all([
    beside,
    resolveAll(world, hostsIn(node, observation), signal),
    runsOfMarks(world, observation),
  ]);
  const run = asker?.run ?? null;
  const isInterrupted =
    left !== null &&
    !left.settled &&
    left.run !== run &&
    ['interrupted', 'damaged'].includes(await world.whereabouts(left.run));
  // A node that is in service again was brought back by somebody: what an earlier run had found is history.
  const standing = isDisabledSomewhere(world, node, observation) ? left : null;
  return {
    cluster: world.cluster,
    node,
    purpose,
    policy,
    observation,
    facts,
    addresses,
    run,
    runs,
    restartOpen: left !== null && left.run !== run && left.restartOpen,
    interrupted: isInterrupted ? left : null,
    standing:
      asker !== null && asker.standing !== null && isAsLeft(world, node, observation, purpose)
        ? asker.standing
        : standing,
    call: world.call,
    wall: world.clock.wall().getTime(),
  };
}

/** What is known here of every run that holds a node. */
export async function runsOfMarks(
  world: World,
  observation: Observation,
): Promise<Readonly<Record<string, Whereabouts>>> {
  const runs = Object.values(observation.nodes).flatMap(({ mark }) =>
    mark.known && mark.value !== null ? (readMark(mark.value)?.run ?? []) : [],
  );
  return Object.fromEntries(
    await Promise.all([...new Set(runs)].map(async (run) => [run, await world.whereabouts(run)] as const)),
  );
}

function isDisabledSomewhere(world: World, node: Node, observation: Observation): boolean {
  const found = foundDestinations(world.cluster, node, observation);
  return found.some((one) => readFlags(one.flags)?.state === 'disabled');
}

/** Whether the node may still be as a run that goes on has left it. In and open again, somebody has brought it back meanwhile. */
function isAsLeft(world: World, node: Node, observation: Observation, purpose: Purpose): boolean {
  const pause = observation.nodes[node.name]?.pause;
  const isOpen = pause?.known === true && !pause.value.inbound;
  return purpose === 'resume' || !isOpen || isDisabledSomewhere(world, node, observation);
}

async function gatherFacts(
  world: World,
  node: Node,
  needsSsh: boolean,
  signal: AbortSignal,
): Promise<NodeFacts> {
  // Both at once: one that is interrupted must not leave the other without anybody who hears how it ended.
  const [options, overSsh] = await Promise.all([
    probeOptions(world, node, signal),
    needsSsh ? gatherOverSsh(world, node, signal) : {},
  ]);
  return { ...overSsh, options };
}

async function gatherOverSsh(
  world: World,
  node: Node,
  signal: AbortSignal,
): Promise<Pick<NodeFacts, 'ssh' | 'restart'>> {
  const host = hostPort(world, node.name);
  const ssh = await host.login(signal).then(
    (): ErrorInfo | null => null,
    (error: unknown) => {
      if (isInterruption(error)) throw error;
      return errorInfo(error);
    },
  );
  const restart =
    ssh === null
      ? await restartAllowed(host, node, world.cluster.timeouts.request, signal)
      : unknown('not logged in');
  return { ssh, restart };
}

/** Asks the node by SIP OPTIONS from here, where its address is known. */
export function probeOptions(world: World, node: Node, signal: AbortSignal): Promise<Known<number>> {
  const host = node.sip.ip;
  if (host === undefined) return Promise.resolve(unknown('sip.ip is not in the inventory'));
  return world.probe.options(host, node.sip.port, OPTIONS_TIMEOUT, signal);
}

/** Why the restart command may not be run; null where nothing speaks against it. */
async function restartAllowed(
  host: HostPort,
  node: Node,
  timeout: number,
  signal: AbortSignal,
): Promise<Known<string | null>> {
  const probes = permissionProbes(node.restart.command);
  if (probes.length === 0)
    return unknown('the restart command is a shell line that cannot be checked without running it');
  for (const { probe, expect, problem } of probes) {
    try {
      const result = await host.run(probe, timeout, signal);
      if (result.exitCode !== 0 || (expect !== undefined && result.stdout.trim() !== expect)) {
        const said = printable((result.stderr.trim() || result.stdout.trim()).replace(/\s+/g, ' '));
        return known(`${node.name}: ${problem}${said === '' ? '' : ` (${said})`}`);
      }
    } catch (error) {
      if (isInterruption(error)) throw error;
      return unknown(errorInfo(error).message);
    }
  }
  return known(null);
}

function hostsIn(node: Node, observation: Observation): readonly string[] {
  const listed = Object.values(observation.proxies).flatMap((proxy) =>
    proxy.sets.known ? placedTargets(proxy.sets.value).map((target) => target.uri) : [],
  );
  const own = node.destinations.flatMap((destination) => destination.uri ?? []);
  const hosts = [...listed, ...own].flatMap((uri) => parseSipAddress(uri)?.host ?? []);
  return [...new Set([...hosts, ...hostsOf(node)])];
}

async function resolveAll(
  world: World,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, Known<readonly string[]>>>> {
  return Object.fromEntries(
    await Promise.all(hosts.map(async (host) => [host, await world.resolve(host, signal)] as const)),
  );
}
