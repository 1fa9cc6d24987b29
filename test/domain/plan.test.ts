import { describe, expect, it } from 'vitest';
import { effectKey, inverse, type Intent } from '../../src/domain/effect.ts';
import { planActivate, planDeactivate, planDrain, planUndo } from '../../src/domain/plan.ts';
import { policy } from './builders.ts';

const kinds = (plan: ReturnType<typeof planDrain>): readonly string[] =>
  plan.nodes.flatMap(({ steps }) => steps.map((step) => step.kind));

describe('planDrain', () => {
  it.each([
    [
      'the whole',
      policy(),
      ['preflight', 'deactivate', 'wait_drained', 'fence', 'restart', 'verify', 'activate'],
    ],
    [
      'an early fence',
      policy({ fence: 'early' }),
      ['preflight', 'deactivate', 'fence', 'wait_drained', 'restart', 'verify', 'activate'],
    ],
    [
      'no fence',
      policy({ fence: 'none' }),
      ['preflight', 'deactivate', 'wait_drained', 'restart', 'verify', 'activate'],
    ],
    ['--hold', policy({ hold: true }), ['preflight', 'deactivate', 'wait_drained', 'fence']],
    ['--no-restart', policy({ restart: false }), ['preflight', 'deactivate', 'wait_drained', 'activate']],
    [
      '--then leave',
      policy({ foundDisabled: 'leave' }),
      ['preflight', 'deactivate', 'wait_drained', 'fence', 'restart', 'verify'],
    ],
  ] as const)('%s', (_name, wanted, expected) => {
    expect(kinds(planDrain('node-1', wanted))).toEqual(expected);
  });

  it('names every step once, by node', () => {
    const ids = planDrain('node-1', policy()).nodes.flatMap(({ steps }) => steps.map((step) => step.id));
    expect(ids[0]).toBe('node-1/preflight');
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is data: it survives the journal', () => {
    for (const plan of [planDrain('node-1', policy()), planDeactivate('node-1'), planActivate('node-1')]) {
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    }
  });
});

const out = (proxy: string, found: string): Intent => ({
  effect: 'dispatcher.state',
  target: { proxy, set: 1, uri: 'sip:10.0.1.10:5080', duid: null },
  found,
  wanted: 'd',
});
const pause = (found: boolean, wanted: boolean): Intent => ({
  effect: 'node.pause',
  target: { node: 'node-1' },
  found,
  wanted,
});
const mark: Intent = { effect: 'node.mark', target: { node: 'node-1' }, found: null, wanted: 'r1,me,now' };
const restart: Intent = {
  effect: 'node.restart',
  target: { node: 'node-1' },
  found: 'u1',
  wanted: 'systemctl restart',
};

/** What the undo would do, as `what → wanted`. */
function undone(intents: readonly Intent[]): readonly string[] | undefined {
  const plan = planUndo('node-1', intents);
  return plan?.nodes.flatMap(({ steps }) =>
    steps.flatMap((step) =>
      step.kind === 'restore'
        ? step.params.effects.map(
            (one) =>
              `${one.effect} ${'proxy' in one.target ? one.target.proxy : one.target.node} → ${JSON.stringify(one.wanted).replaceAll('"', '')}`,
          )
        : [],
    ),
  );
}

describe('planUndo', () => {
  it('gives back what was found, the last first, the mark at the very end', () => {
    expect(undone([mark, out('lb-1', 'AP'), out('lb-2', 'AX'), pause(false, true)])).toEqual([
      'node.pause node-1 → false',
      'dispatcher.state lb-2 → a',
      'dispatcher.state lb-1 → ap',
      'node.mark node-1 → null',
    ]);
  });

  it('goes back to what was before the run, however often a thing was changed', () => {
    expect(undone([out('lb-1', 'AP'), out('lb-1', 'IP'), pause(true, false), pause(false, true)])).toEqual([
      'node.pause node-1 → true',
      'dispatcher.state lb-1 → ap',
    ]);
  });

  it.each([
    ['AP', 'ap'],
    ['AX', 'a'],
    ['TP', 'tp'],
    ['TX', 't'],
    ['IP', 'ip'],
    ['IX', 'i'],
    ['DX', 'd'],
    ['AN', 'a'],
  ])('brings %s back with set_state %s', (found, wanted) => {
    expect(inverse(out('lb-1', found))).toMatchObject({ wanted });
  });

  it('has nothing to do where nothing was meant', () => {
    expect(planUndo('node-1', [])).toEqual({ kind: 'undo', nodes: [] });
  });

  it('goes forward only from the intended restart on', () => {
    expect(planUndo('node-1', [mark, out('lb-1', 'AP'), restart])).toBeUndefined();
  });
});

describe('effectKey', () => {
  it('tells twins apart, and is the same whatever is wanted', () => {
    const twin = {
      ...out('lb-1', 'AP'),
      target: { proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: 'b' },
    } as Intent;
    expect(effectKey(twin)).not.toBe(effectKey(out('lb-1', 'AP')));
    expect(effectKey({ ...out('lb-1', 'DX'), wanted: 'ip' } as Intent)).toBe(effectKey(out('lb-1', 'AP')));
  });
});
