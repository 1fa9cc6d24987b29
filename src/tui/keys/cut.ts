import { judgeCut, type LiveCall } from '../../domain/cutting.ts';
import type { Known, LiveCalls } from '../../domain/observation.ts';
import { counted } from '../../output/count-words.ts';
import type { RunView } from '../frames/view.ts';
import { type KeyDesk, requestRefusal, type RunKey, whyNoNode } from './run-key.ts';

function refusal(view: RunView): string | null {
  const node = view.model.shown;
  return (
    whyNoNode(view) ?? requestRefusal({ kind: 'cut', confirmed: 1, ...(node === null ? {} : { node }) }, view)
  );
}

export const cut: RunKey = {
  key: 'f',
  label: () => ['cut the rest', ' cut'],
  help: 'Cuts the calls that are left, once their number was typed; never while a protected call is up, or where not every session is seen.',
  refusal,
  press: (desk) => {
    const node = desk.view().model.shown;
    if (desk.live === null || node === null) return;
    desk.wait(`looking at every call of ${node}`, desk.live.liveCalls(node), (live) =>
      judge(desk, node, live),
    );
  },
};

function judge(desk: KeyDesk, node: string, live: Known<LiveCalls>): void {
  const view = desk.view();
  const policy = view.model.policyOf(node);
  const why = noLonger(node, view);
  if (why !== null || policy === null) {
    desk.say(why ?? 'no call is cut: the run has not begun', 'warning');
    return;
  }
  const verdict = judgeCut(live, policy.cutting, Number.POSITIVE_INFINITY);
  if (verdict.kind === 'cut') ask(desk, node, verdict.calls);
  else if (verdict.kind === 'nothing') desk.say(`no call of ${node} is up: there is nothing to cut`);
  else desk.say(`no call is cut: ${verdict.why}`, 'warning');
}

/** Why none is cut of what the key was pressed for; null: that is still so. */
function noLonger(node: string, view: RunView): string | null {
  const why = view.model.shown === node ? refusal(view) : `${node} is no longer the node that is shown`;
  return why === null ? null : `no call is cut: ${why}`;
}

function ask(desk: KeyDesk, node: string, calls: readonly LiveCall[]): void {
  const ordinary = calls.filter(({ kind }) => kind === 'ordinary').length;
  const expendable = calls.length - ordinary;
  // A confirmed number would be one of calls that count, and nobody has agreed to cut one of those.
  if (ordinary === 0) {
    const are = expendable === 1 ? 'is' : 'are';
    desk.say(`only ${counted(expendable, 'expendable call')} ${are} up: cut without being asked`);
    return;
  }
  const beside =
    expendable === 0 ? '' : ` (${expendable} expendable beside ${ordinary === 1 ? 'it' : 'them'})`;
  desk.ask({
    question: `Cut ${counted(ordinary, 'call')} of ${node}${beside}? Type ${ordinary} and Enter; Esc: no`,
    expected: String(ordinary),
    otherwise: (typed) => `${typed === '' ? 'nothing' : typed} was typed, not ${ordinary}: no call is cut`,
    onYes: () => desk.submit({ kind: 'cut', node, confirmed: ordinary }, 'key f'),
    moot: (view) => noLonger(node, view),
  });
}
