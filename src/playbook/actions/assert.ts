import { FshaError } from '../../domain/errors.ts';
import { isJsonList, kindOfJson } from '../../domain/playbook/json.ts';
import type { RunAction } from '../../workflow/action-port.ts';
import type { Action } from '../action.ts';
import { Params } from './read-params.ts';

export const assert: Action = {
  name: 'assert',
  summary: 'Fails where a condition does not hold.',
  params: {
    kind: 'fields',
    fields: {
      that: {
        kind: 'either',
        of: [{ kind: 'expression' }, { kind: 'list', of: { kind: 'expression' }, least: 1 }],
        required: true,
        description: 'An expression, or a list of which each has to be true.',
      },
      message: { kind: 'text', description: 'What is said where one is not.' },
    },
  },
  short: 'that',
  result: {},
  changes: () => 'nothing',
  timeout: 5_000,
  without: ['register', 'rerun', 'disruptive', 'cutsCalls', 'undo'],
};

/** Its expressions come as the values that they have. */
export const runAssert: RunAction = (params, _node, around) => {
  const read = new Params(params, around.name);
  const given = read.value('that') ?? null;
  const values = given !== null && isJsonList(given) ? given : [given];
  const strange = values.find((value) => typeof value !== 'boolean');
  if (values.length === 0 || strange !== undefined)
    return Promise.reject(
      new FshaError(
        'action.failed',
        `${around.name}: a condition is ${kindOfJson(strange ?? null)}, not true or false`,
        'Compare it with something.',
      ),
    );
  const failed = values.flatMap((value, index) => (value === true ? [] : [index + 1]));
  if (failed.length === 0) return Promise.resolve({ ok: true, said: 'holds' });
  const which =
    values.length === 1
      ? 'the condition does not hold'
      : `condition ${failed.join(', ')} of ${values.length} does not hold`;
  const message = read.textOr('message', '');
  return Promise.resolve({ ok: false, said: message === '' ? which : `${message} (${which})` });
};
