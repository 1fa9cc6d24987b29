/** What does not fit into the table of `fsha status`: why something is unknown, and what else is remarkable. */
import type { Cluster, Node, Proxy } from '../domain/cluster.ts';
import { readMark } from '../domain/mark.ts';
import type { Known, NodeObservation, Observation } from '../domain/observation.ts';
import type { RunNotes } from '../domain/run-notes.ts';
import { destinationText, isTarget } from '../domain/targets.ts';
import { printable } from '../domain/text.ts';
import { shortState, stateCell, targetsOf } from './status-cells.ts';
import { markText } from './status-runs.ts';

const SHOWN = [
  ['sessions', 'sessions'],
  ['sessionLimit', 'session limit'],
  ['calls', 'calls'],
  ['uptimeMs', 'uptime'],
  ['version', 'version'],
  ['pause', 'pause'],
] as const satisfies readonly (readonly [keyof NodeObservation, string])[];

/** Everything asked for that is unknown, one line each with why; empty where all is known. */
export function unknownNotes(cluster: Cluster, observation: Observation): readonly string[] {
  return [
    ...cluster.nodes.flatMap((node) => nodeUnknowns(node, observation.nodes[node.name])),
    ...cluster.proxies.flatMap((proxy) => proxyUnknowns(proxy, observation)),
  ];
}

/**
 * The notes of one node: what is unknown of it and why, then what is remarkable.
 * @param runs what is known of runs; null: nothing, then a mark is only what it says itself
 */
export function nodeNotes(
  cluster: Cluster,
  observation: Observation,
  node: Node,
  runs: RunNotes | null,
): readonly string[] {
  return [
    ...nodeUnknowns(node, observation.nodes[node.name]),
    ...remarksOf(cluster, observation, node, runs),
  ];
}

/** What is known and yet not as it should be, one line each. */
export function remarks(
  cluster: Cluster,
  observation: Observation,
  runs: RunNotes | null,
): readonly string[] {
  return cluster.nodes.flatMap((node) => remarksOf(cluster, observation, node, runs));
}

function remarksOf(
  cluster: Cluster,
  observation: Observation,
  node: Node,
  runs: RunNotes | null,
): readonly string[] {
  return [
    ...nodeRemarks(node, observation.nodes[node.name], runs),
    ...cluster.proxies.flatMap((proxy) => listRemarks(node, proxy, observation)),
  ];
}

/** What is unknown of a node and why; one line where it could not be read at all. */
export function nodeUnknowns(node: Node, seen: NodeObservation | undefined): readonly string[] {
  const name = printable(node.name);
  if (seen === undefined) return [`${name}: unknown: it was not read`];
  if (seen.trouble !== null)
    return [withHint(`${name}: unknown: ${said(seen.trouble.message)}`, seen.trouble.hint)];
  const byReason = new Map<string, string[]>();
  for (const [key, word] of SHOWN) {
    const value: Known<unknown> = seen[key];
    if (!value.known) byReason.set(value.why, [...(byReason.get(value.why) ?? []), word]);
  }
  return [...byReason].map(([why, words]) => `${name}: ${words.join(', ')} unknown: ${said(why)}`);
}

/** Why the list of a proxy is unknown; empty where it is known. */
export function proxyUnknowns(proxy: Proxy, observation: Observation): readonly string[] {
  const name = printable(proxy.name);
  const seen = observation.proxies[proxy.name];
  if (seen === undefined) return [`${name}: unknown: it was not read`];
  if (seen.trouble !== null)
    return [withHint(`${name}: unknown: ${said(seen.trouble.message)}`, seen.trouble.hint)];
  return seen.sets.known ? [] : [`${name}: dispatcher list unknown: ${said(seen.sets.why)}`];
}

function nodeRemarks(
  node: Node,
  seen: NodeObservation | undefined,
  runs: RunNotes | null,
): readonly string[] {
  if (seen?.trouble !== null) return [];
  const name = printable(node.name);
  const mark = seen.mark.known && seen.mark.value !== null ? heldText(seen.mark.value, node, runs) : null;
  return [
    ...(seen.ready.known && !seen.ready.value ? [`${name}: not ready`] : []),
    ...(mark === null ? [] : [`${name}: ${mark}`]),
    ...(seen.switchname.known && seen.switchname.value !== node.name
      ? [`${name}: FreeSWITCH calls itself ${printable(seen.switchname.value)}`]
      : []),
  ];
}

function heldText(mark: string, node: Node, runs: RunNotes | null): string | null {
  const note = runs?.marks[node.name];
  return runs === null || note === undefined ? heldWords(mark) : markText(note);
}

/** What a mark says by itself: `held by run 20261122-213134-k3f9 of ops@bastion`. */
export function heldWords(mark: string): string {
  const holder = holderText(mark);
  return readMark(mark)?.ended === true ? `left out by ${holder}, which has ended` : `held by ${holder}`;
}

/** Who holds a node that has this mark: `run 20261122-213134-k3f9 of ops@bastion`. */
function holderText(mark: string): string {
  const holder = readMark(mark);
  return holder === undefined
    ? `a mark that is none of fsha's: ${printable(mark)}`
    : `run ${printable(holder.run)} of ${printable(holder.who)}`;
}

/** Where one word could not say what a proxy shows of the node. */
function listRemarks(node: Node, proxy: Proxy, observation: Observation): readonly string[] {
  const targets = targetsOf(observation, proxy, node);
  if (!targets.known || !['mixed', 'not listed'].includes(stateCell(targets, node))) return [];
  const states = node.destinations.map((destination) => {
    const found = targets.value.filter((target) => isTarget(destination, target));
    const shown =
      found.length === 0 ? 'not listed' : found.map(({ flags }) => shortState(flags)).join(' and ');
    return `${printable(destinationText(destination))} ${shown}`;
  });
  return [`${printable(node.name)} on ${printable(proxy.name)}: ${states.join('; ')}`];
}

function withHint(text: string, hint: string): string {
  return hint === '' ? text : `${text} ${said(hint)}`;
}

function said(text: string): string {
  return printable(text, 500);
}
