import { requestWords } from './request-words.ts';
import { said, type Sentence, subject } from './sentence.ts';

export const requestSettled: Sentence<'request.settled'> = {
  level: ({ data }) => (data.accepted ? 'info' : 'warning'),
  say: (event, { openRequest }) => {
    const { accepted, why } = event.data;
    const what = openRequest === undefined ? 'the request' : requestWords(openRequest);
    return `${subject(event)}${accepted ? 'accepted' : 'refused'}: ${what}${why === undefined ? '' : `: ${said(why)}`}`;
  },
};
