import { requestWords } from './request-words.ts';
import { type Sentence, subject } from './sentence.ts';

export const requestReceived: Sentence<'request.received'> = {
  // Told with its answer, which follows at once.
  level: () => 'detail',
  say: (event) => `${subject(event)}${requestWords(event.data, event.node)}`,
};
