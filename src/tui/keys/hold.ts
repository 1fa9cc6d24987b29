import type { RunView } from '../frames/view.ts';
import type { RunRequest } from '../../domain/policy.ts';
import { restartIntended } from '../../domain/run.ts';
import { shownPolicy } from '../frames/view.ts';
import { requestRefusal, type RunKey, whyNoNode } from './run-key.ts';

function request({ model }: RunView): RunRequest {
  return { kind: 'hold', ...(model.shown === null ? {} : { node: model.shown }) };
}

/** From then on it cannot be kept from being restarted. */
function isRestarting({ model }: RunView): boolean {
  const node = model.stateOf(model.shown ?? '');
  return node !== undefined && restartIntended(node);
}

export const hold: RunKey = {
  key: 'h',
  label: (view) => (isRestarting(view) ? ['keep it out', ' keep out'] : ['hold when drained', ' hold']),
  help: 'Holds it: once drained, or at the deadline, the node stays out and is not restarted. Where its restart has begun, the node stays out behind it.',
  refusal: (view) =>
    view.seen !== null && shownPolicy(view)?.hold === true
      ? 'it is held already'
      : (whyNoNode(view) ?? requestRefusal(request(view), view)),
  press: (desk) => desk.submit(request(desk.view()), 'key h'),
};
