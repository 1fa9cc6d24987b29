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

function isRestartBegun({ model }: RunView): boolean {
  const node = model.stateOf(model.shown ?? '');
  return node !== undefined && restartIntended(node);
}

function refusal(view: RunView): string | null {
  const node = view.model.stateOf(view.model.shown ?? '');
  if (view.seen !== null && node?.wishes.abort === true) return 'the run is being stopped';
  return requestRefusal({ kind: 'abort' }, view);
}

export const abort: RunKey = {
  key: 'a',
  label: () => ['abort', ' abort'],
  help: 'Stops the run and gives the node back as it was found, once "yes" was typed. From the restart on it stays out.',
  refusal,
  press: (desk) => {
    const wasBegun = isRestartBegun(desk.view());
    desk.ask({
      question: `${consequence(desk.view())} Type yes and Enter; Esc: no`,
      expected: 'yes',
      otherwise: (typed) => `${typed === '' ? 'nothing' : typed} was typed, not yes: the run goes on`,
      onYes: () => desk.submit({ kind: 'abort' }, 'key a'),
      // Behind it a stop no longer does what was promised.
      moot: (view) =>
        isRestartBegun(view) && !wasBegun
          ? `the restart of ${view.model.shown ?? ''} was begun meanwhile: the run goes on`
          : refusal(view),
    });
  },
};
