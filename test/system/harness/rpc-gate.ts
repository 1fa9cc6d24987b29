/** An HTTP gate between fsha and the JSON-RPC of a real Kamailio: faithful until it is told otherwise. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * What the gate does instead of forwarding.
 *
 * - `silent` takes the request and never answers; nothing is forwarded
 * - `refuse` the port is closed and every connection cut; concerns all methods
 * - `lie` answers 200 `Ok. Dispatcher state updated.` and forwards nothing; by itself only for what sets a state
 * - `empty` answers 200 `"result":{}` and forwards nothing (Kamailio's answer to params that are a string)
 * - `truncate` forwards, sends half of the answer and closes (Kamailio over `tcp_conn_wq_max`); by itself only for
 *   `dispatcher.list`
 * - `lose` forwards, and closes instead of answering: done, and nobody was told
 * - `slow` forwards after so many milliseconds
 */
export type Trouble = 'silent' | 'refuse' | 'lie' | 'empty' | 'truncate' | 'lose' | { readonly slow: number };

export interface GateRule {
  readonly trouble: Trouble;
  /** Methods that it concerns; without it all, or those named at the trouble. */
  readonly only?: readonly string[];
}

export interface GateRequest {
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

export interface RpcGate {
  /** What the inventory names instead of Kamailio's own URL. */
  readonly url: string;
  /** From now on: the first rule that concerns a request holds. A name alone is a rule. Replaces what was set before. */
  set(...rules: (Trouble | GateRule)[]): Promise<void>;
  /** Forwards everything again, listens again; hooks are taken away. What was left unanswered stays so. */
  open(): Promise<void>;
  /** Every request since the start or the last `forget`, in order, whatever became of it. */
  requests(): readonly GateRequest[];
  /** How many of these methods came; all methods without arguments. */
  count(...methods: string[]): number;
  forget(): void;
  /**
   * Calls `hook` before a request of that method is dealt with, which waits for it. What it returns takes the hook away.
   * An error of the hook's cuts the connection and is thrown by the next `open`.
   */
  before(method: string, hook: (request: GateRequest) => unknown): () => void;
  /** The same, after Kamailio has answered and before fsha is told. */
  after(method: string, hook: (request: GateRequest) => unknown): () => void;
  stop(): Promise<void>;
}

/** What changes a destination's state. */
export const SETTERS: readonly string[] = ['dispatcher.set_state', 'dispatcher.set_duid_state'];

const OWN_METHODS: Readonly<Record<string, readonly string[]>> = {
  lie: SETTERS,
  truncate: ['dispatcher.list'],
};

/** Thinks as little as it can: bytes go through as they came, a connection that Kamailio cuts is cut. */
export async function startRpcGate(host: string, port: number, target: string): Promise<RpcGate> {
  const sockets = new Set<Socket>();
  const requests: GateRequest[] = [];
  const hooks = { before: new Map<object, Hook>(), after: new Map<object, Hook>() };
  const troubles: unknown[] = [];
  let rules: readonly GateRule[] = [];
  let listening = false;

  const server = createServer((incoming, answer) => {
    answer.on('error', () => undefined);
    handle(incoming, answer).catch((error: unknown) => {
      if (!(error instanceof Upstream)) troubles.push(error);
      answer.socket?.destroy();
    });
  });
  // Kamailio keeps idle connections for two minutes: a gate that closed them sooner would be a trouble of its own.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });

  async function handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    const asked = readRequest(body);
    requests.push(asked);
    await runHooks(hooks.before, asked);
    const trouble = rules.find((rule) => concerns(rule, asked.method))?.trouble;
    if (trouble === 'silent') return;
    if (trouble === 'refuse') throw new Upstream();
    if (trouble === 'lie' || trouble === 'empty') {
      const result = trouble === 'lie' ? 'Ok. Dispatcher state updated.' : {};
      send(answer, 200, Buffer.from(JSON.stringify({ jsonrpc: '2.0', result, id: asked.id })));
      return;
    }
    if (typeof trouble === 'object') await delay(trouble.slow);
    const real = await forward(target, incoming, body);
    await runHooks(hooks.after, asked);
    if (trouble === 'lose') throw new Upstream();
    if (trouble === 'truncate') {
      answer.writeHead(real.status, { ...real.headers, 'content-length': String(real.body.length) });
      answer.write(real.body.subarray(0, Math.floor(real.body.length / 2)), () =>
        answer.socket?.destroySoon(),
      );
    } else send(answer, real.status, real.body, real.headers);
  }

