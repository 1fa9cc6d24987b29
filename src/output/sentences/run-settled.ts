import { printable } from '../../domain/text.ts';
import { counted } from '../count-words.ts';
import { exitMeaning } from '../exit-words.ts';
import { errorWords, type Sentence } from './sentence.ts';

export const runSettled: Sentence<'run.settled'> = {
  level: () => 'end',
  say: ({ data }, context) => {
    const { outcome, exit, nodes, callsCut, next, error } = data;
    return [
      `${printable(outcome)} (exit ${exit}: ${exitMeaning(exit)})`,
      ...Object.entries(nodes).map(([node, service]) => `  ${printable(node)}: ${printable(service)}`),
      ...(callsCut === 0 ? [] : [`  ${counted(callsCut, 'call')} cut`]),
      ...(error === undefined ? [] : [`  why: ${errorWords(error, context).replaceAll('\n', '\n  ')}`]),
      // Whole, however long: they are there to be copied.
      ...(next.length === 0
        ? []
        : ['  next:', ...next.map((command) => `    ${printable(command, Infinity)}`)]),
    ].join('\n');
  },
};
