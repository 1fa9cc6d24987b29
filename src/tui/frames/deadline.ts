/** How long the calls of the node that is shown are waited for, and what comes then. */
import { atDeadlineWords, spanWords } from '../../output/live-words.ts';
import { type Line, line, type Span, styled } from '../line.ts';
import { drainEnd, type RunView, shownPolicy } from './view.ts';

/** Long, and ever shorter; empty where nobody waits for its calls any more. */
export function deadlineWords(view: RunView): readonly Line[] {
  const { model, now } = view;
  const { state, shown } = model;
  const policy = shownPolicy(view);
  const planned = state?.plan.nodes.find(({ node }) => node === shown);
  if (state === null || state.settled !== null || shown === null || policy === null) return [];
  const node = model.stateOf(shown);
  const wait = node?.steps[`${shown}/wait_drained`];
  const isAhead = planned?.steps.some(({ kind }) => kind === 'wait_drained') === true;
  const isEnded =
    (wait !== undefined && wait.outcome !== null) ||
    (node !== undefined && (node.failure !== null || node.undo !== null));
  if (!isAhead || isEnded) return [];
  const words = (long: Span | string, then: readonly [string, string]): readonly Line[] => {
    const of = (text: string): Line => line(long, text === '' ? '' : `, ${text}`);
    return [of(then[0]), of(then[1]), line(long)];
  };
  const end = drainEnd(view, shown);
  if (end === null && policy.timeout === null)
    return words('none', policy.hold ? ['it stays out when drained (hold)', 'hold'] : ['', '']);
  const then = atDeadlineWords(policy);
  if (end === null) return words(`${spanWords(policy.timeout ?? 0)} from when it is out`, then);
  const { at, isWindow } = end;
  const why = isWindow ? ' (window)' : '';
  if (now < at)
    return words(styled(at - now < 300_000 ? 'warning' : 'strong', `in ${spanWords(at - now)}${why}`), then);
  return words(styled('warning', `passed ${spanWords(now - at)} ago${why}`), ['', '']);
}
