import { stepDoing } from '../step-words.ts';
import { errorWords, type Sentence, stepKind, subject } from './sentence.ts';

export const stepRetrying: Sentence<'step.retrying'> = {
  level: () => 'warning',
  say: (event, context) => {
    const { attempt, error } = event.data;
    // Attempt 0 is a warning: the step goes on without trying anything again.
    const again = attempt === 0 ? '' : `${stepDoing(stepKind(event, context))}, not yet: `;
    return `${subject(event)}${again}${errorWords(error, context)}`;
  },
};
