/** What stands in the line of a node, made once for each reading: it is drawn several times a second. */
import stringWidth from 'string-width';
import type { Cluster, Node } from '../../domain/cluster.ts';
import { readMark } from '../../domain/mark.ts';
import type { NodeObservation, Observation, ProxyObservation } from '../../domain/observation.ts';
import type { MarkNote } from '../../domain/mark-notes.ts';
import type { RunNotes } from '../../domain/run-notes.ts';
import { printable } from '../../domain/text.ts';
import {
  callsCell,
  pauseCell,
  sessionsCell,
  stateCell,
  targetsOf,
  UNKNOWN,
  uptimeCell,
  versionCell,
} from '../../output/status-cells.ts';
import { nodeService, type NodeService } from '../../output/status-service.ts';
import type { Style } from '../line.ts';
import { runNotesOf } from './run-words.ts';

export interface Cell {
  readonly text: string;
  /** Columns of the terminal. */
  readonly width: number;
  readonly style: Style;
}

/** In full, and for where there is little room. */
export interface Note {
  readonly text: string;
  readonly short: string;
}

export interface NodeRow {
  readonly node: Node;
  readonly service: NodeService;
  /** On each proxy, in the order of the inventory. */
  readonly states: readonly Cell[];
  /** All of them in one: `active p`, or `active p 3, disabled 1`. */
  readonly grouped: Cell;
  readonly name: Cell;
  readonly sessions: Cell;
  readonly calls: Cell;
  readonly uptime: Cell;
  readonly version: Cell;
  readonly pause: Cell;
  /** What else there is to say: unreachable, not ready, the run that holds it. Empty for most. */
  readonly notes: readonly Note[];
  /** null for unknown. */
  readonly sessionCount: number | null;
  /** Monotonic ms of the reading; null for none yet. */
  readonly at: number | null;
  /** 0 for a node of which there is nothing to say; more is worse. */
  readonly trouble: number;
  /** In lower case: what a filter finds anywhere in them, and what only at their beginning. */
  readonly names: readonly string[];
  readonly words: readonly string[];
}

/** Keeps the rows of a cluster; those whose readings are the same objects as before stay the same objects. */
export class Rows {
  readonly #cluster: Cluster;
  #rows: readonly NodeRow[] = [];
  #readings: readonly (NodeObservation | undefined)[] = [];
  #lists: readonly (ProxyObservation | undefined)[] = [];
  #runs: RunNotes | null = null;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** One row for each node, in the order of the inventory; the same array where nothing was read since. */
  of(observation: Observation, runs: RunNotes | null): readonly NodeRow[] {
    const { nodes, proxies } = this.#cluster;
    const readings = nodes.map(({ name }) => observation.nodes[name]);
    const lists = proxies.map(({ name }) => observation.proxies[name]);
    const isOther = this.#rows.length !== nodes.length || !isSame(lists, this.#lists) || runs !== this.#runs;
    if (!isOther && isSame(readings, this.#readings)) return this.#rows;
    this.#rows = nodes.map((node, index) => {
      const before = this.#rows[index];
      return before !== undefined && !isOther && readings[index] === this.#readings[index]
        ? before
        : rowOf(this.#cluster, observation, runs, node);
    });
    this.#readings = readings;
    this.#lists = lists;
    this.#runs = runs;
    return this.#rows;
  }
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}

function rowOf(cluster: Cluster, observation: Observation, runs: RunNotes | null, node: Node): NodeRow {
  const seen = observation.nodes[node.name];
  const targets = cluster.proxies.map((proxy) => targetsOf(observation, proxy, node));
  const service = nodeService(targets, node);
  const states = targets.map((list) => stateCell(list, node));
  const ofRuns = runNotesOf(node.name, runs);
  const notes = [...notesOf(node.name, seen, runs), ...ofRuns.map(({ long, short }) => note(long, short))];
  const value = (show: (one: NodeObservation) => string): Cell => {
    const text = seen === undefined ? UNKNOWN : show(seen);
    return cell(text, text === UNKNOWN ? 'warning' : 'plain');
  };
  const pause = value(pauseCell);
  return {
    node,
    service,
    states: states.map((state) => cell(state, styleOf(state))),
    grouped: cell(grouped(states), SERVICE_STYLES[service]),
    name: cell(printable(node.name), 'plain'),
    sessions: value(sessionsCell),
    calls: value(callsCell),
    uptime: value(uptimeCell),
    version: value(versionCell),
    pause: pause.text === 'no' ? pause : { ...pause, style: 'warning' },
    notes,
    sessionCount: seen?.sessions.known === true ? seen.sessions.value : null,
    at: seen?.at ?? null,
    trouble: Math.max(troubleOf(service, seen), ...ofRuns.map(({ trouble }) => trouble)),
    names: [node.name, ...Object.entries(node.labels).map(([key, label]) => `${key}=${label}`)].map((text) =>
      printable(text).toLowerCase(),
    ),
    words: wordsOf(states, service, seen, notes),
  };
}

function cell(text: string, style: Style): Cell {
  return { text, width: stringWidth(text), style };
}

const SERVICE_STYLES: Readonly<Record<NodeService, Style>> = {
  'in service': 'good',
  'out of service': 'warning',
  impaired: 'error',
  unknown: 'warning',
};

function styleOf(state: string): Style {
  const [word] = state.split(' ');
  if (word === 'active' || word === 'trying') return 'good';
  return word === 'disabled' || state === UNKNOWN ? 'warning' : 'error';
}

/** The most frequent first; one word where all proxies show the same. */
function grouped(states: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  const [only, ...others] = counts.keys();
  if (only !== undefined && others.length === 0) return only;
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([state, count]) => `${state} ${count}`)
    .join(', ');
}

