/** Put in when the playbook is read (`includes.ts`): no plan has it. */
import type { Action } from '../action.ts';

export const include: Action = {
  name: 'include',
  summary: 'Puts the steps of another playbook here; its path is relative to this file.',
  params: {
    kind: 'fields',
    fields: {
      file: {
        kind: 'text',
        expected: 'the path of a playbook',
        literal: true,
        required: true,
        description: 'The playbook, relative to the file that includes it.',
      },
    },
  },
  short: 'file',
  result: {},
  changes: () => 'nothing',
  timeout: null,
  without: [
    'when',
    'timeout',
    'register',
    'rerun',
    'check',
    'rescue',
    'always',
    'undo',
    'disruptive',
    'cutsCalls',
  ],
};
