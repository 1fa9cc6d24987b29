import { printable } from '../../domain/text.ts';
import type { RunKey } from './run-key.ts';

export const quit: RunKey = {
  key: 'q',
  label: () => ['leave, the run goes on', ' leave'],
  help: 'Leaves a run that is followed, which goes on.',
  refusal: ({ seen, model: { state } }) => {
    if (seen === null || state === null) return null;
    const { call = 'fsha' } = state.started;
    return `the run goes on only here, and Ctrl-C stops it; to watch it elsewhere: ${printable(call, Infinity)} show ${state.run} --follow`;
  },
  press: (desk) => desk.leave(),
};
