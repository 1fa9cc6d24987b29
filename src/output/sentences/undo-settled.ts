import type { EventData } from '../../domain/run-events.ts';
import { type Sentence, subject } from './sentence.ts';

const WORDS: Readonly<Record<EventData['undo.settled']['outcome'], string>> = {
  done: 'undone: all as found',
  failed: 'undo failed: not everything is as it was found',
  unknown: 'outcome of the undo unknown: look before you go on',
};

export const undoSettled: Sentence<'undo.settled'> = {
  level: ({ data }) => (data.outcome === 'done' ? 'good' : 'error'),
  say: (event) => `${subject(event)}${WORDS[event.data.outcome]}`,
};
