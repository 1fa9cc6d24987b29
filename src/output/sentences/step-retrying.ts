import { stepDoing } from '../step-words.ts';
import type { ErrorInfo } from '../../domain/errors.ts';
import { errorWords, type Sentence, stepKind, subject } from './sentence.ts';

export const stepRetrying: Sentence<'step.retrying'> = {
  level: () => 'warning',
  say: (event, context) => {
    const { attempt, error } = event.data;
    // Attempt 0 is a warning: the step goes on without trying anything again.
    const kind = stepKind(event, context);
    // What is waited for is the whole of that step, and its error says so with the node's name.
    const again = kind === 'admit' ? 'waits: ' : attempt === 0 ? '' : `${stepDoing(kind)}, not yet: `;
    return `${subject(event)}${again}${errorWords(kind === 'admit' ? withoutName(error, event.node ?? '') : error, context)}`;
  },
};

function withoutName(error: ErrorInfo, node: string): ErrorInfo {
  const subject = `${node} waits: `;
  const { message } = error;
  return message.startsWith(subject) ? { ...error, message: message.slice(subject.length) } : error;
}
