import { effectOrder, effectReading } from '../effect-words.ts';
import { type Sentence, subject } from './sentence.ts';

export const effectIntended: Sentence<'effect.intended'> = {
  // A restart is the point of no return: that one is announced. All others are told when they are settled.
  level: ({ data }) => (data.effect === 'node.restart' ? 'info' : 'detail'),
  say: (event) => {
    const { data } = event;
    const found = effectReading(data.effect, data.found);
    return data.effect === 'node.restart'
      ? `${subject(event)}${effectOrder(data)} (core_uuid ${found})`
      : `${subject(event)}about to ${effectOrder(data)}, found ${found}`;
  },
};
