/** Calls that fsha cuts: what it meant to hang up, leg by leg, and what became of each. */
import type { EffectOutcome, HangUp } from '../../../src/domain/effect.ts';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { only } from './fsha.ts';

export interface CutLeg extends HangUp {
  readonly uuid: string;
  readonly seq: number;
  /** null: intended and never settled. */
  readonly outcome: EffectOutcome | null;
}

/** Every leg that was to be hung up, in the order in which it was intended. */
export function cutLegs(events: readonly RunEvent[]): readonly CutLeg[] {
  return only(events, 'effect.intended').flatMap(({ data, seq }) => {
    if (data.effect !== 'call.hangup') return [];
    const settled = only(events, 'effect.settled').find(
      (later) =>
        later.seq > seq && later.data.effect === 'call.hangup' && later.data.target.uuid === data.target.uuid,
    );
    return [{ ...data.wanted, uuid: data.target.uuid, seq, outcome: settled?.data.outcome ?? null }];
  });
}

export function isCutIntent(event: RunEvent): boolean {
  return event.type === 'effect.intended' && event.data.effect === 'call.hangup';
}
