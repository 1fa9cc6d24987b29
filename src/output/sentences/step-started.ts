import { stepDoing } from '../step-words.ts';
import { type Sentence, stepKind, subject } from './sentence.ts';

export const stepStarted: Sentence<'step.started'> = {
  // That it has to wait is told when it does.
  level: (event, context) => (stepKind(event, context) === 'admit' ? 'detail' : 'info'),
  say: (event, context) => `${subject(event)}${stepDoing(stepKind(event, context))}`,
};
