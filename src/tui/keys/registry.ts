/** The keys of the run view, as they stand at the bottom: one file and one line each. */
import { help as helpOf } from '../frames/help.ts';
import { abort } from './abort.ts';
import { calls } from './calls.ts';
import { choose } from './choose.ts';
import { cut } from './cut.ts';
import { extend } from './extend.ts';
import { hold } from './hold.ts';
import { quit } from './quit.ts';
import type { RunKey } from './run-key.ts';

const help: RunKey = {
  key: '?',
  label: () => ['help', ''],
  help: 'Shows this.',
  refusal: () => null,
  press: (desk) => {
    const view = desk.view();
    desk.open(helpOf([...KEYS.filter(({ isFor }) => isFor?.(view) ?? true), CTRL_C]));
  },
};

export const KEYS: readonly RunKey[] = [extend, hold, calls, cut, abort, choose, help, quit];

/** Told in the help, heard by the scene itself. */
const CTRL_C = {
  key: 'Ctrl-C',
  help: 'Stops the run and gives the node back; a second one leaves at once and says what is unknown. Where a run is followed it only leaves.',
  refusal: () => null,
} as const;
