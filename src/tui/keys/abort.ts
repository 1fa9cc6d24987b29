import { restartIntended } from '../../domain/run.ts';
import { counted } from '../../output/count-words.ts';
import type { RunView } from '../frames/view.ts';
import { requestRefusal, type RunKey } from './run-key.ts';

/** Whom a stop is about: all that are in hand, since it ends the whole run. */
function stopped({ model }: RunView): readonly string[] {
  const { state, shown } = model;
  if (state?.plan.rolling !== undefined) return model.rolling.inHandOf(state);
  return shown === null ? [] : [shown];
}

/** What becomes of the nodes, as an order; from the restart on nothing can be given back. */
function consequence(view: RunView): string {
  const { state } = view.model;
  if (state?.plan.rolling !== undefined) return ofRolling(view);
  const name = view.model.shown ?? '';
  const node = view.model.stateOf(name);
  if (node === undefined || node.effects.length === 0) return 'Stop? Nothing was changed.';
  if (restartIntended(node)) return `Stop? The restart of ${name} was begun: it stays out.`;
  return `Stop and give ${name} back as it was found?`;
}

function ofRolling(view: RunView): string {
  const { model } = view;
  const { state } = model;
  const [out, back]: [string[], string[]] = [[], []];
  for (const name of stopped(view)) {
    const node = model.stateOf(name);
    if (node === undefined || node.effects.length === 0) continue;
    (restartIntended(node) ? out : back).push(name);
  }
  const untouched = state === null ? 0 : (model.rolling.standingOf(state)?.counts.untouched ?? 0);
  const becomes = [
    ...(back.length === 0 ? [] : [`${named(back)} given back as found`]),
    ...(out.length === 0 ? [] : [`${named(out)} out, restarting`]),
    ...(untouched === 0 ? [] : [`${counted(untouched, 'node')} not begun`]),
  ];
  return `Stop the run?${becomes.length === 0 ? '' : ` ${becomes.join('; ')}.`}`;
}

function named(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

/** Nodes that it can no longer give back. */
function restartBegun(view: RunView): readonly string[] {
  return stopped(view).filter((name) => {
    const node = view.model.stateOf(name);
    return node !== undefined && restartIntended(node);
  });
}

function refusal(view: RunView): string | null {
  const isAsked = Object.values(view.model.state?.nodes ?? {}).some(({ wishes }) => wishes.abort);
  if (view.seen !== null && isAsked) return 'the run is being stopped';
  return requestRefusal({ kind: 'abort' }, view);
}

export const abort: RunKey = {
  key: 'a',
  label: () => ['abort', ' abort'],
  help: 'Stops the run and gives what is in hand back as it was found, once "yes" was typed. From the restart on it stays out.',
  refusal,
  press: (desk) => {
    const before = restartBegun(desk.view());
    const promised = consequence(desk.view());
    desk.ask({
      question: `${promised} Type yes and Enter; Esc: no`,
      expected: 'yes',
      otherwise: (typed) => `${typed === '' ? 'nothing' : typed} was typed, not yes: the run goes on`,
      onYes: () => desk.submit({ kind: 'abort' }, 'key a'),
      // Behind it a stop no longer does what was promised.
      moot: (view) => {
        const [name] = restartBegun(view).filter((one) => !before.includes(one));
        if (name !== undefined) return `the restart of ${name} was begun meanwhile: the run goes on`;
        const isRolling = view.model.state?.plan.rolling !== undefined;
        if (isRolling && consequence(view) !== promised)
          return 'nodes have come further meanwhile: the run goes on';
        return refusal(view);
      },
    });
  },
};
