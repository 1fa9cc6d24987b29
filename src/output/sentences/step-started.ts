import { type Sentence, stepKind, stepTitle, subject } from './sentence.ts';

/** That it has to wait is told when it does; that a run notes its end is nobody's concern. */
const QUIET: readonly string[] = ['admit', 'leave_out'];

export const stepStarted: Sentence<'step.started'> = {
  level: (event, context) => (QUIET.includes(stepKind(event, context)) ? 'detail' : 'info'),
  say: (event, context) => `${subject(event)}${stepTitle(event, context)}`,
};
