import { roughDuration } from '../../domain/duration.ts';
import { counted } from '../count-words.ts';
import { type Sentence, subject } from './sentence.ts';

export const nodeBack: Sentence<'node.back'> = {
  level: () => 'info',
  say: (event) => {
    const { proof, activeMs, sessions } = event.data;
    const active = `active on every proxy for ${roughDuration(Math.max(0, activeMs))}`;
    const calls =
      proof === 'calls'
        ? `and takes new calls${sessions === null ? '' : ` (${counted(sessions, 'session')})`}`
        : sessions === null
          ? 'its calls are unknown'
          : 'no call has come yet';
    return `${subject(event)}back: ${active}, ${calls}`;
  },
};
