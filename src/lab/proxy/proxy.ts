/** Puts the stand-in proxy together: dispatcher, pings, SIP, JSON-RPC, control. */
import { createServer, type Socket } from 'node:net';
import { answerLines } from '../json-lines.ts';
import { createActivityLog } from './activity-log.ts';
import { carryOut } from './control.ts';
import { startPings } from './destination-pings.ts';
import { createDispatcherTable } from './dispatcher-table.ts';
import { noFaults } from './faults.ts';
import { startInstance } from './instance.ts';
import type { ProxyConfig } from './proxy-config.ts';
import { callMethod, type ProxyWorld } from './rpc-methods.ts';
import { createRpcServer } from './rpc-server.ts';
import { createSipProxy } from './sip-proxy.ts';
import { openSipSocket } from './sip-socket.ts';
import { readVia, header, type HostPort, type SipMessage } from './sip-message.ts';
import { noStatistics } from './statistics.ts';

export interface RunningProxy {
  stop(): Promise<void>;
}

/** @throws when an address cannot be bound; then nothing is left open */
export async function startProxy(config: ProxyConfig): Promise<RunningProxy> {
  const open: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((close) => close()));
  };
  try {
    await assemble(config, (close) => open.push(close));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** @param onStop takes what is to be done at the end */
async function assemble(config: ProxyConfig, onStop: (close: () => unknown) => void): Promise<void> {
  const faults = noFaults();
  const log = createActivityLog();
  const statistics = noStatistics();
  const table = createDispatcherTable(
    config.destinations,
    {
      mode: config.probingMode,
      probingThreshold: config.probingThreshold,
      inactiveThreshold: config.inactiveThreshold,
    },
    config.version === '6.1.4',
  );
  let restarts = 0;
  let pingsOff = false;
  const world: ProxyWorld = {
    config,
    table,
    statistics,
    instance: startInstance(restarts, new Date()),
    pingActive: 1,
    reloadedAt: null,
  };

  const rpc = createRpcServer(config, faults, (method, parameters) => {
    log.call(method, parameters);
    const isSetState = method === 'dispatcher.set_state' || method === 'dispatcher.set_duid_state';
    const lies = faults.lie && isSetState && (faults.only === null || faults.only.includes(method));
    return lies ? 'Ok. Dispatcher state updated.' : callMethod(world, method, parameters);
  });
  await rpc.listen();
  onStop(() => rpc.close());

  const socket = await openSipSocket(config.sip, receive);
  onStop(() => socket.close());
  const send = (message: SipMessage, to: HostPort): void => socket.send(message, to);
  const sip = createSipProxy({
    self: config.sip,
    table,
    statistics,
    frTimerMs: config.frTimerMs,
    send,
    onForward: (uri, callId) => log.invite(uri, callId),
  });
  onStop(() => sip.forget());
  const pings = startPings(
    config,
    table,
    send,
    () => !pingsOff && world.pingActive !== 0,
    () => (statistics.totalLocal += 1),
  );
  onStop(() => pings.stop());

  function receive(message: SipMessage, source: HostPort): void {
    const branch = message.kind === 'reply' ? readVia(header(message, 'Via'))?.branch : undefined;
    if (message.kind === 'reply' && branch !== undefined && pings.receive(message, branch)) return;
    sip.receive(message, source);
  }

  function restart(): void {
    restarts += 1;
    world.instance = startInstance(restarts, new Date());
    world.pingActive = 1;
    world.reloadedAt = null;
    sip.forget();
    Object.assign(statistics, noStatistics());
    table.rebuild();
  }

  const controlled = {
    table,
    faults,
    rpc,
    log,
    restart,
    setPingsOff(off: boolean): void {
      pingsOff = off;
    },
  };
  onStop(await listenForControl(config.control, (line) => carryOut(controlled, line)));
}

/** @returns the function that ends it, its connections included */
async function listenForControl(at: HostPort, answer: (line: string) => unknown): Promise<() => void> {
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    answerLines(connection, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => resolve());
  });
  return () => {
    server.close();
    for (const connection of connections) connection.destroy();
  };
}
