import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { ChannelRow, Known, LiveCalls } from '../../src/domain/observation.ts';
import type { CutRules } from '../../src/domain/policy.ts';
import { known, unknown } from '../domain/builders.ts';
import { settled, stage, type Stage } from './run-stage.ts';
import { type At, leg, looks, runStarted, stepBegins, stepEnds, told, UNTIL_OUT } from './run-stories.ts';

beforeAll(() => void vi.stubEnv('TZ', 'UTC'));

const RULES: CutRules = {
  cause: 'NORMAL_CLEARING',
  protect: ['^112$'],
  protectTimeout: null,
  expendable: ['^recorder$'],
};

function waiting(timeout: number | null = 7_200_000): Stage {
  return stage().play([[0, runStarted({ cutting: RULES, timeout })], ...UNTIL_OUT.slice(1), ...looks(5, 20)]);
}

function bottom(on: Stage): string {
  return on.text({ columns: 120, rows: 40 }).split('\n').at(-1) ?? '';
}

function up(...channels: readonly ChannelRow[]): () => Promise<Known<LiveCalls>> {
  return () => Promise.resolve(known({ channels, ghosts: 0, sessions: channels.length }));
}

const recorder = leg('r', 50, { destination: 'recorder', initialDestination: 'recorder' });
const emergency = leg('e', 50, { destination: '112', initialDestination: '112' });
const LARGE = { columns: 120, rows: 40 };

describe('requests', () => {
  test('+ extends the deadline of the node that is shown by 30 minutes, and tells the answer', async () => {
    const on = await waiting().type('+');
    expect(on.run.submitted).toEqual([
      { request: { kind: 'extend', node: 'node-1', ms: 1_800_000 }, by: 'key +' },
    ]);
    expect(on.text()).toContain('asked by key +: wait 30m longer (node-1): accepted');
  });

  test('h holds', async () => {
    const on = await waiting().type('h');
    expect(on.run.submitted).toEqual([{ request: { kind: 'hold', node: 'node-1' }, by: 'key h' }]);
  });

  test('what is refused is told with the reason', async () => {
    const on = waiting();
    on.run.answer = { accepted: false, why: 'the wait for the calls of node-1 is over' };
    await on.type('+');
    expect(on.text(LARGE)).toContain('refused: the wait for the calls of node-1 is over');
  });

  test('a wish that was granted shows: the deadline is later, and hold is gone from the keys', () => {
    const on = waiting();
    expect(on.text()).toContain('deadline  in 1h59m, then it is given back as found');
    on.play([
      [
        21,
        {
          type: 'request.received',
          data: { request: { kind: 'extend', node: 'node-1', ms: 1_800_000 }, by: 'key +' },
        },
      ],
      [21, { type: 'request.settled', data: { accepted: true } }],
      [22, { type: 'request.received', data: { request: { kind: 'hold', node: 'node-1' }, by: 'key h' } }],
      [22, { type: 'request.settled', data: { accepted: true } }],
    ]);
    expect(on.text()).toContain('deadline  in 2h29m, then it stays out (hold)');
    expect(on.text()).toContain('asked by key +: wait 30m longer (node-1): accepted');
    expect(bottom(on)).not.toContain('hold when drained');
  });

  test('a key whose request would not be granted is not shown, hands in nothing, and says why', async () => {
    const on = waiting(null);
    expect(bottom(on)).not.toContain('+');
    await on.type('+');
    expect(on.run.submitted).toEqual([]);
    expect(on.text(LARGE)).toContain('+: there is no deadline to extend');
    on.play([
      [30, stepEnds('wait_drained', 1)],
      [30, stepBegins('fence')],
    ]);
    await on.type('f');
    expect(on.text(LARGE)).toContain('f: the calls of node-1 are not being waited for');
    expect(on.run.liveAsked).toBe(0);
  });

  test('what is told goes with the next key, and by itself', async () => {
    const on = await waiting().type('+');
    expect(on.at(30).text(LARGE)).toContain('accepted');
    expect(on.at(60).text(LARGE)).not.toContain('accepted');
    await on.type('h', 'x');
    expect(on.text(LARGE)).not.toContain('accepted');
  });

  test('several characters at once were pasted: nothing comes of them', async () => {
    const on = await waiting().type('h+', 'hh', '+++');
    expect(on.run.submitted).toEqual([]);
  });
});

