import { printable } from '../../domain/text.ts';
import { type Sentence, stepTitle, subject } from './sentence.ts';

/** So much of a value is shown: characters. */
const SHOWN = 2_000;

export const stepResult: Sentence<'step.result'> = {
  level: () => 'detail',
  say: (event, context) => {
    const { register, value } = event.data;
    const kept = register === null ? '' : `, kept as ${printable(register)}`;
    return `${subject(event)}result of ${stepTitle(event, context)}${kept}: ${printable(JSON.stringify(value), SHOWN)}`;
  },
};
