/** The RPC commands. One line in the table at the end for each; a command returns its result or throws an RpcFault. */
import { isIPv4 } from 'node:net';
import { stateFromArgument } from './dispatcher-state-machine.ts';
import { dispatcherList, listMode } from './dispatcher-list.ts';
import { attribute, sameUri, type DispatcherTable } from './dispatcher-table.ts';
import {
  describeBuild,
  describeProcesses,
  describeRun,
  describeUptime,
  versionLine,
  type Instance,
} from './instance.ts';
import type { ProxyConfig } from './proxy-config.ts';
import { integerAt, required, RpcFault, stringAt, textAt, type Parameters } from './rpc-parameters.ts';
import { describeTransactions, listStatistics, type Statistics } from './statistics.ts';

/** What the commands see of the proxy. */
export interface ProxyWorld {
  readonly config: ProxyConfig;
  readonly table: DispatcherTable;
  readonly statistics: Statistics;
  instance: Instance;
  /** dispatcher.ping_active: pings stop at 0, the number itself is kept. */
  pingActive: number;
  /** Monotonic ms of the last reload, add or remove by RPC; a next one is refused for some seconds. */
  reloadedAt: number | null;
}

type Command = (world: ProxyWorld, parameters: Parameters) => unknown;

/** ds_reload_delta: Kamailio's default. */
const RELOAD_DELTA_MS = 5_000;

/** @throws RpcFault for what Kamailio answers with an error */
export function callMethod(world: ProxyWorld, method: string, parameters: Parameters): unknown {
  const command = COMMANDS.get(method);
  if (command === undefined) throw new RpcFault(500, 'Method Not Found');
  return command(world, parameters);
}

/** 5.5 says nothing where later versions say Ok. */
function acknowledge(world: ProxyWorld, text: string): unknown {
  return world.config.version === '5.5.0' ? {} : text;
}

function list(world: ProxyWorld, parameters: Parameters): unknown {
  const { table, config } = world;
  if (table.sets().length === 0) throw new RpcFault(500, 'No Destination Sets');
  return dispatcherList(table, listMode(parameters[0], config.version), config.version);
}

function setState(by: 'uri' | 'duid'): Command {
  return (world, parameters) => {
    const argument = required(textAt(parameters, 0));
    const set = required(integerAt(parameters, 1));
    const address = required(stringAt(parameters, 2));
    if (argument === '') throw new RpcFault(500, 'Invalid State Parameter');
    const wanted = stateFromArgument(argument);
    if (wanted === undefined) throw new RpcFault(500, 'Unknown State Value');
    if (address === 'all') {
      world.table.setStateOfAll(set, wanted);
    } else {
      const changed = world.table.setState(
        set,
        ({ uri, attributes }) => sameUri(by === 'uri' ? uri : (attribute(attributes, 'duid') ?? ''), address),
        wanted,
      );
      if (!changed) throw new RpcFault(500, 'State Update Failed');
    }
    return acknowledge(world, 'Ok. Dispatcher state updated.');
  };
}

function rebuildSoon(world: ProxyWorld): void {
  const now = performance.now();
  if (world.reloadedAt !== null && now - world.reloadedAt < RELOAD_DELTA_MS) {
    throw new RpcFault(500, 'Ongoing reload');
  }
  world.reloadedAt = now;
}

function reload(world: ProxyWorld): unknown {
  rebuildSoon(world);
  world.table.rebuild();
  return acknowledge(world, 'Ok. Dispatcher successfully reloaded.');
}

function add(world: ProxyWorld, parameters: Parameters): unknown {
  rebuildSoon(world);
  const set = required(integerAt(parameters, 0));
  const uri = required(stringAt(parameters, 1));
  const attrs = stringAt(parameters, 4);
  // Kamailio says Ok to an address that it cannot resolve, and leaves it out (measured on 5.6.3).
  if (isResolvable(uri))
    world.table.add({
      set,
      uri,
      flags: integerAt(parameters, 2) ?? 0,
      priority: integerAt(parameters, 3) ?? 0,
      ...(attrs === undefined ? {} : { attrs }),
    });
  return acknowledge(world, 'Ok. Dispatcher destination added.');
}

function remove(world: ProxyWorld, parameters: Parameters): unknown {
  rebuildSoon(world);
  const set = required(integerAt(parameters, 0));
  const uri = required(stringAt(parameters, 1));
  if (!isResolvable(uri)) throw new RpcFault(500, 'Removing dispatcher dst failed');
  world.table.remove(set, uri);
  return acknowledge(world, 'Ok. Dispatcher destination removed.');
}

/** The lab has no names but addresses. */
function isResolvable(uri: string): boolean {
  return isIPv4(/^(?:sips?:)?(?:[^@]*@)?([^:;]+)/i.exec(uri)?.[1] ?? '');
}

function pingActive(world: ProxyWorld, parameters: Parameters): unknown {
  const before = world.pingActive;
  const wanted = integerAt(parameters, 0);
  if (wanted === undefined) return { OldPingState: before };
  world.pingActive = wanted;
  return { NewPingState: wanted, OldPingState: before };
}

function getStatistics(world: ProxyWorld, parameters: Parameters): unknown {
  if (parameters.length === 0) throw new RpcFault(400, 'Please provide which stats to retrieve');
  return listStatistics(
    world.statistics,
    parameters.filter((group) => typeof group === 'string'),
  );
}

function getVariable(world: ProxyWorld, parameters: Parameters): unknown {
  const name = `${stringAt(parameters, 0) ?? ''}.${stringAt(parameters, 1) ?? ''}`;
  if (name === 'dispatcher.probing_threshold') return world.config.probingThreshold;
  if (name === 'dispatcher.inactive_threshold') return world.config.inactiveThreshold;
  if (name === 'tm.fr_timer') {
    throw new RpcFault(400, 'Variable exists, but it is not readable via RPC interface');
  }
  throw new RpcFault(400, 'Failed to get the variable');
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['cfg.get', getVariable],
  ['core.info', ({ config }) => describeBuild(config.version)],
  ['core.ps', ({ instance, config }) => describeProcesses(instance, config.sip).flat()],
  [
    'core.psx',
    ({ instance, config }) =>
      describeProcesses(instance, config.sip).map(([PID, DSC], IDX) => ({ IDX, PID, DSC })),
  ],
  ['core.pwd', () => ['/']],
  ['core.runinfo', ({ instance, config }) => describeRun(instance, config.version, new Date())],
  ['core.uptime', ({ instance }) => describeUptime(instance, new Date())],
  ['core.version', ({ config }) => versionLine(config.version)],
  ['dispatcher.add', add],
  ['dispatcher.list', list],
  ['dispatcher.ping_active', pingActive],
  ['dispatcher.reload', reload],
  ['dispatcher.remove', remove],
  ['dispatcher.set_duid_state', setState('duid')],
  ['dispatcher.set_state', setState('uri')],
  ['stats.get_statistics', getStatistics],
  ['system.listMethods', () => [...COMMANDS.keys()]],
  ['tm.stats', ({ statistics }) => describeTransactions(statistics)],
]);
