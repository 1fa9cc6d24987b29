import { describe, expect, test } from 'vitest';
import { errorInfo, FshaError } from '../../src/domain/errors.ts';
import type { NodeObservation } from '../../src/domain/observation.ts';
import { nodeRestart } from '../../src/workflow/effects/node-restart.ts';
import type { CommandResult } from '../../src/workflow/ports.ts';
import type { World } from '../../src/workflow/world.ts';
import { cluster, DOWN, known, node, seenNode, unknown } from '../domain/builders.ts';
import { ManualClock } from '../support/manual-clock.ts';

const TIMEOUT = 20_000;
const TARGET = { node: 'node-1' };
const WELL: CommandResult = { exitCode: 0, signal: null, stdout: '', stderr: '' };

interface Scene {
  /** What the command comes to; an error is thrown. */
  readonly command: Partial<CommandResult> | FshaError;
  /** What the node shows so many ms after the restart was announced; by default the core_uuid it had. */
  readonly shows?: (ms: number) => Partial<NodeObservation>;
  readonly via?: 'ssh';
  /** Why nobody can log in any more. */
  readonly login?: FshaError;
}

/** Acts and reads back. @returns the outcome, the error's words, and after how long it was decided, ms */
async function restart(scene: Scene): Promise<{ outcome: string; why: string; after: number }> {
  const clock = new ManualClock();
  const signal = new AbortController().signal;
  const its = node('node-1', '10.0.1.10');
  const world = {
    cluster: cluster({
      nodes: [
        {
          ...its,
          restart: { command: 'restart-it', timeout: TIMEOUT },
          esl: { ...its.esl, ...(scene.via === undefined ? {} : { via: scene.via }) },
        },
      ],
    }),
    clock,
    guard: (_node: string, command: string) => command,
    nodes: new Map([
      [
        'node-1',
        {
          observe: () =>
            Promise.resolve(seenNode('node-1', { coreUuid: known('before'), ...scene.shows?.(clock.now()) })),
        },
      ],
    ]),
    hosts: new Map([
      [
        'node-1',
        {
          login: () => (scene.login === undefined ? Promise.resolve() : Promise.reject(scene.login)),
          run: () =>
            scene.command instanceof FshaError
              ? Promise.reject(scene.command)
              : Promise.resolve({ ...WELL, ...scene.command }),
        },
      ],
    ]),
  } as unknown as World;
  const acted = await nodeRestart.act(TARGET, 'restart-it', world, signal).then(() => null, errorInfo);
  const done = nodeRestart.readBack?.(TARGET, 'restart-it', 'before', acted, 0, world, signal);
  let after = Number.POSITIVE_INFINITY;
  void done?.then(() => (after = clock.now()));
  await clock.pass(TIMEOUT + 1_000);
  const result = await done;
  return { outcome: result?.outcome ?? 'none', why: result?.error?.message ?? '', after };
}

/** A new FreeSWITCH from so many ms on. */
function newFrom(from: number): (ms: number) => Partial<NodeObservation> {
  return (ms) => (ms >= from ? { coreUuid: known('after'), uptimeMs: known(ms - from) } : {});
}

function down(code: 'connect.refused' | 'esl.auth'): () => Partial<NodeObservation> {
  return () => ({ trouble: { ...DOWN, code }, coreUuid: unknown('down'), uptimeMs: unknown('down') });
}

const REFUSED = new FshaError('connect.refused', 'SSH is refused');
const LOST = new FshaError('connection.lost', 'the connection was lost while a command ran');

describe('the same core_uuid to the end', () => {
  test.each([
    ['the command failed', { exitCode: 1, stderr: 'no' }, 'failed', /failed \(exit status 1\): no/],
    ['it says what fsha says', { exitCode: 1, stderr: 'ran out of time' }, 'failed', /exit status 1/],
    ['it succeeded', {}, 'failed', /succeeded, but node-1 was not restarted/],
    ['it was never sent', REFUSED, 'failed', /SSH is refused/],
    ['its connection was lost', LOST, 'unknown', /connection was lost/],
    ['it ran out of time', { exitCode: 124 }, 'unknown', /ran out of time/],
    ['it was killed', { exitCode: 137 }, 'unknown', /ran out of time/],
    ['its shell was killed', { exitCode: null, signal: 'KILL' }, 'unknown', /was ended by KILL/],
    ['another restart holds the lock', { exitCode: 75 }, 'unknown', /holds its lock/],
  ] as const)('%s', async (_what, command, outcome, why) => {
    expect(await restart({ command })).toMatchObject({ outcome, why: expect.stringMatching(why) as string });
  });

  test('what failed by its own account is not watched for long, what may still come to the end', async () => {
    expect((await restart({ command: { exitCode: 1 } })).after).toBeLessThan(5_000);
    for (const command of [{ exitCode: 75 }, { exitCode: 124 }, LOST])
      expect((await restart({ command })).after).toBeGreaterThanOrEqual(TIMEOUT);
  });
});

test.each([{}, { exitCode: 1 }, { exitCode: 75 }, { exitCode: 124 }, LOST])(
  'a new core_uuid is the proof, whatever the command came to: %o',
  async (command) => {
    expect(await restart({ command, shows: newFrom(1_000) })).toMatchObject({ outcome: 'done' });
  },
);

test('a new core_uuid that is older than the restart is another FreeSWITCH', async () => {
  const shows = (): Partial<NodeObservation> => ({ coreUuid: known('other'), uptimeMs: known(3_600_000) });
  const { outcome, why } = await restart({ command: {}, shows });
  expect([outcome, why]).toEqual(['unknown', expect.stringMatching(/has been up for longer/)]);
});

describe('no answer to the end', () => {
  test('it is down', async () => {
    const { outcome, why } = await restart({ command: {}, shows: down('connect.refused') });
    expect([outcome, why]).toEqual(['failed', expect.stringMatching(/did not come back/)]);
  });

  test('it is there, and lets nobody in', async () => {
    expect((await restart({ command: {}, shows: down('esl.auth') })).outcome).toBe('unknown');
  });

  test('it is reached over SSH: down where SSH is well, else unknown', async () => {
    const shows = down('connect.refused');
    expect((await restart({ command: {}, shows, via: 'ssh' })).outcome).toBe('failed');
    expect(await restart({ command: {}, shows, via: 'ssh', login: REFUSED })).toMatchObject({
      outcome: 'unknown',
      why: expect.stringMatching(/SSH is refused/) as string,
    });
  });
});
