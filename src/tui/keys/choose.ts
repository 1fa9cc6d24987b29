import { plannedNodes } from '../run-model.ts';
import type { RunView } from '../frames/view.ts';
import type { KeyName } from '../scene.ts';
import type { RunKey } from './run-key.ts';

const PAGE = 10;
const MOVES: Partial<Record<KeyName, number>> = {
  up: -1,
  down: 1,
  'page-up': -PAGE,
  'page-down': PAGE,
  home: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
};

/** Of which node the details are told. */
export const choose: RunKey = {
  key: '↑↓',
  names: ['up', 'down', 'page-up', 'page-down', 'home', 'end', 'escape'],
  label: () => ['node', ''],
  isFor: ({ model: { state } }) => state?.plan.rolling !== undefined,
  help: 'Arrows, PgUp, PgDn, Home, End choose the node that is looked at, and that the other keys are about; Esc: whichever is in hand.',
  refusal: ({ model: { state } }) => {
    if (state?.plan.rolling === undefined) return 'there is one node only';
    return state.settled === null ? null : 'the run is over';
  },
  press: (desk, { name }) => {
    if (name === 'escape') desk.choose(null);
    else if (name !== null) desk.choose(moved(desk.view(), MOVES[name] ?? 0));
  },
};

/** From the one that is shown; where none is, from the first that is not through. */
function moved({ model }: RunView, by: number): string | null {
  const { state, shown } = model;
  if (state === null) return null;
  const names = plannedNodes(state.plan);
  if (shown === null && Math.abs(by) === 1) {
    const standing = model.rolling.standingOf(state);
    const next = standing?.nodes.find(({ phase }) => phase === 'untouched')?.name;
    return next ?? names.at(-1) ?? null;
  }
  const at = shown === null ? 0 : names.indexOf(shown);
  return names[Math.max(0, Math.min(names.length - 1, at + by))] ?? null;
}
