/** What the events of a run say: pure readings, and conditions to wait for. */
import { destinationKey } from '../../../src/domain/drift.ts';
import type { ErrorInfo } from '../../../src/domain/errors.ts';
import type {
  EffectSettled,
  EventOf,
  ProgressReading,
  RunEvent,
  RunSettled,
} from '../../../src/domain/run-events.ts';
import { only } from './fsha.ts';

/** The sequence number of the last one so far; 0 where there is none. */
export function lastSeq(events: readonly RunEvent[]): number {
  return events.at(-1)?.seq ?? 0;
}

/** How the run ended. @throws where that is not told, as the last thing and once */
export function settledRun(events: readonly RunEvent[]): RunSettled {
  const last = events.at(-1);
  if (last?.type !== 'run.settled' || only(events, 'run.settled').length > 1)
    throw new Error(`the run was not settled, or not once: its last event is ${last?.type ?? 'none'}`);
  return last.data;
}

/** `wait_drained` of `node-1/wait_drained`. */
export function stepName(step: string | undefined): string {
  return (step ?? '').split('/').at(-1) ?? '';
}

export const stepStarted =
  (kind: string) =>
  (event: RunEvent): boolean =>
    event.type === 'step.started' && event.step === `node-1/${kind}`;

/** How each step ended, by its kind. */
export function outcomes(events: readonly RunEvent[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    only(events, 'step.settled').map(({ step, data }) => [stepName(step), data.outcome]),
  );
}

/** Why the step of that kind failed; undefined where it did not, or was not reached. */
export function failureOf(events: readonly RunEvent[], kind: string): ErrorInfo | undefined {
  return only(events, 'step.settled').find(({ step, data }) => step === `node-1/${kind}` && data.error)?.data
    .error;
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

/** A look of which that holds. */
export function lookWhere(
  wanted: (look: Look) => boolean,
): (event: RunEvent) => event is EventOf<'step.progress'> {
  return (event): event is EventOf<'step.progress'> => looks([event]).some(wanted);
}

/** node-1's calls are seen and waited for. */
export const waits = lookWhere(({ step, decision }) => step === 'node-1/wait_drained' && decision === 'wait');

/** A look of the wait that gives such a reason for what was decided. */
export function waitsBecause(reason: RegExp, afterSeq = 0): (event: RunEvent) => boolean {
  return lookWhere(
    ({ seq, step, why }) =>
      seq > afterSeq && step === 'node-1/wait_drained' && why.some((one) => reason.test(one)),
  );
}

/** A look that saw exactly so many sessions. */
export function sawSessions(
  wanted: number,
  afterSeq = 0,
): (event: RunEvent) => event is EventOf<'step.progress'> {
  return lookWhere(({ seq, sessions }) => seq > afterSeq && sessions === wanted);
}

/** `lb-1: cause` of every drift, in order. */
export function driftsOf(events: readonly RunEvent[]): readonly string[] {
  return only(events, 'drift.detected').map(
    ({ data }) => `${data.target.split(' ')[0] ?? ''}: ${data.cause}`,
  );
}

/** Warnings as `code: message`, in order. */
export function warnings(events: readonly RunEvent[]): readonly string[] {
  return only(events, 'warning').map(({ data }) => `${data.code}: ${data.message}`);
}

/** The restart is about to be begun. */
export function isRestartIntent(event: RunEvent): event is EventOf<'effect.intended'> {
  return event.type === 'effect.intended' && event.data.effect === 'node.restart';
}

/** How the last restart ended; undefined where none was intended. */
export function restartOf(events: readonly RunEvent[]): EffectSettled | undefined {
  return only(events, 'effect.settled').findLast(({ data }) => data.effect === 'node.restart')?.data;
}

/** What was done to the world, in order: `fence: node.pause true done`, `deactivate: lb-1 set 1 sip:… d done`. */
export function effects(events: readonly RunEvent[]): readonly string[] {
  const settledOnes = only(events, 'effect.settled');
  return only(events, 'effect.intended').map((intent) => {
    const { effect, target, wanted } = intent.data;
    const name = effect === 'dispatcher.state' ? destinationKey(target) : effect;
    const said =
      effect === 'node.mark'
        ? String(wanted !== null)
        : effect === 'node.restart' || effect === 'call.hangup' || effect === 'action.run'
          ? ''
          : String(wanted);
    const settled = settledOnes.find(
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

/** What the checks of that name said in preflight: `level: why`. */
export function verdictsOf(events: readonly RunEvent[], wanted: string): readonly string[] {
  return only(events, 'preflight.settled').flatMap(({ data }) =>
    data.verdicts.filter(({ check }) => check === wanted).map(({ level, why }) => `${level}: ${why}`),
  );
}

/** Requests and their answers, in order: `extend by key e: accepted`. */
export function answers(events: readonly RunEvent[]): readonly string[] {
  const told = only(events, 'request.settled');
  return only(events, 'request.received').map(({ data }, index) => {
    const answer = told[index]?.data;
    const said =
      answer === undefined ? 'no answer' : answer.accepted ? 'accepted' : `refused: ${answer.why ?? ''}`;
    return `${data.request.kind} by ${data.by}: ${said}`;
  });
}
