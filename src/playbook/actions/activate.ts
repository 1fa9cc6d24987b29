import type { Action } from '../action.ts';
import { own } from './own.ts';

export const activate: Action = {
  ...own('activate', 'Puts the node back in and sees it active on every proxy.', 'node'),
  params: {
    kind: 'fields',
    fields: {
      explicit: {
        kind: 'boolean',
        literal: true,
        description: 'Where it was found disabled, too: without it, that is how it is left.',
      },
    },
  },
};
