/** Which of the things that earlier runs have recorded count, and which the world has gone past. */
import { describe, expect, test } from 'vitest';
import type { Standing } from '../../src/domain/baseline.ts';
import type { Whereabouts } from '../../src/domain/mark.ts';
import type { NodeObservation, Observation } from '../../src/domain/observation.ts';
import type { Purpose } from '../../src/domain/plan.ts';
import type { PreflightInput } from '../../src/domain/preflight/check.ts';
import { surveyNode } from '../../src/workflow/survey.ts';
import type { World } from '../../src/workflow/world.ts';
import {
  baseline,
  cluster,
  known,
  node,
  observation,
  policy,
  seenNode,
  seenProxy,
  unknown,
} from '../domain/builders.ts';

interface Scene {
  /** FLAGS of node-1, on both proxies. */
  readonly flags: string;
  readonly changes?: Partial<NodeObservation>;
  readonly purpose?: Purpose;
  /** What the run that asks had found itself, before another process went on with it. */
  readonly own?: Standing | null;
  /** What the journals say of the run that touched the node last. */
  readonly left?: Standing | null;
  readonly whereabouts?: Whereabouts;
}

const standing = (run: string, changes: Partial<Standing> = {}): Standing => ({
  run,
  settled: false,
  baseline: baseline({ coreUuid: `found by ${run}` }),
  restarted: false,
  restartOpen: false,
  ...changes,
});

/** What run r1 gets to know. */
function survey(scene: Scene): Promise<PreflightInput> {
  const { flags, changes = {}, purpose = 'drain', own = null, left = null, whereabouts = 'ended' } = scene;
  const seen: Observation = observation({
    nodes: [seenNode('node-1', changes)],
    proxies: ['lb-1', 'lb-2'].map((name) =>
      seenProxy(name, [
        ['sip:10.0.1.10:5080', flags],
        ['sip:10.0.1.11:5080', 'AP'],
      ]),
    ),
  });
  const world = {
    cluster: cluster(),
    clock: { wall: () => new Date('2026-11-22T20:00:00Z') },
    probe: { options: () => Promise.resolve(known(200)) },
    standing: () => Promise.resolve(left),
    whereabouts: () => Promise.resolve(whereabouts),
    resolve: (host: string) => Promise.resolve(known([host])),
  } as unknown as World;
  const wish = {
    node: node('node-1', '10.0.1.10'),
    purpose,
    policy: policy({ restart: false }),
    asker: { run: 'r1', standing: own },
  };
  return surveyNode(world, Promise.resolve(seen), wish, new AbortController().signal);
}

describe('what a run had found that goes on', () => {
  const own = standing('r1');
  const counts = async (scene: Omit<Scene, 'own'>): Promise<string | undefined> =>
    (await survey({ ...scene, own })).standing?.baseline.coreUuid;

  test('counts as long as the node may be as the run has left it', async () => {
    expect(await counts({ flags: 'DX' })).toBe('found by r1');
    // In again and fenced: what an undo that was killed in the middle leaves.
    const fenced = { pause: known({ inbound: true, outbound: false }) };
    expect(await counts({ flags: 'AP', changes: fenced })).toBe('found by r1');
    expect(await counts({ flags: 'AP', changes: { pause: unknown('no answer') } })).toBe('found by r1');
  });

  test('is history where somebody has brought the node back since: it is found anew', async () => {
    expect(await counts({ flags: 'AP' })).toBeUndefined();
    // Nor does what the journals say of that run count then.
    expect(await counts({ flags: 'AP', left: standing('r1') })).toBeUndefined();
  });

  test('counts behind its restart, whatever is seen: the node may be on its way back in', async () => {
    expect(await counts({ flags: 'AP', purpose: 'resume' })).toBe('found by r1');
  });
});

describe('what another run has left', () => {
  test('counts for a node that is out, and not for one that is in', async () => {
    const left = standing('r0', { settled: true });
    expect((await survey({ flags: 'DX', left })).standing?.run).toBe('r0');
    expect((await survey({ flags: 'AP', left })).standing).toBeNull();
  });

  test.each<[string, Standing | null, boolean]>([
    ['none', null, false],
    ['one that knows what became of its restart', standing('r0', { restarted: true }), false],
    ['one that did, and does not', standing('r0', { restarted: true, restartOpen: true }), true],
    ['this very run, which has a step of its own for that', standing('r1', { restartOpen: true }), false],
  ])('whether a restart may be under way: %s', async (_, left, expected) => {
    // In or out: a restart that hits a node which is in costs every call on it.
    for (const flags of ['AP', 'DX']) expect((await survey({ flags, left })).restartOpen).toBe(expected);
  });

  test.each<[string, Standing, Whereabouts, boolean]>([
    ['its process has ended', standing('r0'), 'interrupted', true],
    ['it is under way', standing('r0'), 'under way', false],
    ['it came to its end', standing('r0', { settled: true }), 'interrupted', false],
    ['it is this very run', standing('r1'), 'interrupted', false],
  ])('whether it was interrupted: %s', async (_, left, whereabouts, expected) => {
    expect((await survey({ flags: 'DX', left, whereabouts })).interrupted !== null).toBe(expected);
  });
});
