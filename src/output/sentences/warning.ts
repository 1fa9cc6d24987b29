import { errorWords, type Sentence, subject } from './sentence.ts';

export const warning: Sentence<'warning'> = {
  level: () => 'warning',
  // What an effect or a step has failed for was told with it.
  say: (event, context) =>
    context.wasTold(event.data) ? null : `${subject(event)}${errorWords(event.data, context)}`,
};
