/** The screen of `fsha status`: nodes × proxies. */
import type { Cluster, Node } from '../domain/cluster.ts';
import type { NodeObservation, Observation } from '../domain/observation.ts';
import type { RunNotes } from '../domain/run-notes.ts';
import { printable } from '../domain/text.ts';
import { counted } from './count-words.ts';
import {
  callsCell,
  pauseCell,
  sessionsCell,
  stateCell,
  targetsOf,
  UNKNOWN,
  uptimeCell,
  versionCell,
} from './status-cells.ts';
import { remarks, unknownNotes } from './status-notes.ts';
import { inLines, missingTexts, saidOfRuns, textOnly } from './status-runs.ts';
import { type Column, naturalWidth, renderTable, type Row } from './table.ts';

const NUMBERS: readonly Column[] = [
  { title: 'SESSIONS', align: 'right' },
  { title: 'CALLS', align: 'right' },
  { title: 'UPTIME', align: 'right' },
  { title: 'VERSION', least: 7 },
  { title: 'PAUSE' },
];

/**
 * One line for each node with its state on each proxy; where that is wider than `width`, the states stand below the
 * node, grouped. Below the table: why something is unknown, what else is remarkable, and what is to be said of runs.
 */
export function statusTable(
  cluster: Cluster,
  observation: Observation,
  width = 80,
  runs: RunNotes | null = null,
): readonly string[] {
  const notes = [...unknownNotes(cluster, observation), ...remarks(cluster, observation, runs)];
  const said = runs === null ? [] : [...saidOfRuns(runs, runs.wall), ...missingTexts(runs).map(textOnly)];
  return [
    `${printable(cluster.name)}: ${counted(cluster.nodes.length, 'node')}, ${counted(cluster.proxies.length, 'proxy', 'proxies')}`,
    '',
    ...(sideBySide(cluster, observation, width) ?? stacked(cluster, observation, width)),
    '',
    'SESSIONS: of the limit of FreeSWITCH. p: the proxy probes it with OPTIONS.',
    ...(notes.length === 0 ? [] : ['', ...notes]),
    ...(said.length === 0 ? [] : ['', ...said.flatMap((one) => inLines(one, width))]),
  ];
}

function sideBySide(cluster: Cluster, observation: Observation, width: number): readonly string[] | null {
  const columns: readonly Column[] = [
    { title: 'NODE' },
    ...cluster.proxies.map(({ name }) => ({ title: printable(name) })),
    ...NUMBERS,
  ];
  const rows = cluster.nodes.map((node): Row => [
    node.name,
    ...cluster.proxies.map((proxy) => stateCell(targetsOf(observation, proxy, node), node)),
    ...numbers(observation.nodes[node.name]),
  ]);
  return naturalWidth(columns, rows) <= width ? renderTable(columns, rows, width) : null;
}

function stacked(cluster: Cluster, observation: Observation, width: number): readonly string[] {
  const [title = '', ...lines] = renderTable(
    [{ title: 'NODE', least: 12 }, ...NUMBERS],
    cluster.nodes.map((node) => [node.name, ...numbers(observation.nodes[node.name])]),
    width,
  );
  return [
    title,
    ...cluster.nodes.flatMap((node, index) => [
      lines[index] ?? '',
      ...stateLines(cluster, observation, node, width),
    ]),
  ];
}

/** `  active p: lb-1, lb-2`, one line for each state that there is, wrapped. */
function stateLines(
  cluster: Cluster,
  observation: Observation,
  node: Node,
  width: number,
): readonly string[] {
  const proxies = new Map<string, string[]>();
  for (const proxy of cluster.proxies) {
    const state = stateCell(targetsOf(observation, proxy, node), node);
    proxies.set(state, [...(proxies.get(state) ?? []), printable(proxy.name)]);
  }
  return [...proxies].flatMap(([state, names]) => wrap(`  ${state}: `, names, width));
}

function wrap(head: string, names: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  let line = head;
  names.forEach((name, index) => {
    const piece = index === names.length - 1 ? name : `${name}, `;
    if (line.length + piece.trimEnd().length > width && line.trim() !== '' && line !== head) {
      lines.push(line.trimEnd());
      line = ' '.repeat(head.length);
    }
    line += piece;
  });
  return [...lines, line];
}

function numbers(seen: NodeObservation | undefined): Row {
  if (seen === undefined) return NUMBERS.map(() => UNKNOWN);
  return [sessionsCell(seen), callsCell(seen), uptimeCell(seen), versionCell(seen), pauseCell(seen)];
}
