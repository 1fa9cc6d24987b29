import type { RunAction } from '../../workflow/action-port.ts';
import type { Action } from '../action.ts';
import { Params } from './read-params.ts';

export const confirm: Action = {
  name: 'confirm',
  summary: 'Asks a person whether to go on.',
  params: {
    kind: 'fields',
    fields: {
      question: {
        kind: 'text',
        required: true,
        description: 'What is asked; yes goes on, everything else stops the run.',
      },
      answer: {
        kind: 'text',
        pattern: '^[a-z][a-z0-9_-]*$',
        expected: 'a name of small letters, digits, "-" and "_"',
        literal: true,
        required: true,
        description:
          'The name by which --answer NAME=yes answers it beforehand: without a terminal it has to be given.',
      },
    },
  },
  result: { answer: { type: 'string', description: 'What was answered.' } },
  changes: () => 'nothing',
  timeout: 30 * 60_000,
  without: ['rerun', 'check', 'disruptive', 'cutsCalls', 'undo'],
};

export const runConfirm: RunAction = async (params, _node, around) => {
  const read = new Params(params, around.name);
  const answer = (
    await around.ask({ name: read.text('answer'), text: around.mask(read.text('question')) }, around.signal)
  ).trim();
  const ok = answer.toLowerCase() === 'yes';
  return { ok, answer, said: ok ? 'confirmed' : 'not confirmed' };
};
