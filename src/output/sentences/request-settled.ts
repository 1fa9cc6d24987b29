import { requestWords } from './request-words.ts';
import { said, type Sentence, subject } from './sentence.ts';

export const requestSettled: Sentence<'request.settled'> = {
  level: ({ data }) => (data.accepted ? 'info' : 'warning'),
  say: (event, { openRequest }) => {
    const { accepted, why } = event.data;
    const what = openRequest === undefined ? 'a request' : requestWords(openRequest, event.node);
    return `${subject(event)}${what}: ${accepted ? 'accepted' : 'refused'}${why === undefined ? '' : `: ${said(why)}`}`;
  },
};
