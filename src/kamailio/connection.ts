import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { asSocket } from './duplex-socket.ts';
import { serverName, type Endpoint } from './endpoint.ts';
import { connectionFailure } from './connection-errors.ts';

/** Opens a byte stream to `host:port`: TCP from here where none is given, else whatever the caller has, such as a tunnel. */
export type Connect = (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;

/** One connection to a proxy's RPC, TLS included, and the agent that hands it to the HTTP client. */
export interface Connection {
  readonly agent: Agent;
  /** Whether a further request can still be sent on it. */
  readonly usable: () => boolean;
  readonly close: () => void;
}

/**
 * Connects once. The caller bounds the time through the signal.
 * @throws FshaError `connect.*`, or as `connect` throws it
 */
export async function openConnection(
  endpoint: Endpoint,
  connect: Connect | undefined,
  signal: AbortSignal,
): Promise<Connection> {
  const stream = await (connect ?? directly)(endpoint.host, endpoint.port, signal).catch((error: unknown) => {
    throw connectionFailure(endpoint, error, 'connecting');
  });
  // From here on somebody always listens: an idle connection that breaks is found when it is used.
  stream.on('error', () => undefined);
  if (signal.aborted) {
    stream.destroy();
    signal.throwIfAborted();
  }
  const socket = endpoint.secure ? await encrypted(endpoint, stream, signal) : asSocket(stream);
  const agent = new SingleConnectionAgent(endpoint.secure, socket);
  return {
    agent,
    usable: () => !socket.destroyed && socket.writable && socket.readable,
    close: () => {
      agent.destroy();
      socket.destroy();
      stream.destroy();
    },
  };
}

const directly: Connect = async (host, port, signal) => {
  const socket = connectTcp({ host, port, noDelay: true });
  return settled(socket, 'connect', signal);
};

async function encrypted(endpoint: Endpoint, stream: Duplex, signal: AbortSignal): Promise<Duplex> {
  const { tls } = endpoint;
  const servername = serverName(endpoint);
  try {
    const socket = connectTls({
      socket: stream,
      host: endpoint.host,
      // Said explicitly: NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment must not switch it off.
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      ...(servername === undefined ? {} : { servername }),
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls?.key === undefined ? {} : { key: tls.key.reveal() }),
    });
    return await settled(socket, 'secureConnect', signal);
  } catch (error) {
    stream.destroy();
    throw connectionFailure(endpoint, error, 'tls');
  }
}

/** Waits until the stream says `event`; destroys it when it fails, closes or the signal fires before. */
async function settled<S extends Duplex>(stream: S, event: string, signal: AbortSignal): Promise<S> {
  const closed = new AbortController();
  const close = (): void => closed.abort();
  stream.once('close', close);
  try {
    await once(stream, event, { signal: AbortSignal.any([signal, closed.signal]) });
    stream.on('error', () => undefined);
    return stream;
  } catch (error) {
    stream.on('error', () => undefined);
    stream.destroy();
    throw error;
  } finally {
    stream.off('close', close);
  }
}

/**
 * Hands out the one connection it was made with, again and again as long as it stands, and never opens another: whether
 * a request may go to a new connection is decided by who knows what the request does.
 */
class SingleConnectionAgent extends Agent {
  readonly protocol: string;
  readonly defaultPort: number;
  readonly #connection: Duplex;
  #handed = false;

  constructor(secure: boolean, connection: Duplex) {
    super({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
    this.protocol = secure ? 'https:' : 'http:';
    this.defaultPort = secure ? 443 : 80;
    this.#connection = connection;
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | undefined {
    if (this.#handed) {
      // Not thrown: Node calls this from event handlers too, where nobody would catch it.
      callback?.(
        Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }),
        this.#connection,
      );
      return undefined;
    }
    this.#handed = true;
    return this.#connection;
  }
}
