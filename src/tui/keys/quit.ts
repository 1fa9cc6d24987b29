import { printable } from '../../domain/text.ts';
import type { RunKey } from './run-key.ts';

export const quit: RunKey = {
  key: 'q',
  label: ({ seen }) => (seen === null ? ['leave, the run goes on', ' leave'] : ['', '']),
  help: 'Leaves a run that is followed. A run of this process goes on only here; Ctrl-C stops it.',
  refusal: () => null,
  press: (desk) => {
    const { state } = desk.view().model;
    if (desk.live === null || state === null) {
      desk.leave();
      return;
    }
    const { call = 'fsha' } = state.started;
    desk.say(
      `The run goes on only here; Ctrl-C stops it. Watch it elsewhere: ${printable(call, Infinity)} show ${state.run} --follow`,
    );
  },
};
