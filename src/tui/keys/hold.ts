import type { RunView } from '../frames/view.ts';
import type { RunRequest } from '../../domain/policy.ts';
import { shownPolicy } from '../frames/view.ts';
import { requestRefusal, type RunKey } from './run-key.ts';

function request({ model }: RunView): RunRequest {
  return { kind: 'hold', ...(model.shown === null ? {} : { node: model.shown }) };
}

export const hold: RunKey = {
  key: 'h',
  label: () => ['hold when drained', ' hold'],
  help: 'Holds it: once drained, or at the deadline, the node stays out and is not restarted.',
  refusal: (view) =>
    view.seen !== null && shownPolicy(view)?.hold === true
      ? 'it is held already'
      : requestRefusal(request(view), view),
  press: (desk) => desk.submit(request(desk.view()), 'key h'),
};
