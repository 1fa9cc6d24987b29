/** Everything that is known of one node. */
import type { Cluster, Node, Proxy } from '../../domain/cluster.ts';
import type { Known, NodeObservation, Observation } from '../../domain/observation.ts';
import type { RunNotes } from '../../domain/run-notes.ts';
import { destinationText } from '../../domain/targets.ts';
import { printable } from '../../domain/text.ts';
import { flagsWords } from '../../output/state-words.ts';
import { callsCell, pauseCell, sessionsCell, UNKNOWN, uptimeCell } from '../../output/status-cells.ts';
import { heldWords, nodeNotes, proxyUnknowns } from '../../output/status-notes.ts';
import { inLines, saidOfNode } from '../../output/status-runs.ts';
import { serviceIn } from '../../output/status-service.ts';
import { targetIndex } from '../../domain/target-index.ts';
import { EMPTY_LINE, type Line, line, styled } from '../line.ts';
import type { Moment } from '../scene.ts';
import { ageText } from './age.ts';
import { wrapText } from '../../output/wrap-text.ts';

export interface Detail {
  readonly cluster: Cluster;
  readonly observation: Observation;
  readonly runs: RunNotes | null;
  readonly node: Node;
  readonly moment: Moment;
  readonly width: number;
}

export function detailLines({ cluster, observation, runs, node, moment, width }: Detail): readonly Line[] {
  const { now, wall } = moment;
  const seen = observation.nodes[node.name];
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`);
  const notes = [
    ...(seen === undefined ? [`${node.name}: not read yet`] : nodeNotes(cluster, observation, node, runs)),
    ...cluster.proxies.flatMap((proxy) => proxyUnknowns(proxy, observation)),
  ];
  return [
    line(styled('strong', node.name), `  ${serviceIn(cluster, observation, node)}`),
    ...notes.flatMap((note) =>
      wrapText(printable(note, 1_500), width, '  ').map((text) => line(styled('warning', text))),
    ),
    ...(runs === null ? [] : saidOfNode(runs, node.name, wall.getTime())).flatMap((said) =>
      inLines(said, width).map((text) => line(styled('warning', text))),
    ),
    ...(labels.length === 0 ? [] : [field('labels', labels.join(', '))]),
    ...lastRun(runs, node),
    ...(seen === undefined ? [] : values(seen, now)),
    EMPTY_LINE,
    ...cluster.proxies.flatMap((proxy) => onProxy(proxy, node, observation, now)),
  ];
}

function values(seen: NodeObservation, now: number): readonly Line[] {
  const text = (value: Known<unknown>): string => (value.known ? printable(String(value.value)) : UNKNOWN);
  const mark = seen.mark.known && seen.mark.value !== null ? heldWords(seen.mark.value) : 'none';
  return [
    field('sessions', sessionsText(seen)),
    field('calls', `${callsCell(seen)}, channels ${text(seen.channels)}`),
    field('ready', seen.ready.known ? (seen.ready.value ? 'yes' : 'no') : UNKNOWN),
    field('pause', pauseCell(seen)),
    field('mark', seen.mark.known ? mark : UNKNOWN),
    field('uptime', uptimeCell(seen)),
    field('version', text(seen.version)),
    field('core_uuid', text(seen.coreUuid)),
    field('read', `${ageText(seen.at, now)} ago`),
  ];
}

function lastRun(runs: RunNotes | null, node: Node): readonly Line[] {
  const last = runs?.last[node.name];
  return last === undefined ? [] : [field('last run', `${printable(last.run)} says ${last.says}`)];
}

function sessionsText(seen: NodeObservation): string {
  const { sessions, peak5Min } = seen;
  if (peak5Min.known) return `${sessionsCell(seen)}, at most ${peak5Min.value} in the last 5 minutes`;
  return sessions.known ? `${sessionsCell(seen)}, the most in the last 5 minutes unknown` : UNKNOWN;
}

function field(name: string, value: string): Line {
  return line(styled('dim', name.padEnd(11)), styled(value === UNKNOWN ? 'warning' : 'plain', value));
}

/** A line for each of the node's destinations on this proxy. */
function onProxy(proxy: Proxy, node: Node, observation: Observation, now: number): readonly Line[] {
  const seen = observation.proxies[proxy.name];
  const name = styled('strong', proxy.name);
  if (seen?.sets.known !== true) return [line(name, styled('warning', `  ${UNKNOWN}`))];
  const find = targetIndex(seen.sets.value);
  const age = `${ageText(seen.at, now)} ago`;
  return [
    line(name, styled('dim', `  read ${age}`)),
    ...node.destinations.map((destination) => {
      const found = find(destination);
      const shown =
        found.length === 0
          ? styled('error', 'not listed')
          : styled(
              'plain',
              found.map(({ flags }) => `${flagsWords(flags)} (${printable(flags, 10)})`).join(' and '),
            );
      // The state first: it is the end of a line that has no room.
      return line('  ', shown, `  ${destinationText(destination)}`);
    }),
  ];
}