describe('f', () => {
  const three = [leg('a', 10), leg('b', 20), leg('c', 30)];

  test('asks for the number of calls that count, and cuts when that very number was typed', async () => {
    const on = waiting();
    on.run.liveAnswer = up(...three, recorder);
    await on.type('f');
    expect(on.text()).toContain(
      'Cut 3 calls of node-1 (1 expendable beside them)? Type 3 and Enter; Esc: no',
    );
    expect(on.run.submitted).toEqual([]);
    await on.type('4', '<backspace>', '3', '<enter>');
    expect(on.run.submitted).toEqual([
      { request: { kind: 'cut', node: 'node-1', confirmed: 3 }, by: 'key f' },
    ]);
  });

  test.each([
    ['another number', ['4', '<enter>'], '4 was typed, not 3: no call is cut'],
    ['a longer one', ['3', '3', '<enter>'], '33 was typed, not 3: no call is cut'],
    ['nothing', ['<enter>'], 'nothing was typed, not 3: no call is cut'],
    ['no', ['3', '<escape>', '<enter>'], 'deadline'],
  ])('%s cuts nothing', async (_, keys, words) => {
    const on = waiting();
    on.run.liveAnswer = up(...three);
    await on.type('f', ...keys);
    expect(on.run.submitted).toEqual([]);
    expect(on.text()).toContain(words);
    expect(on.text()).not.toContain('Type 3');
  });

  test.each<readonly [string, () => Promise<Known<LiveCalls>>, string]>([
    ['a protected call', up(...three, emergency), 'no call is cut: a call to a protected number is up'],
    [
      'a session without a row',
      () => Promise.resolve(known({ channels: three, ghosts: 0, sessions: 5 })),
      'no call is cut: 5 sessions in memory, but only 3 of them are listed',
    ],
    ['no sight', () => Promise.resolve(unknown('no answer')), 'no call is cut: calls unknown: no answer'],
    ['no call', up(), 'no call of node-1 is up: there is nothing to cut'],
    ['expendable ones only', up(recorder), 'only 1 expendable call is up: cut without being asked'],
    ['a bug', () => Promise.reject(new Error('boom')), 'boom'],
  ])('%s: nothing is asked and nothing cut', async (_, answer, words) => {
    const on = waiting();
    on.run.liveAnswer = answer;
    await on.type('f');
    expect(on.text(LARGE)).toContain(words);
    await on.type('3', '<enter>', '1', '<enter>');
    expect(on.run.submitted).toEqual([]);
  });

  test('an answer that comes when something else was pressed is not asked about', async () => {
    const on = waiting();
    let answer: (value: Known<LiveCalls>) => void = () => undefined;
    on.run.liveAnswer = () => new Promise((resolve) => void (answer = resolve));
    await on.type('f');
    expect(on.text()).toContain('looking at every call of node-1');
    await on.type('<escape>');
    answer(known({ channels: three, ghosts: 0, sessions: 3 }));
    await settled();
    expect(on.text()).not.toContain('Type 3');
  });

  test('an answer that comes when the wait is over is not asked about', async () => {
    const on = waiting();
    let answer: (value: Known<LiveCalls>) => void = () => undefined;
    on.run.liveAnswer = () => new Promise((resolve) => void (answer = resolve));
    await on.type('f');
    on.play([[21, stepEnds('wait_drained', 1)]]);
    answer(known({ channels: three, ghosts: 0, sessions: 3 }));
    await settled();
    expect(on.text(LARGE)).toContain('no call is cut: the calls of node-1 are not being waited for');
  });

  test('the question is taken away when the wait is over', async () => {
    const on = waiting();
    on.run.liveAnswer = up(leg('a', 1), leg('b', 2));
    await on.type('f', '2');
    expect(on.text(LARGE)).toContain('> 2');
    on.play([[21, stepEnds('wait_drained', 1)]]);
    expect(on.text(LARGE)).not.toContain('Type 2');
    expect(on.text(LARGE)).toContain('no call is cut: the calls of node-1 are not being waited for');
    expect(bottom(on)).toContain('a abort');
    await on.type('<enter>');
    expect(on.run.submitted).toEqual([]);
  });
});

describe('a', () => {
  test('stops only once yes was typed', async () => {
    const on = await waiting().type('a');
    expect(on.text()).toContain('Stop and give node-1 back as it was found? Type yes and Enter; Esc: no');
    await on.type('y', '<enter>');
    expect(on.text()).toContain('y was typed, not yes: the run goes on');
    expect(on.run.submitted).toEqual([]);
    await on.type('a', 'y', 'e', 's', '<enter>');
    expect(on.run.submitted).toEqual([{ request: { kind: 'abort' }, by: 'key a' }]);
  });

  const restartBegins: readonly At[] = [
    [30, stepEnds('wait_drained', 1)],
    [30, stepBegins('restart')],
    [
      31,
      {
        type: 'effect.intended',
        node: 'node-1',
        step: 'node-1/restart',
        data: { effect: 'node.restart', target: { node: 'node-1' }, found: 'one', wanted: 'restart it' },
      },
    ],
  ];

  test('does not promise what cannot be given', async () => {
    const on = await waiting().play(restartBegins).type('a');
    expect(on.text()).toContain('Stop? The restart of node-1 was begun: it stays out.');
  });

  test('nor what can no longer be given: that question is taken away', async () => {
    const on = await waiting().type('a', 'y', 'e', 's');
    on.play(restartBegins);
    expect(on.text(LARGE)).not.toContain('Stop and give node-1 back');
    expect(on.text(LARGE)).toContain('the restart of node-1 was begun meanwhile: the run goes on');
    await on.type('<enter>');
    expect(on.run.submitted).toEqual([]);
    await on.type('a');
    expect(on.text(LARGE)).toContain('Stop? The restart of node-1 was begun: it stays out.');
  });

  test('once it is stopped, the next Ctrl-C is said to leave at once', () => {
    const on = waiting().play([
      [21, { type: 'request.received', data: { request: { kind: 'abort' }, by: 'key a' } }],
      [21, { type: 'request.settled', data: { accepted: true } }],
    ]);
    expect(on.text()).toContain('stopping: node-1 is being given back');
    expect(on.text()).toContain('Ctrl-C again leaves at once');
    expect(bottom(on)).not.toContain('abort');
  });
});

