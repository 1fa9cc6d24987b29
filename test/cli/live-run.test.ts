import { describe, expect, test } from 'vitest';
import { liveRunOf } from '../../src/cli/live-run.ts';
import { FshaError, interrupted } from '../../src/domain/errors.ts';
import { type Known, known, type Observation } from '../../src/domain/observation.ts';
import type { NodePort } from '../../src/workflow/ports.ts';
import type { RequestDesk } from '../../src/workflow/request-desk.ts';
import type { World } from '../../src/workflow/world.ts';

type Rows = Awaited<ReturnType<NodePort['channels']>>;

/** A world of one node that answers `channels` with what it is told. */
function worldWith(channels: (signal: AbortSignal) => Promise<Rows>): World {
  const port = { node: 'node-1', channels } as unknown as NodePort;
  return { nodes: new Map([['node-1', port]]) } as unknown as World;
}

const granting: RequestDesk = {
  submit: () => Promise.resolve({ accepted: true }),
  close: () => Promise.resolve(),
};
const nothing = (): Observation => ({ nodes: {}, proxies: {} });
const why = (answer: Known<unknown>): string => (answer.known ? 'known' : answer.why);

test('before the run has begun everything is unknown and nothing is granted', async () => {
  const { live } = liveRunOf(
    worldWith(() => Promise.resolve(known([]))),
    () => undefined,
  );
  expect(live.observation()).toEqual({ nodes: {}, proxies: {} });
  expect(why(await live.rows('node-1'))).toBe('the run is not under way');
  expect(await live.submit({ kind: 'hold' }, 'key h')).toEqual({
    accepted: false,
    why: 'the run is not under way',
  });
});

test('while it goes on, questions reach the node, and what fails is unknown', async () => {
  let answer: () => Promise<Rows> = () => Promise.resolve(known([]));
  const { live, begin } = liveRunOf(
    worldWith(() => answer()),
    () => undefined,
  );
  begin(granting, nothing);
  expect(await live.rows('node-1')).toEqual(known([]));
  expect(why(await live.rows('node-9'))).toBe('node-9 is not in the inventory');
  answer = () => Promise.reject(new FshaError('esl.error', 'the database does not answer'));
  expect(why(await live.rows('node-1'))).toBe('the database does not answer');
  expect(await live.submit({ kind: 'hold' }, 'key h')).toEqual({ accepted: true });
});

describe.each(['rows', 'liveCalls'] as const)('%s while an answer is awaited', (question) => {
  /** Each question to a node is written down, and answered when the test wants it. */
  function counting(): { readonly world: World; readonly asked: string[]; readonly answer: () => void } {
    const asked: string[] = [];
    const waiting: (() => void)[] = [];
    const ask = (node: string, what: string) => (): Promise<unknown> => {
      asked.push(`${node} ${what} ${asked.length}`);
      const said = known(asked.length);
      return new Promise((resolve) => waiting.push(() => resolve(said)));
    };
    const nodes = ['node-1', 'node-2'].map((node) => [
      node,
      { node, channels: ask(node, 'rows'), liveCalls: ask(node, 'liveCalls') },
    ]);
    const world = { nodes: new Map(nodes as Iterable<[string, unknown]>) } as unknown as World;
    return { world, asked, answer: () => waiting.splice(0).forEach((say) => say()) };
  }

  test('a later one is given the same answer, and the node is asked once', async () => {
    const { world, asked, answer } = counting();
    const { live, begin } = liveRunOf(world, () => undefined);
    begin(granting, nothing);
    const answers = [live[question]('node-1'), live[question]('node-1'), live[question]('node-1')];
    expect(asked).toEqual([`node-1 ${question} 0`]);
    answer();
    expect(await Promise.all(answers)).toEqual([known(1), known(1), known(1)]);
    const next = live[question]('node-1');
    expect(asked).toEqual([`node-1 ${question} 0`, `node-1 ${question} 1`]);
    answer();
    expect(await next).toEqual(known(2));
  });

  test('another node, and the other question, are asked beside it', async () => {
    const { world, asked, answer } = counting();
    const { live, begin } = liveRunOf(world, () => undefined);
    begin(granting, nothing);
    const answers = [live.rows('node-1'), live.liveCalls('node-1'), live[question]('node-2')];
    expect(asked).toEqual(['node-1 rows 0', 'node-1 liveCalls 1', `node-2 ${question} 2`]);
    answer();
    expect(await Promise.all(answers)).toEqual([known(1), known(2), known(3)]);
  });
});

test('after one that failed the node is asked anew', async () => {
  let asked = 0;
  const { live, begin } = liveRunOf(
    worldWith(() => {
      asked += 1;
      return asked === 1 ? Promise.reject(new FshaError('esl.error', 'no')) : Promise.resolve(known([]));
    }),
    () => undefined,
  );
  begin(granting, nothing);
  expect(await Promise.all([live.rows('node-1'), live.rows('node-1')]).then((all) => all.map(why))).toEqual([
    'no',
    'no',
  ]);
  expect(await live.rows('node-1')).toEqual(known([]));
});

test('at its end a question under way is ended, and nothing is asked any more', async () => {
  const { live, begin } = liveRunOf(
    worldWith(
      (signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(interrupted('reading')), { once: true }),
        ),
    ),
    () => undefined,
  );
  const end = begin(granting, nothing);
  const pending = live.rows('node-1');
  end();
  expect((await pending).known).toBe(false);
  expect(await live.submit({ kind: 'abort' }, 'key a')).toMatchObject({ accepted: false });
});

test('a request that cannot be recorded is not granted', async () => {
  const { live, begin } = liveRunOf(
    worldWith(() => Promise.resolve(known([]))),
    () => undefined,
  );
  const full: RequestDesk = {
    ...granting,
    submit: () => Promise.reject(new FshaError('journal', 'the disk is full')),
  };
  begin(full, nothing);
  expect(await live.submit({ kind: 'hold' }, 'key h')).toEqual({ accepted: false, why: 'the disk is full' });
});
