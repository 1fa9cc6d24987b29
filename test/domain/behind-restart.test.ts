/** Behind an announced restart: what is still done under the wishes of whoever goes on, and how it ends. */
import { describe, expect, it } from 'vitest';
import { conclude } from '../../src/domain/conclude.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { planBehindRestart } from '../../src/domain/plan.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { baseline, policy } from './builders.ts';
import { stateOf } from './run-story.ts';

const NODE = 'node-1';

describe('what remains', () => {
  const WHOLE = ['wait_drained', 'fence', 'restart', 'verify', 'activate'];

  function remaining(restarted: boolean, wishes: Partial<Policy>): readonly string[] {
    const { steps } = planBehindRestart(NODE, policy(wishes), { restarted, keepOut: true });
    expect(steps.slice(0, 3).map(({ kind }) => kind)).toEqual(['preflight', 'keep_out', 'settle_restart']);
    return steps.slice(3).map(({ kind }) => kind);
  }

  it.each<[string, Partial<Policy>, readonly string[], readonly string[]]>([
    // wished for now; where it was restarted; where nobody knows that it was
    ['nothing else', {}, ['verify', 'activate'], WHOLE],
    ['no restart', { restart: false }, ['verify', 'activate'], ['verify', 'activate']],
    ['to stay out', { hold: true }, ['verify', 'fence'], ['wait_drained', 'fence']],
    ['to stay out, and no fence', { hold: true, fence: 'none' }, ['verify'], ['wait_drained']],
    [
      'to stay out, without a restart',
      { hold: true, restart: false },
      ['verify', 'fence'],
      ['wait_drained', 'fence'],
    ],
    ['to be left as found', { foundDisabled: 'leave' }, ['verify'], WHOLE.slice(0, -1)],
    ['no fence', { fence: 'none' }, ['verify', 'activate'], WHOLE.filter((kind) => kind !== 'fence')],
  ])('wished for now: %s', (_, wishes, afterRestart, unknown) => {
    expect(remaining(true, wishes)).toEqual(afterRestart);
    expect(remaining(false, wishes)).toEqual(unknown);
  });

  it('a node that somebody else had disabled goes in where that is wished for now', () => {
    const { steps } = planBehindRestart(NODE, policy({ foundDisabled: 'activate' }), {
      restarted: true,
      keepOut: false,
    });
    expect(steps.at(-1)).toMatchObject({ kind: 'activate', params: { explicit: true } });
  });
});

describe('how it ends', () => {
  const target = (proxy: string) => ({ proxy, set: 1, uri: 'sip:10.0.1.10:5080', duid: null });
  const at = (kind: string) => ({ node: NODE, step: `${NODE}/${kind}` });

  /** Out on these proxies, a restart announced that was not carried out, and then this. */
  function ended(out: readonly string[], code: ErrorCode) {
    const events: NewEvent[] = [
      {
        type: 'preflight.settled',
        ...at('preflight'),
        data: { verdicts: [], baseline: baseline(), found: baseline().destinations },
      },
      ...out.flatMap((proxy): readonly NewEvent[] => [
        {
          type: 'effect.intended',
          ...at('deactivate'),
          data: { effect: 'dispatcher.state', target: target(proxy), found: 'AP', wanted: 'd' },
        },
        {
          type: 'effect.settled',
          ...at('deactivate'),
          data: { effect: 'dispatcher.state', target: target(proxy), outcome: 'done', read: 'DX' },
        },
      ]),
      {
        type: 'effect.intended',
        ...at('restart'),
        data: { effect: 'node.restart', target: { node: NODE }, found: 'before', wanted: 'restart-it' },
      },
      {
        type: 'effect.settled',
        ...at('restart'),
        data: { effect: 'node.restart', target: { node: NODE }, outcome: 'failed', read: 'before' },
      },
      {
        type: 'step.settled',
        ...at('wait_drained'),
        data: { outcome: 'failed', ms: 1, error: { code, message: 'x', hint: '' } },
      },
    ];
    const { outcome, exit } = conclude(stateOf(events), null, 'fsha');
    return [outcome, exit];
  }

  const BOTH = ['lb-1', 'lb-2'];

  it.each<[ErrorCode, readonly string[], readonly unknown[]]>([
    ['drain.expired', BOTH, ['held', 6]],
    ['drain.held', BOTH, ['held', 6]],
    ['drain.expired', ['lb-1'], ['unknown', 9]],
    ['effect.unknown', BOTH, ['unknown', 9]],
  ])('%s, seen out on %j', (code, out, end) => {
    expect(ended(out, code)).toEqual(end);
  });
});
