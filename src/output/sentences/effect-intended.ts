import { effectOrder, effectReading } from '../effect-words.ts';
import { type Sentence, subject } from './sentence.ts';

export const effectIntended: Sentence<'effect.intended'> = {
  // A restart is the point of no return: that one is announced. All others are told when they are settled.
  level: ({ data }) => (data.effect === 'node.restart' ? 'info' : 'detail'),
  say: (event) => {
    const { data } = event;
    const order = effectOrder(data, event.at);
    const found = effectReading(data.effect, data.found);
    if (data.effect === 'node.restart') return `${subject(event)}${order} (core_uuid ${found})`;
    // There is nothing that could be found.
    if (data.effect === 'hook.on_out' || data.effect === 'action.run')
      return `${subject(event)}about to ${order}`;
    return `${subject(event)}about to ${order}, found ${found}`;
  },
};
