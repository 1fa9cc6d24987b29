import { callList } from '../frames/call-list.ts';
import { isWaiting } from '../frames/view.ts';
import type { RunKey } from './run-key.ts';

export const calls: RunKey = {
  key: 'c',
  label: () => ['calls', ' calls'],
  help: 'Lists every call that is still on, oldest first.',
  refusal: (view) => {
    if (view.seen === null) return 'calls are listed where the run goes on, and by: fsha calls NODE';
    return isWaiting(view) ? null : 'calls are listed while they are waited for';
  },
  press: (desk) => desk.open(callList()),
};
