import type { RpcEndpoint } from '../../../src/domain/cluster.ts';
import type { Connect } from '../../../src/kamailio/connection.ts';
import { KamailioProxy } from '../../../src/kamailio/kamailio-proxy.ts';
import { monotonicClock } from './monotonic-clock.ts';

export interface ProxySettings {
  readonly connect?: Connect;
  readonly timeouts?: { readonly connect: number; readonly request: number };
}

/** A KamailioProxy named lb-1 at that URL, on the machine's clock. */
export function proxyAt(rpc: string | RpcEndpoint, settings: ProxySettings = {}): KamailioProxy {
  const { connect, timeouts = { connect: 5_000, request: 5_000 } } = settings;
  const endpoint = typeof rpc === 'string' ? { url: rpc } : rpc;
  return new KamailioProxy({
    proxy: {
      name: 'lb-1',
      rpc: endpoint,
      frTimer: 30_000,
      list: '/etc/kamailio/dispatcher.list',
      networks: [],
    },
    timeouts,
    clock: monotonicClock,
    ...(connect === undefined ? {} : { connect }),
  });
}

/** A signal that never fires. */
export function quiet(): AbortSignal {
  return new AbortController().signal;
}
