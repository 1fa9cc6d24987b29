import { roughDuration } from '../../domain/duration.ts';
import { stepDoing, stepDone } from '../step-words.ts';
import { errorWords, type Sentence, type SentenceContext, stepKind, subject } from './sentence.ts';
import type { EventOf, StepOutcome } from '../../domain/run-events.ts';

const LEVELS = {
  succeeded: 'info',
  skipped: 'detail',
  failed: 'error',
  cancelled: 'warning',
  unknown: 'error',
} as const satisfies Record<StepOutcome, string>;

const ENDED: Readonly<Record<Exclude<StepOutcome, 'succeeded'>, string>> = {
  skipped: 'skipped',
  failed: 'failed',
  cancelled: 'interrupted',
  unknown: 'outcome unknown',
};

export const stepSettled: Sentence<'step.settled'> = {
  level: (event, context) => {
    const { outcome } = event.data;
    if (outcome !== 'succeeded') return LEVELS[outcome];
    const done = stepDone(stepKind(event, context));
    if (done === null) return 'detail';
    return stepKind(event, context) === 'activate' ? 'good' : 'info';
  },
  say: (event, context) => {
    const { outcome, ms } = event.data;
    const kind = stepKind(event, context);
    const after = `after ${roughDuration(ms)}`;
    if (outcome !== 'succeeded')
      return `${subject(event)}${stepDoing(kind)}: ${ENDED[outcome]} ${after}${reason(event, context)}`;
    return `${subject(event)}${stepDone(kind) ?? `${stepDoing(kind)}: done`} ${after}`;
  },
};

function reason({ data }: EventOf<'step.settled'>, context: SentenceContext): string {
  // That it was interrupted is said already.
  if (data.error === undefined || (data.outcome === 'cancelled' && data.error.code === 'interrupted'))
    return '';
  return `: ${errorWords(data.error, context)}`;
}