function notesOf(name: string, seen: NodeObservation | undefined, runs: RunNotes | null): readonly Note[] {
  if (seen === undefined) return [note('not read yet')];
  if (seen.trouble !== null) return [note(`unreachable: ${seen.trouble.code}`, 'unreachable')];
  const { ready, mark } = seen;
  return [
    ...(ready.known ? (ready.value ? [] : [note('not ready')]) : [note('readiness unknown')]),
    ...(mark.known
      ? mark.value === null
        ? []
        : heldNotes(holder(mark.value), runs?.marks[name]?.state)
      : [note('mark unknown')]),
  ];
}

/** @param state what is known of the mark; undefined: nothing */
function heldNotes(run: string, state: MarkNote['state'] | undefined): readonly Note[] {
  if (state === 'noted') return [];
  if (state === 'ended') return [note(`still marked by ${run}`, 'marked')];
  if (state === 'left') return [note(`left out by ${run}`, 'left out')];
  return [state === 'stale' ? note(`held by ${run}, stale`, 'held, stale') : note(`held by ${run}`, 'held')];
}

function note(text: string, short = text): Note {
  return { text, short };
}

/** What a filter finds by its beginning. */
function wordsOf(
  states: readonly string[],
  service: NodeService,
  seen: NodeObservation | undefined,
  notes: readonly Note[],
): readonly string[] {
  const pause = seen === undefined ? UNKNOWN : pauseCell(seen);
  const values = [seen?.sessions, seen?.calls, seen?.pause, seen?.uptimeMs, seen?.version];
  return [
    ...states,
    service,
    ...notes.map(({ text }) => text),
    ...(pause === 'no' || pause === UNKNOWN ? [] : [`paused: ${pause}`]),
    ...(values.some((value) => value?.known !== true) ? [UNKNOWN] : []),
  ].map((text) => text.toLowerCase());
}

function holder(mark: string): string {
  return printable(readMark(mark)?.run ?? mark, 40);
}

/** What nobody knows comes before what is bad, since it may be worse; a node that is out was mostly taken out. */
function troubleOf(service: NodeService, seen: NodeObservation | undefined): number {
  if (seen === undefined || seen.trouble !== null) return 6;
  if (service === 'unknown') return 5;
  const { ready, pause, sessions, calls, mark } = seen;
  const isPaused = pause.known && (pause.value.inbound || pause.value.outbound);
  if (service === 'impaired' || (ready.known && !ready.value) || (service === 'in service' && isPaused))
    return 4;
  if ([ready, pause, sessions, calls, mark].some((value) => !value.known)) return 3;
  if (service === 'out of service') return 2;
  return mark.known && mark.value !== null ? 1 : 0;
}
