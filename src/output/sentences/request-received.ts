import { printable } from '../../domain/text.ts';
import { requestWords } from './request-words.ts';
import { type Sentence, subject } from './sentence.ts';

export const requestReceived: Sentence<'request.received'> = {
  level: () => 'info',
  say: (event) => `${subject(event)}${printable(event.data.by)} asks: ${requestWords(event.data.request)}`,
};
