import { stepDoing } from '../step-words.ts';
import { type Sentence, stepKind, subject } from './sentence.ts';

export const stepStarted: Sentence<'step.started'> = {
  level: () => 'info',
  say: (event, context) => `${subject(event)}${stepDoing(stepKind(event, context))}`,
};
