import type { EventData } from '../../domain/run-events.ts';
import { type Sentence, stepTitle, subject } from './sentence.ts';

const WORDS: Readonly<Record<EventData['rescue.settled']['outcome'], string>> = {
  rescued: 'rescued: the run goes on',
  failed: 'not rescued',
};

export const rescueSettled: Sentence<'rescue.settled'> = {
  level: ({ data }) => (data.outcome === 'rescued' ? 'good' : 'error'),
  say: (event, context) => `${subject(event)}${stepTitle(event, context)}: ${WORDS[event.data.outcome]}`,
};
