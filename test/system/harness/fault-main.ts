/**
 * What bin/fsha.js loads in tests of faults: fsha's own `main` with a journal that does as it was ordered (`fault-orders.ts`)
 * when an event comes by, and a clock that can jump.
 */
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Host } from '../../../src/cli/host.ts';
import { main as fsha } from '../../../src/cli/main.ts';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import type { JournalPort } from '../../../src/workflow/ports.ts';
import { eventKey, type FaultOrder, ORDERS, type When } from './fault-orders.ts';

export { isForeground } from '../../../src/local/foreground.ts';
export { machineId } from '../../../src/local/machine-id.ts';
export { systemClock } from '../../../src/workflow/system-clock.ts';

export function main(argv: readonly string[], host: Host): Promise<number> {
  const orders = JSON.parse(host.env[ORDERS] ?? '[]') as readonly FaultOrder[];
  let jump = 0;
  const seen = new Map<string, number>();
  const carryOut = async ({ act }: FaultOrder, event: RunEvent): Promise<void> => {
    if (act.kind === 'clock') jump += act.ms;
    else if (act.kind === 'hold') await held(act.socket, act.id);
    else {
      if (act.kind === 'tear') {
        const line = JSON.stringify(event);
        appendFileSync(join(act.stateDir, 'runs', `${event.run}.ndjson`), line.slice(0, line.length / 2));
      }
      process.kill(process.pid, 'SIGKILL');
    }
  };
  const journal = (port: JournalPort): JournalPort => ({
    append: async (event) => {
      const key = eventKey(event);
      const nth = (seen.get(key) ?? 0) + 1;
      seen.set(key, nth);
      const obey = async (when: When): Promise<void> => {
        for (const order of orders)
          if (order.when === when && order.key === key && order.nth === nth) await carryOut(order, event);
      };
      await obey('before');
      await port.append(event);
      await obey('after');
    },
    close: () => port.close(),
  });
  const clock = { ...host.clock, wall: () => new Date(host.clock.wall().getTime() + jump) };
  return fsha(argv, { ...host, clock, journal });
}

/** Until the test says that it may go on; or has gone. */
async function held(socket: string, id: number): Promise<void> {
  const connection = connect(socket);
  connection.on('error', () => undefined);
  connection.write(`${id}\n`);
  connection.resume();
  await once(connection, 'close');
}
