/** Where a run may die, derived from the journal of one that did not. */
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { isRestartIntent, stepName } from './events-of.ts';
import { eventKey, type When } from './fault-orders.ts';

/** Keys of events, as `eventKey` names them. */
export const FENCED = 'effect.settled node-1/fence node.pause';
export const RESTART_ANNOUNCED = 'effect.intended node-1/restart node.restart';

export interface KillPoint {
  /** `tear`: in the middle of writing the event down. */
  readonly when: When | 'tear';
  readonly key: string;
  readonly nth: number;
  /** `deactivate`; empty for what belongs to no step. */
  readonly step: string;
  /** For people: `after effect.intended deactivate dispatcher.state lb-1`. */
  readonly name: string;
  /** The last event that is on the disk then; 0 for none. In the run that was recorded: in another one it may be a little more or less. */
  readonly seq: number;
  /** That the node is drained is not on the disk: calls may be up on it. */
  readonly isBeforeZero: boolean;
  /** The restart is announced on the disk: there is no way back. */
  readonly isForwardOnly: boolean;
  /** That the run has ended is on the disk. */
  readonly isSettled: boolean;
}

/**
 * Whether one comes, and how often, is a matter of how fast the machine is: no run can be told to die there, unless it is one in
 * which they are made to come (`fault-troubled.ts`).
 */
const NOT_ALWAYS: readonly string[] = ['step.retrying', 'warning', 'drift.detected'];

/**
 * Before and after every effect is announced and settled; after the first event of each other type in each step; and in the
 * middle of writing down the first announcement of each step.
 */
export function killPoints(recorded: readonly RunEvent[]): readonly KillPoint[] {
  return pointsOf(recorded, ({ type }) => !NOT_ALWAYS.includes(type));
}

function pointsOf(
  recorded: readonly RunEvent[],
  isWanted: (event: RunEvent) => boolean,
): readonly KillPoint[] {
  const restart = recorded.find(isRestartIntent)?.seq ?? Number.POSITIVE_INFINITY;
  const settled = recorded.find(({ type }) => type === 'run.settled')?.seq ?? Number.POSITIVE_INFINITY;
  const zero = recorded.find(isZero)?.seq ?? Number.POSITIVE_INFINITY;
  const seen = new Map<string, number>();
  const types = new Set<string>();
  return recorded.flatMap((event) => {
    const key = eventKey(event);
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    const point = (when: KillPoint['when']): KillPoint => {
      const seq = when === 'after' ? event.seq : event.seq - 1;
      return {
        when,
        key,
        nth,
        step: stepName(event.step),
        name: `${when === 'tear' ? 'in the middle of' : when} ${key.replaceAll('node-1/', '')}${nth > 1 ? ` (${nth})` : ''}`,
        seq,
        isBeforeZero: seq < zero,
        isForwardOnly: seq >= restart,
        isSettled: seq >= settled,
      };
    };
    const ofStep = `${event.type} ${event.step ?? ''}`;
    const isFirst = !types.has(ofStep);
    types.add(ofStep);
    if (!isWanted(event)) return [];
    if (event.type === 'effect.intended')
      return (isFirst ? (['before', 'tear', 'after'] as const) : (['before', 'after'] as const)).map(point);
    if (event.type === 'effect.settled') return (['before', 'after'] as const).map(point);
    return isFirst ? [point('after')] : [];
  });
}

/** After the first event in each step of the types that a run has only where it is made trouble. */
export function troublePoints(recorded: readonly RunEvent[]): readonly KillPoint[] {
  return pointsOf(recorded, ({ type }) => NOT_ALWAYS.includes(type));
}

/** The wait for its calls is over. */
function isZero(event: RunEvent): boolean {
  return event.type === 'step.settled' && stepName(event.step) === 'wait_drained';
}

/** For `test.each`: each with its name. */
export function named(points: readonly KillPoint[]): readonly (readonly [name: string, point: KillPoint])[] {
  return points.map((point) => [point.name, point]);
}
