import { stepNamed } from '../../domain/playbook/all-steps.ts';
import { isBeingRescued } from '../../domain/playbook/being-rescued.ts';
import { type NodeRunState, restartIntended } from '../../domain/run.ts';
import { agoWords } from '../../output/live-words.ts';
import { type Line, line, type Style, styled } from '../line.ts';
import type { Panel } from './panel.ts';
import { isOver, isStale, isWaiting, type RunView } from './view.ts';
import { wrap } from './wrap.ts';

interface Said {
  readonly text: string;
  readonly style: Style;
}

/** No step but the wait is without a word for so long while all is well: a restart has 90 s, ms. */
const SILENT = 180_000;

/** What overrides everything else: that the run ends, has ended, or is no longer heard of. */
export const banner: Panel = {
  heights: (view, columns) => {
    const all = lines(view, columns).length;
    // How it ended, and what goes on, is all that is of interest then.
    const least = isOver(view) ? all : Math.min(all, 3);
    return [least, least, all, all, all];
  },
  draw: (view, columns, rows) => lines(view, columns).slice(0, rows),
  isGroup: false,
  inPieces: true,
};

function lines(view: RunView, columns: number): readonly Line[] {
  return news(view).flatMap(({ text, style }) =>
    text.split('\n').flatMap((one) => wrap(one, columns).map((part) => line(styled(style, part)))),
  );
}

function news(view: RunView): readonly Said[] {
  const { model, seen, now } = view;
  const { state, endText } = model;
  if (endText !== null) return [{ text: endText, style: state?.settled?.exit === 0 ? 'good' : 'warning' }];
  const ending = endingOf(view);
  if (ending !== null) return [ending];
  // Whoever runs it writes at every poll while it waits, and now and then in other steps: silence says that nobody does.
  const { lastAt } = model;
  if (seen !== null || lastAt === null) return [];
  if (isWaiting(view) ? !isStale(lastAt, view) : now - lastAt < SILENT) return [];
  const since = agoWords(now - lastAt);
  const text = `stale: the last word of this run came ${since}; the process that runs it may be gone`;
  return [{ text, style: 'warning' }];
}

/** That it is stopped, or has failed, and what becomes of the node. */
function endingOf(view: RunView): Said | null {
  const { model, interrupts, seen } = view;
  const { state } = model;
  const isRolling = state?.plan.rolling !== undefined;
  const name = model.shown ?? '';
  const node = model.stateOf(name);
  const isAborted = isRolling
    ? Object.values(state.nodes).some(({ wishes }) => wishes.abort)
    : node?.wishes.abort === true;
  // A Ctrl-C behind a failure is the first one still: it stops nothing that is not being undone already.
  if (interrupts > 0 || isAborted) {
    const again = seen === null ? '' : '\nCtrl-C again leaves at once, undone or not';
    const becomes = isRolling ? fates(model.rolling.inHandOf(state), view) : fateOf(name, view);
    return { text: `stopping: ${becomes}${again}`, style: 'warning' };
  }
  // How each node of a rolling run has failed stands in its row: here it is that of the one that is looked at.
  if (isRolling && name === '') return null;
  const failure = node?.failure ?? null;
  if (failure === null || failure.error.code === 'rolling.stopped') return null;
  if (state !== null && node !== undefined && isBeingRescued(state.plan, node)) {
    const step = stepNamed(state.plan, failure.step)?.frame?.name ?? failure.step;
    return { text: `rescuing: ${step}\nfailed: ${failure.error.message}`, style: 'warning' };
  }
  return { text: `${fateOf(name, view)}\nfailed: ${failure.error.message}`, style: 'error' };
}

/** So many nodes are told one by one. */
const TOLD = 3;

function fates(names: readonly string[], view: RunView): string {
  if (names.length === 0) return 'no node is in hand';
  const more = names.length > TOLD ? [`and ${names.length - TOLD} more`] : [];
  return [...names.slice(0, TOLD).map((name) => withName(name, fateOf(name, view))), ...more].join('; ');
}

function withName(name: string, fate: string): string {
  return fate.startsWith(name) ? fate : `${name}: ${fate}`;
}

function fateOf(name: string, { model }: RunView): string {
  const policy = model.policyOf(name);
  return fate(name, model.stateOf(name), policy !== null && policy.onTimeout !== 'restore');
}

/** @param expiredStays whether it stays out where it is not drained in time */
function fate(name: string, node: NodeRunState | undefined, expiredStays: boolean): string {
  if (node === undefined || node.effects.length === 0) return 'nothing was changed';
  if (restartIntended(node)) return `${name} stays out, since its restart was begun`;
  if (node.undo === 'done') return `${name} was given back as it was found`;
  if (node.undo === 'failed' || node.undo === 'unknown') return `${name} could not be given back for certain`;
  const code = node.failure?.error.code;
  if (code === 'locked') return `${name} is another run's now: it is left as it is`;
  if (code === 'drain.held' || (code === 'drain.expired' && expiredStays)) return `${name} stays out`;
  return `${name} is being given back as it was found`;
}
