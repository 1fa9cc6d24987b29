/** What stands around the list of nodes. */
import type { Cluster } from '../../domain/cluster.ts';
import type { Observation } from '../../domain/observation.ts';
import { printable } from '../../domain/text.ts';
import { counted } from '../../output/count-words.ts';
import { localTime } from '../../output/local-time.ts';
import { proxyUnknowns } from '../../output/status-notes.ts';
import { type NodeService, sessionsText, type Tally } from '../../output/status-service.ts';
import {
  clip,
  EMPTY_LINE,
  type Line,
  line,
  type Span,
  spread,
  styled,
  type Style,
  widthOf,
} from '../line.ts';
import { ageText, isOld } from './age.ts';
import { type InSight, type List } from './list.ts';
import { ORDER_WORDS } from './order.ts';

export function headerLine(cluster: Cluster, wall: Date, width: number): Line {
  const size = `${counted(cluster.nodes.length, 'node')}, ${counted(cluster.proxies.length, 'proxy', 'proxies')}`;
  const time = localTime(wall.toISOString()) ?? '';
  return spread(line(styled('strong', cluster.name), `  ${size}`), line(time), width);
}

const SERVICES = [
  ['in service', 'in', 'good'],
  ['out of service', 'out', 'warning'],
  ['impaired', 'impaired', 'error'],
  ['unknown', 'unknown', 'warning'],
] as const satisfies readonly (readonly [NodeService, string, Style])[];

/** How many there are of each; in short words where the long ones do not fit. */
export function countsLine(tally: Tally, nodes: number, width: number): Line {
  const { services, unreachable } = tally;
  const parts = (short: boolean): Span[] => [
    ...SERVICES.filter(([service]) => services[service] > 0 || service === 'in service').map(
      ([service, word, style]) =>
        styled(services[service] > 0 ? style : 'error', `${services[service]} ${short ? word : service}`),
    ),
    ...(unreachable === 0 ? [] : [styled('error', `${unreachable} unreachable`)]),
    styled('plain', sessionsText(tally, nodes)),
  ];
  const joined = (spans: readonly Span[]): Line =>
    line(...spans.flatMap((span, index) => (index === 0 ? [span] : ['  ', span])));
  const long = joined(parts(false));
  return widthOf(long) <= width ? long : clip(joined(parts(true)), width);
}

/** What is wrong with proxies, or with the readings of them; null where nothing is. */
export function proxiesLine(
  cluster: Cluster,
  observation: Observation,
  now: number,
  poll: number,
  width: number,
): Line | null {
  const wrong = cluster.proxies.flatMap((proxy) => {
    const seen = observation.proxies[proxy.name];
    const name = printable(proxy.name);
    if (seen === undefined) return [{ name, text: `${name}: not read yet` }];
    const [note] = proxyUnknowns(proxy, observation);
    if (note !== undefined) return [{ name, text: note }];
    return isOld(seen.at, now, poll) ? [{ name, text: `${name}: read ${ageText(seen.at, now)} ago` }] : [];
  });
  const [first, ...others] = wrong;
  if (first === undefined) return null;
  const text =
    others.length === 0
      ? first.text
      : `${wrong.length} of ${cluster.proxies.length} proxies unknown or late: ${wrong.map(({ name }) => name).join(', ')}`;
  return clip(line(styled('warning', text)), width);
}

/** Order and filter, and which part of all that is shown is in sight. */
export function listLine(list: List, typing: boolean, inSight: InSight, nodes: number, width: number): Line {
  const { top, rows, shown } = inSight;
  const part = rows.length === shown ? '' : `${top + 1}-${top + rows.length} of ${shown}`;
  const filter =
    typing || list.filter !== '' ? [styled('accent', `  filter: ${list.filter}${typing ? '_' : ''}`)] : [];
  const found = list.filter === '' ? '' : `  ${shown} of ${counted(nodes, 'node')}`;
  return spread(line(styled('dim', `sort: ${ORDER_WORDS[list.order]}`), ...filter, found), line(part), width);
}

export function footerLine(mode: 'list' | 'detail' | 'help' | 'typing', width: number): Line {
  const keys = {
    list: ['q quit', 's sort', '/ filter', 'Enter details', '? help'],
    typing: ['Enter keep', 'Esc clear'],
    detail: ['Enter back', '↑↓ scroll', 'q quit'],
    help: ['? back', 'q quit'],
  }[mode];
  return clip(line(styled('dim', keys.join('  '))), width);
}

/** As many lines, empty ones below. */
export function filled(lines: readonly Line[], height: number): readonly Line[] {
  return Array.from({ length: height }, (_, index) => lines[index] ?? EMPTY_LINE);
}
