import { restartIntended } from '../../domain/run.ts';
import type { RunView } from '../frames/view.ts';
import { requestRefusal, type RunKey } from './run-key.ts';

/** What becomes of the node, as an order; from the restart on nothing can be given back. */
function consequence({ model }: RunView): string {
  const name = model.shown ?? '';
  const node = model.stateOf(name);
  if (node === undefined || node.effects.length === 0) return 'Stop? Nothing was changed.';
  if (restartIntended(node)) return `Stop? The restart of ${name} was begun: it stays out.`;
  return `Stop and give ${name} back as it was found?`;
}

export const abort: RunKey = {
  key: 'a',
  label: () => ['abort', ' abort'],
  help: 'Stops the run and gives the node back as it was found, once "yes" was typed. From the restart on it stays out.',
  refusal: (view) => {
    const node = view.model.stateOf(view.model.shown ?? '');
    if (view.seen !== null && node?.wishes.abort === true) return 'the run is being stopped';
    return requestRefusal({ kind: 'abort' }, view);
  },
  press: (desk) =>
    desk.ask({
      question: `${consequence(desk.view())} Type yes and Enter; Esc: no`,
      expected: 'yes',
      otherwise: (typed) => `${typed === '' ? 'nothing' : typed} was typed, not yes: the run goes on`,
      onYes: () => desk.submit({ kind: 'abort' }, 'key a'),
    }),
};
