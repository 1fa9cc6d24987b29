import { roughDuration } from '../../domain/duration.ts';
import { stepDone } from '../step-words.ts';
import {
  errorWords,
  isNamed,
  type Sentence,
  type SentenceContext,
  stepKind,
  stepTitle,
  subject,
} from './sentence.ts';
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
    if (isNotBegun(event)) return 'warning';
    if (outcome !== 'succeeded') return LEVELS[outcome];
    const kind = stepKind(event, context);
    const done = stepDone(kind);
    // Admitted at once is nothing new.
    const isAtOnce = kind === 'admit' && event.data.ms < 2 * (context.policy?.poll ?? 0);
    if (done === null || isAtOnce) return 'detail';
    return kind === 'activate' ? 'good' : 'info';
  },
  say: (event, context) => {
    const { outcome, ms } = event.data;
    const kind = stepKind(event, context);
    const after = `after ${roughDuration(ms)}`;
    if (isNotBegun(event)) return `${subject(event)}${notBegunWords(event, context)}`;
    if (outcome !== 'succeeded')
      return `${subject(event)}${stepTitle(event, context)}: ${ENDED[outcome]} ${after}${reason(event, context)}`;
    const done = isNamed(event, context) ? null : stepDone(kind);
    return `${subject(event)}${done ?? `${stepTitle(event, context)}: done`} ${after}`;
  },
};

function reason({ data }: EventOf<'step.settled'>, context: SentenceContext): string {
  // That it was interrupted is said already.
  if (data.error === undefined || (data.outcome === 'cancelled' && data.error.code === 'interrupted'))
    return '';
  return `: ${errorWords(data.error, context)}`;
}

/** Nothing has failed on this node: the run stops before it. */
function isNotBegun({ data }: EventOf<'step.settled'>): boolean {
  return data.error?.code === 'rolling.stopped';
}

function notBegunWords({ data, node }: EventOf<'step.settled'>, context: SentenceContext): string {
  if (data.error === undefined) return '';
  const name = `${node ?? ''} is `;
  const { message } = data.error;
  return errorWords(
    message.startsWith(name) ? { ...data.error, message: message.slice(name.length) } : data.error,
    context,
  );
}
