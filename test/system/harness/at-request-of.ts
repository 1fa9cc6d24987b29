import { stepStarted } from './events-of.ts';
import type { RpcGate } from './rpc-gate.ts';
import type { RunOf } from './run-of.ts';

/**
 * A step of that kind began, and what is asked of the proxy then is not answered before `act` has been called, once.
 * @param methods the requests that count; readings go on in every step, what sets a state is the step's own
 */
export function atRequestOf(
  gate: RpcGate,
  run: () => RunOf | undefined,
  kind: string,
  methods: readonly string[],
  act: () => void,
): void {
  let acted = false;
  // The journal is on the disk before a request that follows from it is sent: there is no race in looking there.
  const look = (): void => {
    const began = run()
      ?.events()
      .findLast((event) => event.type === 'step.started');
    if (acted || began === undefined || !stepStarted(kind)(began)) return;
    acted = true;
    act();
  };
  for (const method of methods) gate.before(method, look);
}
