/** In which order nodes are taken out, and how many at a time. */
import { type Cluster, findNode, type RollingSettings } from '../cluster.ts';
import { FshaError } from '../errors.ts';
import type { Observation } from '../observation.ts';
import type { SkippedNode } from './rolling-plan.ts';
import { whyUnavailable, whyUnavailableAfterwards } from './unavailable.ts';

export interface RollingWish {
  /** Names of the nodes, each once, in the order of the inventory. */
  readonly nodes: readonly string[];
  readonly settings: RollingSettings;
  /** Leave out those whose ESL cannot be read. */
  readonly skipUnreachable: boolean;
}

export interface Batches {
  /** Each is begun when the one before has ended; the nodes of one go side by side, as far as the guard admits them. */
  readonly batches: readonly (readonly string[])[];
  /** See RollingPlan. */
  readonly canary: readonly string[];
  readonly skipped: readonly SkippedNode[];
  /** How many may be out at a time. */
  readonly maxUnavailable: number;
}

/**
 * Nodes that are out already go first: they cost nothing more, and as long as they are out they count.
 * @throws FshaError `refused` where a node cannot be read, or too many are out already and will be
 */
export function planBatches(cluster: Cluster, observation: Observation, wish: RollingWish): Batches {
  const { settings } = wish;
  const maxUnavailable = countOf(settings.maxUnavailable, cluster.nodes.length);
  const unreadable = wish.nodes.flatMap((node): readonly SkippedNode[] => {
    const seen = observation.nodes[node];
    if (seen?.trouble === null) return [];
    return [{ node, why: seen?.trouble?.message ?? 'it was not read' }];
  });
  const [first] = unreadable;
  if (first !== undefined && !wish.skipUnreachable)
    throw new FshaError(
      'refused',
      `${unreadable.map(({ node }) => node).join(', ')} cannot be read: ${first.why}`,
      `Mend that, or leave out what cannot be read: --skip-unreachable${placeFor(cluster, observation, unreadable, maxUnavailable)}.`,
    );
  const skipped = new Set(unreadable.map(({ node }) => node));
  const outside = (name: string): string | null => {
    const node = cluster.nodes.find((one) => one.name === name);
    return node === undefined ? null : whyUnavailable(cluster, node, observation);
  };
  const taken = wish.nodes.filter((name) => !skipped.has(name));
  const others = cluster.nodes.flatMap(({ name }) => {
    const why = taken.includes(name) ? null : outside(name);
    return why === null ? [] : [`${name} (${why})`];
  });
  const room = maxUnavailable - others.length;
  if (taken.length > 0 && room < 1)
    throw new FshaError(
      'refused',
      `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} out already, and no more than ${maxUnavailable} may be out at a time`,
      'Bring them back in, take them along, or raise --max-unavailable.',
    );
  // They are restarted, and given back as they were found: nobody else may go beside them any more than before.
  const stay = taken.flatMap((name) => {
    const node = findNode(cluster, name);
    const why = node === undefined ? null : whyUnavailableAfterwards(cluster, node, observation);
    return why === null ? [] : [{ name, said: `${name} (${why})` }];
  });
  const roomBeside = room - stay.length;
  if (stay.length < taken.length && roomBeside < 1)
    throw new FshaError(
      'refused',
      `${stay.map(({ said }) => said).join(', ')} would be given back as found, out of service, and no more than ${maxUnavailable} may be out at a time`,
      `Bring ${stay.length === 1 ? 'it' : 'them'} in first (fsha activate ${stay[0]?.name ?? ''}), leave ${stay.length === 1 ? 'it' : 'them'} out, or raise --max-unavailable.`,
    );
  const ordered = inOrder(taken, observation, settings.order);
  const out = ordered.filter((name) => outside(name) !== null);
  const queue = [...out, ...ordered.filter((name) => !out.includes(name))];
  const size = Math.max(1, roomBeside);
  return {
    batches: inBatches(queue, size, settings.canary),
    // As many as go at a time anyway are none.
    canary: settings.canary < size ? queue.slice(0, settings.canary) : [],
    skipped: unreadable,
    maxUnavailable,
  };
}

/** Those that cannot be read count as out all the time: where they leave no place, there has to be one more. */
function placeFor(
  cluster: Cluster,
  observation: Observation,
  unreadable: readonly SkippedNode[],
  maxUnavailable: number,
): string {
  const out = cluster.nodes.filter(
    (node) =>
      unreadable.some((one) => one.node === node.name) || observation.nodes[node.name]?.trouble !== null,
  ).length;
  return out < maxUnavailable ? '' : ` --max-unavailable ${out + 1}`;
}

/** A percentage is one of all nodes, rounded down, and at least 1. */
function countOf(setting: RollingSettings['maxUnavailable'], nodes: number): number {
  if (typeof setting === 'number') return setting;
  return Math.max(1, Math.floor((nodes * Number.parseInt(setting, 10)) / 100));
}

function inOrder(
  names: readonly string[],
  observation: Observation,
  order: RollingSettings['order'],
): readonly string[] {
  if (order === 'inventory') return names;
  const sessions = (name: string): number => {
    const seen = observation.nodes[name]?.sessions;
    return seen?.known === true ? seen.value : Number.POSITIVE_INFINITY;
  };
  return [...names].sort((a, b) => compare(sessions(a), sessions(b)));
}

/** Infinity less infinity is no number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** @param canary so many go first, in a batch of their own */
function inBatches(queue: readonly string[], size: number, canary: number): readonly (readonly string[])[] {
  const batches: (readonly string[])[] = [];
  const first = canary === 0 ? size : Math.min(size, canary);
  for (let from = 0; from < queue.length;) {
    const next = queue.slice(from, from + (from === 0 ? first : size));
    batches.push(next);
    from += next.length;
  }
  return batches;
}
