import { stepDoing } from '../step-words.ts';
import { type Sentence, stepKind, subject } from './sentence.ts';

/** That it has to wait is told when it does; that a run notes its end is nobody's concern. */
const QUIET: readonly string[] = ['admit', 'leave_out'];

export const stepStarted: Sentence<'step.started'> = {
  level: (event, context) => (QUIET.includes(stepKind(event, context)) ? 'detail' : 'info'),
  say: (event, context) => `${subject(event)}${stepDoing(stepKind(event, context))}`,
};
