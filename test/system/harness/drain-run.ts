/** A drain of node-1 under way, and what its events say. */
import { destinationKey } from '../../../src/domain/drift.ts';
import type { EventOf, ProgressReading, RunEvent } from '../../../src/domain/run-events.ts';
import { only, startFsha, type FshaOptions, type StartedFsha } from './fsha.ts';

/** Starts `fsha drain node-1 --json` with that inventory. */
export function startDrain(
  config: string,
  args: readonly string[] = [],
  options: FshaOptions = {},
): Promise<StartedFsha> {
  return startFsha(['drain', 'node-1', '--json', '--config', config, ...args], options);
}

export interface Look extends ProgressReading {
  readonly decision: string;
  readonly seq: number;
  readonly step: string;
}

/** Every look that was told of, in order. */
export function looks(events: readonly RunEvent[]): readonly Look[] {
  return only(events, 'step.progress').map(({ data, seq, step }) => ({
    ...data.observation,
    decision: data.decision,
    seq,
    step: step ?? '',
  }));
}

/** For `untilEvent`: a look of which that holds. */
export function lookWhere(
  wanted: (look: Look) => boolean,
): (event: RunEvent) => event is EventOf<'step.progress'> {
  return (event): event is EventOf<'step.progress'> => looks([event]).some(wanted);
}

/** Waits for a look that comes after everything that was told so far. */
export function nextLook(
  fsha: StartedFsha,
  wanted: (look: Look) => boolean,
): Promise<EventOf<'step.progress'>> {
  const after = fsha.events().at(-1)?.seq ?? 0;
  return fsha.untilEvent(lookWhere((look) => look.seq > after && wanted(look)));
}

/** What was done to the world, in order: `fence: node.pause true done`, `deactivate: lb-1 set 1 sip:… d done`. */
export function effects(events: readonly RunEvent[]): readonly string[] {
  const outcomes = only(events, 'effect.settled');
  return only(events, 'effect.intended').map((intent) => {
    const { effect, target, wanted } = intent.data;
    const name = effect === 'dispatcher.state' ? destinationKey(target) : effect;
    const said =
      effect === 'node.mark'
        ? String(wanted !== null)
        : effect === 'node.restart' || effect === 'call.hangup'
          ? ''
          : String(wanted);
    const settled = outcomes.find(
      ({ seq, data }) =>
        seq > intent.seq &&
        data.effect === effect &&
        JSON.stringify(data.target) === JSON.stringify(intent.data.target),
    );
    return [`${stepName(intent.step)}:`, name, said, settled?.data.outcome ?? 'open']
      .filter((part) => part !== '')
      .join(' ');
  });
}

/** `wait_drained` of `node-1/wait_drained`. */
export function stepName(step: string | undefined): string {
  return (step ?? '').split('/').at(-1) ?? '';
}

/** The last event of the run. @throws where it is none */
export function settledRun(events: readonly RunEvent[]): EventOf<'run.settled'>['data'] {
  const last = events.at(-1);
  if (last?.type !== 'run.settled') throw new Error(`the last event is ${last?.type ?? 'none'}`);
  return last.data;
}

/** Warnings as `code: message`. */
export function warnings(events: readonly RunEvent[]): readonly string[] {
  return only(events, 'warning').map(({ data }) => `${data.code}: ${data.message}`);
}