  async function listen(): Promise<void> {
    if (listening) return;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    listening = true;
  }

  async function refuse(): Promise<void> {
    if (!listening) return;
    listening = false;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  }

  async function set(...wanted: (Trouble | GateRule)[]): Promise<void> {
    rules = wanted.map((one) => (typeof one === 'object' && 'trouble' in one ? one : { trouble: one }));
    if (rules.some(({ trouble }) => trouble === 'refuse')) await refuse();
    else await listen();
  }

  function hook(kind: keyof typeof hooks): RpcGate['before'] {
    return (method, work) => {
      const key = {};
      hooks[kind].set(key, { method, work });
      return () => void hooks[kind].delete(key);
    };
  }

  await listen();
  return {
    url: `http://${host}:${port}/RPC`,
    set,
    async open() {
      hooks.before.clear();
      hooks.after.clear();
      await set();
      const [trouble] = troubles.splice(0);
      if (trouble !== undefined) throw new Error('a hook of the gate failed', { cause: trouble });
    },
    requests: () => [...requests],
    count: (...methods) =>
      requests.filter(({ method }) => methods.length === 0 || methods.includes(method)).length,
    forget: () => void requests.splice(0),
    before: hook('before'),
    after: hook('after'),
    stop: refuse,
  };
}

/** The connection is to be cut, as Kamailio did or as a rule says. */
class Upstream extends Error {}

interface Hook {
  readonly method: string;
  readonly work: (request: GateRequest) => unknown;
}

async function runHooks(hooks: ReadonlyMap<object, Hook>, asked: GateRequest): Promise<void> {
  for (const { method, work } of [...hooks.values()]) if (method === asked.method) await work(asked);
}

function concerns({ trouble, only }: GateRule, method: string): boolean {
  const own = typeof trouble === 'string' ? OWN_METHODS[trouble] : undefined;
  return (only ?? own)?.includes(method) ?? true;
}

function readRequest(body: Buffer): GateRequest & { readonly id: unknown } {
  const at = Date.now();
  try {
    const { method, params, id } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    return {
      at,
      method: typeof method === 'string' ? method : '',
      params: Array.isArray(params) ? params : [],
      id,
    };
  } catch {
    // Kamailio is to say what it thinks of it.
    return { at, method: '', params: [], id: null };
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
  } catch {
    throw new Upstream();
  }
  return Buffer.concat(chunks);
}

interface RealAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** @throws Upstream when Kamailio is not there or cuts the connection; waits for as long as it is silent */
function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<RealAnswer> {
  const { 'content-type': type = 'application/json', authorization } = incoming.headers;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      target,
      {
        method: incoming.method ?? 'POST',
        agent: false,
        headers: {
          'content-type': type,
          'content-length': body.length,
          ...(authorization === undefined ? {} : { authorization }),
          connection: 'close',
        },
      },
      (answer) => {
        bodyOf(answer).then((whole) => {
          const { 'content-type': kind, 'www-authenticate': challenge } = answer.headers;
          resolve({
            status: answer.statusCode ?? 0,
            headers: {
              ...(kind === undefined ? {} : { 'content-type': kind }),
              ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
            },
            body: whole,
          });
        }, reject);
      },
    );
    // Who asked is gone: nothing is left to be answered.
    const leave = (): void => void outgoing.destroy();
    incoming.socket.once('close', leave);
    outgoing.once('close', () => incoming.socket.off('close', leave));
    outgoing.on('error', () => reject(new Upstream()));
    outgoing.end(body);
  });
}

function send(
  answer: ServerResponse,
  status: number,
  body: Buffer,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): void {
  answer.writeHead(status, { ...headers, 'content-length': String(body.length) });
  answer.end(body);
}
