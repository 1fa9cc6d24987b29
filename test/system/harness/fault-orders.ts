/** What a process of fsha's is told to do to itself, at which event: from the tests to `fault-main.ts`, in its environment. */
import type { RunEvent } from '../../../src/domain/run-events.ts';

/** The variable of the environment that holds them. */
export const ORDERS = 'FSHA_FAULT_ORDERS';

/** Before the journal is given an event, or when it says that it has it and before anybody else is told. */
export type When = 'before' | 'after';

export interface FaultOrder {
  readonly when: When;
  /** As `eventKey` names it. */
  readonly key: string;
  /** Which of several with that key in one process; the first is 1. */
  readonly nth: number;
  readonly act: FaultAct;
}

export type FaultAct =
  /** SIGKILL, by itself: nothing of it runs any more. */
  | { readonly kind: 'kill' }
  /** The first half of the line is put on the disk, and it kills itself. */
  | { readonly kind: 'tear'; readonly stateDir: string }
  /** Says so at that socket, with the id, and goes on when it is answered. */
  | { readonly kind: 'hold'; readonly socket: string; readonly id: number }
  /** Its wall clock jumps by so many ms, and stays so. */
  | { readonly kind: 'clock'; readonly ms: number };

/** Tells events of a run apart, whenever and in whatever order they come: `effect.intended node-1/deactivate dispatcher.state lb-1`. */
export function eventKey(event: RunEvent): string {
  const { type, step, data } = event;
  const effect =
    type === 'effect.intended' || type === 'effect.settled'
      ? [data.effect, 'proxy' in data.target ? data.target.proxy : undefined]
      : [];
  return [type, step, ...effect].filter((part) => part !== undefined).join(' ');
}
