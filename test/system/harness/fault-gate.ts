/** Moments of a process of fsha's, held by the test until it has done what is to be done in them. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { FaultOrder, When } from './fault-orders.ts';

export interface Moment {
  readonly when: When;
  /** As `eventKey` names it. */
  readonly key: string;
  /** Default 1, the first one. */
  readonly nth?: number;
  /** fsha's run does not go on before it has come to its end. */
  readonly hook: () => unknown;
}

export interface EventGate {
  /** For `fault-main.ts`. */
  readonly orders: readonly FaultOrder[];
  /** Whether every moment has come and its hook has ended. @throws what a hook threw */
  met(): boolean;
  stop(): Promise<void>;
}

let gates = 0;

/** @param directory for its socket */
export async function startEventGate(directory: string, moments: readonly Moment[]): Promise<EventGate> {
  const socket = join(directory, `gate-${process.pid}-${(gates += 1)}`);
  const troubles: unknown[] = [];
  let met = 0;
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.once('close', () => connections.delete(connection));
    connection.once('data', (line: Buffer) => {
      const moment = moments[Number(line.toString())];
      Promise.resolve()
        .then(() => moment?.hook())
        .catch((error: unknown) => troubles.push(error))
        .finally(() => {
          met += 1;
          connection.end();
        });
    });
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    orders: moments.map(({ when, key, nth = 1 }, id) => ({
      when,
      key,
      nth,
      act: { kind: 'hold', socket, id },
    })),
    met() {
      if (troubles.length > 0)
        throw new Error('what was to be done in that moment failed', { cause: troubles[0] });
      return met >= moments.length;
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}