describe('Ctrl-C, q, ? and c', () => {
  test('each Ctrl-C is handed on, also over a question, and the screen says what the next one does', async () => {
    const on = await waiting().type('a', '<ctrl-c>');
    expect(on.run.interrupts).toBe(1);
    expect(on.text()).toContain('stopping: node-1 is being given back as it was found');
    expect(on.text()).toContain('Ctrl-C again leaves at once');
    expect(on.text()).not.toContain('Type yes');
    await on.type('<ctrl-c>');
    expect(on.run.interrupts).toBe(2);
  });

  test('q of a run of this process leaves nothing, and says how to watch it elsewhere', async () => {
    const on = await waiting().type('q');
    expect(on.left()).toBe(false);
    expect(on.text(LARGE)).toContain('fsha show 20261122-200000-k3f9 --follow');
    const small = on.text({ columns: 40, rows: 12 });
    expect(small.replaceAll('\n', ' ')).toContain('fsha show 20261122-200000-k3f9 --follow');
    expect(small).toContain('steps 3 of 7: wait_drained');
  });

  test('of a run that is followed, q and Ctrl-C leave, and nothing is asked', async () => {
    for (const key of ['q', '<ctrl-c>']) {
      const on = stage({ followed: true }).play([...UNTIL_OUT, ...looks(5, 20)]);
      await on.type('+', 'h', 'f', 'a', 'c');
      expect(on.run.submitted).toEqual([]);
      expect(on.left()).toBe(false);
      expect(bottom(on)).toBe('? help  q leave, the run goes on');
      await on.type(key);
      expect(on.left()).toBe(true);
      expect(on.run.interrupts).toBe(0);
    }
  });

  test('c lists every call, scrolls, and goes back', async () => {
    const on = stage();
    const rows = Array.from({ length: 50 }, (_, index) => leg(`c${index}`, 10_000 - index * 60));
    on.run.rowsAnswer = () => Promise.resolve(known(rows));
    on.play([...UNTIL_OUT, ...looks(5, 5)]);
    await settled();
    const first = async (...keys: readonly string[]): Promise<string> =>
      /(\d+ to \d+ of 50)/.exec((await on.type(...keys)).text())?.[1] ?? '';
    expect(await first('c')).toBe('1 to 18 of 50');
    expect(await first('<down>')).toBe('2 to 19 of 50');
    expect(await first('<page-down>')).toBe('20 to 37 of 50');
    expect(await first('<page-down>')).toBe('33 to 50 of 50');
    expect(await first('<page-up>')).toBe('15 to 32 of 50');
    expect(await first('<end>')).toBe('33 to 50 of 50');
    expect(await first('<up>')).toBe('32 to 49 of 50');
    expect(await first('<home>')).toBe('1 to 18 of 50');
    expect(await first('f', '+', 'a')).toBe('1 to 18 of 50');
    expect(on.run.submitted).toEqual([]);
    expect(await first('<escape>')).toBe('');
    expect(await first('c')).toBe('1 to 18 of 50');
    expect(await first('c')).toBe('');
    expect((await on.type('c')).text({ columns: 120, rows: 24 })).toContain('c0-0000-4000-8000-000000000001');
  });

  test('? tells every key, also those that can do nothing now, and goes back', async () => {
    const on = waiting(null);
    const text = (await on.type('?')).text(LARGE);
    for (const key of ['+', 'h', 'c', 'f', 'a', '?', 'q', 'Ctrl-C'])
      expect(text).toMatch(new RegExp(`^${key.replace(/[+?]/, '\\$&')} `, 'm'));
    expect(text).toContain('Not now: there is no deadline to extend');
    expect((await on.type('?')).text(LARGE)).not.toContain('Not now');
  });

  test('nothing is heard, asked or drawn anew behind the end', async () => {
    const on = waiting();
    on.run.liveAnswer = up(leg('a', 1));
    await on.type('f');
    on.scene.dispose();
    const before = on.refreshed();
    await on.type('1', '<enter>', '+', '<ctrl-c>');
    expect(on.run.submitted).toEqual([]);
    expect(on.run.interrupts).toBe(0);
    expect(on.refreshed()).toBe(before);
  });

  test('a question is taken away by the end of the run', async () => {
    const on = await waiting().type('a');
    const [end] = told([
      [30, { type: 'run.settled', data: { outcome: 'done', exit: 0, nodes: {}, callsCut: 0, next: [] } }],
    ]);
    if (end !== undefined) on.scene.onEvent(end);
    expect(on.text()).not.toContain('Type yes');
    expect(on.text()).toContain('done (exit 0');
  });
});
