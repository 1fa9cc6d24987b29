import type { RunView } from '../frames/view.ts';
import type { RunRequest } from '../../domain/policy.ts';
import { requestRefusal, type RunKey, whyNoNode } from './run-key.ts';

const HALF_AN_HOUR = 1_800_000;

function request({ model }: RunView): RunRequest {
  return { kind: 'extend', ms: HALF_AN_HOUR, ...(model.shown === null ? {} : { node: model.shown }) };
}

export const extend: RunKey = {
  key: '+',
  label: () => ['30m longer', '30m'],
  help: 'Extends the deadline by 30 minutes, each time it is pressed.',
  refusal: (view) => whyNoNode(view) ?? requestRefusal(request(view), view),
  press: (desk) => desk.submit(request(desk.view()), 'key +'),
};
