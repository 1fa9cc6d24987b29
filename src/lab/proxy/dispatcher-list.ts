/**
 * dispatcher.list as each version answers it. 5.6.3 is measured, key by key; of 5.5 it is known that it has no `short`,
 * of 6.1 that it adds IDX, IUID and PROBING_COUNT.
 */
import { printFlags } from './dispatcher-state-machine.ts';
import { attribute, type Destination, type DispatcherTable, type Latency } from './dispatcher-table.ts';
import type { KamailioVersion } from './proxy-config.ts';

export type ListMode = 'normal' | 'short' | 'full';

export function listMode(argument: unknown, version: KamailioVersion): ListMode {
  if (version === '5.5.0' || typeof argument !== 'string') return 'normal';
  const wanted = argument.toLowerCase();
  return wanted === 'short' || wanted === 'full' ? wanted : 'normal';
}

export function dispatcherList(table: DispatcherTable, mode: ListMode, version: KamailioVersion): object {
  // Kamailio walks a tree of sets, children first: for two sets that is the second, then the first.
  const sets = [...table.sets()].reverse();
  return {
    NRSETS: sets.length,
    RECORDS: sets.map((id) => ({
      SET: {
        ID: id,
        TARGETS: table.destinations(id).map((destination, index) => ({
          DEST: describe(destination, index, mode, version),
        })),
      },
    })),
  };
}

function describe(destination: Destination, index: number, mode: ListMode, version: KamailioVersion): object {
  return {
    ...(version === '6.1.4' ? { IDX: index, IUID: destination.iuid } : {}),
    URI: destination.uri,
    FLAGS: printFlags(destination.state),
    PRIORITY: destination.priority,
    ...(mode === 'full' ? describeAddress(destination.uri) : {}),
    ...(mode === 'short' || destination.attributes === null
      ? {}
      : { ATTRS: describeAttributes(destination.attributes, destination.state.count, version) }),
    LATENCY: describeLatency(destination.latency),
    RUNTIME: { DLGLOAD: 0 },
  };
}

/** Kamailio's numbers; 0 where the URI names no transport. */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['udp', 1],
  ['tcp', 2],
  ['tls', 3],
]);

function describeAddress(uri: string): object {
  const [, host = '', port = '0'] = /^sips?:(?:[^@]*@)?([^:;]+)(?::(\d+))?/i.exec(uri) ?? [];
  const transport = /;transport=(\w+)/i.exec(uri)?.[1]?.toLowerCase() ?? '';
  const protocol = PROTOCOLS.get(transport) ?? 0;
  return { HOST: host, IPADDR: host, PORT: Number(port), PROTOID: protocol, DNSTIME_SEC: 0, DNSTIME_USEC: 0 };
}

function describeAttributes(attributes: string, probingCount: number, version: KamailioVersion): object {
  return {
    BODY: attributes,
    DUID: attribute(attributes, 'duid'),
    ...(version === '6.1.4' ? { PROBING_COUNT: probingCount } : {}),
    MAXLOAD: Number(attribute(attributes, 'maxload') ?? 0),
    WEIGHT: Number(attribute(attributes, 'weight') ?? 0),
    RWEIGHT: Number(attribute(attributes, 'rweight') ?? 0),
    SOCKET: attribute(attributes, 'socket'),
    SOCKNAME: attribute(attributes, 'sockname'),
    OBPROXY: attribute(attributes, 'obproxy'),
  };
}

function describeLatency(latency: Latency): object {
  return {
    AVG: round(latency.average),
    STD: round(latency.deviation),
    EST: round(latency.estimate),
    MAX: latency.maximum,
    TIMEOUT: latency.timeouts,
  };
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
