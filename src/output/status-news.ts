/** What of a cluster has changed and is worth a line, for `fsha status --watch` without a terminal. */
import type { Cluster, Node, Proxy } from '../domain/cluster.ts';
import type { NodeObservation, Observation } from '../domain/observation.ts';
import type { RunNotes } from '../domain/run-notes.ts';
import { printable } from '../domain/text.ts';
import { counted } from './count-words.ts';
import { stateCell, targetsOf, UNKNOWN } from './status-cells.ts';
import {
  type News,
  type NodeNews,
  nothing,
  readingNews,
  type Remembered,
  said,
  standing,
} from './status-news-node.ts';
import { RunNews } from './status-news-runs.ts';
import { nodeUnknowns, proxyUnknowns } from './status-notes.ts';
import { serviceIn, sessionsText, tally } from './status-service.ts';

/** So many nodes get a line each for the same news; more share one, with so many names. */
const APART = 3;
const NAMED = 8;

/** Remembers what was last known of everything, and says what is new in an observation. */
export class StatusNews {
  readonly #cluster: Cluster;
  readonly #runs = new RunNews();
  readonly #nodes = new Map<string, Remembered>();
  readonly #proxies = new Map<
    string,
    { trouble: string | undefined; instance: string | undefined; read: boolean }
  >();
  /** Whether how it stands has been told: from then on what is found for the first time is news. */
  #begun = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * How it stands, in one line, and everything that is not as it should be.
   * @param runs what is known of runs; null: nothing yet
   */
  begin(observation: Observation, runs: RunNotes | null = null): readonly News[] {
    this.take(observation);
    this.#begun = true;
    const cluster = this.#cluster;
    for (const { name } of cluster.nodes) {
      const memory = this.#nodes.get(name);
      if (memory !== undefined && observation.nodes[name] === undefined) memory.trouble = 'unread';
    }
    return [
      this.summary(observation),
      ...cluster.proxies.flatMap((proxy) => proxyUnknowns(proxy, observation).map(bad)),
      ...together(
        cluster.nodes.flatMap((node) => [
          ...nodeUnknowns(node, observation.nodes[node.name]).map((note) => said(node, note, true)),
          ...notIn(cluster, observation, node),
          ...standing(node, observation.nodes[node.name]),
        ]),
      ),
      ...(runs === null ? [] : this.#runs.take(runs)),
    ];
  }

  /** The numbers, in one line. */
  summary(observation: Observation): News {
    const { nodes, proxies, name } = this.#cluster;
    const counts = tally(this.#cluster, observation);
    const services = Object.entries(counts.services).filter(
      ([service, count]) => count > 0 || service === 'in service',
    );
    const parts = [
      ...services.map(([service, count]) => `${count} ${service}`),
      ...(counts.unreachable === 0 ? [] : [`${counts.unreachable} unreachable`]),
      sessionsText(counts, nodes.length),
    ];
    return {
      bad: false,
      text: `${printable(name)}: ${counted(nodes.length, 'node')}, ${counted(proxies.length, 'proxy', 'proxies')}: ${parts.join(', ')}`,
    };
  }

  /** What has changed since the last observation; empty where nothing has. */
  take(observation: Observation, runs: RunNotes | null = null): readonly News[] {
    return [
      ...this.#cluster.proxies.flatMap((proxy) => this.#proxy(proxy, observation)),
      ...together(this.#cluster.nodes.flatMap((node) => this.#node(node, observation))),
      ...(runs === null ? [] : this.#runs.take(runs)),
    ];
  }

  #proxy(proxy: Proxy, observation: Observation): readonly News[] {
    const name = printable(proxy.name);
    const seen = observation.proxies[proxy.name];
    const before = this.#proxies.get(proxy.name);
    const [note] = proxyUnknowns(proxy, observation);
    const instance = seen?.instance.known === true ? seen.instance.value : before?.instance;
    this.#proxies.set(proxy.name, { trouble: note, instance, read: seen !== undefined });
    if (seen === undefined) return [];
    const restarted = before?.instance !== undefined && instance !== before.instance;
    return [
      ...(note === undefined || (before?.trouble === note && before.read) ? [] : [bad(note)]),
      ...(note === undefined && before?.trouble !== undefined ? [good(`${name}: answers`)] : []),
      ...(restarted ? [bad(`${name}: Kamailio was restarted`)] : []),
    ];
  }

  #node(node: Node, observation: Observation): readonly NodeNews[] {
    const memory = this.#nodes.get(node.name) ?? nothing();
    this.#nodes.set(node.name, memory);
    const seen = observation.nodes[node.name];
    return [
      ...(seen === memory.reading ? [] : this.#readingNews(node, memory, seen)),
      ...this.#stateNews(node, memory, observation),
    ];
  }

  #readingNews(node: Node, memory: Remembered, seen: NodeObservation | undefined): readonly NodeNews[] {
    memory.reading = seen;
    if (seen === undefined) return [];
    const isFirst = this.#begun && memory.values.size === 0;
    return [...readingNews(node, memory, seen), ...(isFirst ? standing(node, seen) : [])];
  }

  /** One for each change that there was, with all proxies that show it. */
  #stateNews(node: Node, memory: Remembered, observation: Observation): readonly NodeNews[] {
    const changes = new Map<string, { state: string; before: string | undefined; proxies: string[] }>();
    for (const proxy of this.#cluster.proxies) {
      const state = stateCell(targetsOf(observation, proxy, node), node);
      if (state === UNKNOWN) continue;
      const before = memory.states.get(proxy.name);
      memory.states.set(proxy.name, state);
      if (before === state || (before === undefined && (!this.#begun || isIn(state)))) continue;
      const key = `${state} ${before ?? ''}`;
      const change = changes.get(key) ?? { state, before, proxies: [] };
      change.proxies.push(printable(proxy.name));
      changes.set(key, change);
    }
    return [...changes.values()].map(({ state, before, proxies }) => ({
      node: node.name,
      text: `${state} on ${proxies.join(', ')}${before === undefined ? '' : ` (was ${before})`}`,
      bad: !isIn(state),
    }));
  }
}

/** Where a node is not selected, as far as that is known. */
function notIn(cluster: Cluster, observation: Observation, node: Node): readonly NodeNews[] {
  if (serviceIn(cluster, observation, node) === 'in service') return [];
  const proxies = new Map<string, string[]>();
  for (const proxy of cluster.proxies) {
    const state = stateCell(targetsOf(observation, proxy, node), node);
    if (state === UNKNOWN || isIn(state)) continue;
    proxies.set(state, [...(proxies.get(state) ?? []), printable(proxy.name)]);
  }
  return [...proxies].map(([state, names]) => said(node, `${state} on ${names.join(', ')}`, true));
}

/** `active p` and `trying`: calls are sent there. */
function isIn(state: string): boolean {
  return ['active', 'trying'].includes(state.replace(/ p$/, ''));
}

function bad(text: string): News {
  return { text, bad: true };
}

function good(text: string): News {
  return { text, bad: false };
}

/** What more than a few nodes have in common becomes one line, at the place of its first. */
function together(all: readonly NodeNews[]): readonly News[] {
  const nodes = new Map<string, string[]>();
  for (const { text, node } of all) nodes.set(text, [...(nodes.get(text) ?? []), printable(node)]);
  return all.flatMap(({ text, node, bad: isBad }) => {
    const names = nodes.get(text) ?? [];
    if (names.length <= APART) return [{ text: `${printable(node)}: ${text}`, bad: isBad }];
    if (names[0] !== printable(node)) return [];
    const rest = names.length - NAMED;
    const list = `${names.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
    return [{ text: `${counted(names.length, 'node')}: ${text}: ${list}`, bad: isBad }];
  });
}
