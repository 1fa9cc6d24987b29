import stringWidth from 'string-width';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { planRolling } from '../../src/domain/plan.ts';
import { known, policy, seenNode, seenProxy } from '../domain/builders.ts';
import { rolling } from '../domain/rolling/rolling-plan.ts';
import { expectGolden } from './golden-file.ts';
import { stage, type Stage } from './run-stage.ts';
import {
  batchBegins,
  batchEnds,
  drains,
  names,
  notYet,
  restartIntended,
  rollingStarted,
  stepFails,
  through,
  until,
} from './rolling-stories.ts';
import { type At, START, stepBegins, stepEnds } from './run-stories.ts';

// Times of day are shown as they are where the reader is.
beforeAll(() => void vi.stubEnv('TZ', 'UTC'));

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 40, rows: 12 },
  { columns: 120, rows: 40 },
] as const;

const URI = 'sip:10.0.1.10:5080';
const FOUR = ['node-1', 'node-2', 'node-3', 'node-4'];
const ONE_BY_ONE = FOUR.map((name) => [name]);
const sick = {
  code: 'verify.failed',
  message: 'node-2 did not get well within its time: gateway external::trunk-a is FAIL_WAIT, it was REGED',
  hint: 'Look at it with fs_cli.',
} as const;

/** The first is through; until the second is begun there is a pause. */
const PAUSED: readonly At[] = [
  [0, rollingStarted(ONE_BY_ONE)],
  [0, batchBegins(1, 4, ['node-1'])],
  ...through('node-1', 0, 600),
  [600, batchEnds(1, 4, 30_000)],
];

/** The second drains. */
const SECOND: readonly At[] = [
  ...PAUSED,
  [630, batchBegins(2, 4, ['node-2'])],
  ...until('node-2', 630),
  [640, drains('node-2', 37)],
];

/** What is read of every node at that second. */
function seesDrain(on: Stage, seconds: number, nodes = FOUR): Stage {
  on.run.seen = {
    nodes: Object.fromEntries(
      nodes.map((name) => [
        name,
        seenNode(name, { at: seconds * 1_000, sessions: known(36), calls: known(18), channels: known(36) }),
      ]),
    ),
    proxies: {
      'lb-1': seenProxy('lb-1', [[URI, 'DX']], { at: seconds * 1_000 }),
      'lb-2': seenProxy('lb-2', [[URI, 'DX']], { at: seconds * 1_000 }),
    },
  };
  return on.at(seconds + 1);
}

/** The first of two drains, and the window ends so many minutes behind the beginning. */
function withWindow(minutes: number): Stage {
  const window = { asked: '05:00 UTC', until: START + minutes * 60_000, minDrain: 900_000 };
  return stage().play([
    [0, rollingStarted([['node-1'], ['node-2']], { window })],
    [0, batchBegins(1, 2, ['node-1'])],
    ...until('node-1', 0),
    [5, drains('node-1', 37)],
  ]);
}

/** A hundred nodes, of which the first ones are through and the seventh has failed. */
function hundred(): Stage {
  const all = names(100);
  const story: At[] = [
    [
      0,
      rollingStarted(
        all.map((name) => [name]),
        { maxFailures: 1 },
      ),
    ],
  ];
  all.slice(0, 40).forEach((name, index) => {
    const at = index * 100;
    story.push([at, batchBegins(index + 1, 100, [name])]);
    if (index === 6)
      story.push(
        [at, stepBegins('admit', name)],
        [at + 60, stepFails('admit', name, { ...sick, message: 'full' })],
      );
    else story.push(...through(name, at, 60));
    story.push([at + 70, batchEnds(index + 1, 100, 30_000)]);
  });
  const name = all[40] ?? '';
  story.push([4_000, batchBegins(41, 100, [name])], ...until(name, 4_000), [4_010, drains(name, 12)]);
  return seesDrain(stage().play(story), 4_011, [...all]);
}

const STORIES: Readonly<Record<string, () => Stage | Promise<Stage>>> = {
  'rolling-first': () =>
    stage()
      .play([
        [0, rollingStarted(ONE_BY_ONE)],
        [0, batchBegins(1, 4, ['node-1'])],
        [0, stepBegins('admit', 'node-1')],
        [
          2,
          notYet(
            'node-1',
            'admit',
            'node-1 waits: node-3 (disabled on lb-1): no more than 1 may be out at a time',
          ),
        ],
      ])
      .at(5),
  'rolling-drains': () => seesDrain(stage().play(SECOND), 640),
  'rolling-window': () => seesDrain(withWindow(20), 60, ['node-1', 'node-2']),
  'rolling-pause': () => stage().play(PAUSED).at(612),
  'rolling-two': () =>
    seesDrain(
      stage().play([
        [0, rollingStarted([['node-1'], ['node-2', 'node-3'], ['node-4']])],
        [0, batchBegins(1, 3, ['node-1'])],
        ...through('node-1', 0, 60),
        [60, batchEnds(1, 3, 30_000)],
        [90, batchBegins(2, 3, ['node-2', 'node-3'])],
        ...until('node-2', 90),
        ...until('node-3', 91),
        [100, stepEnds('wait_drained', 7_000, 'node-3')],
        [100, stepBegins('verify', 'node-3')],
        [101, notYet('node-3', 'verify', 'gateway external::trunk-a is TRYING, it was REGED')],
        [101, drains('node-2', 36)],
      ]),
      102,
    ),
  'rolling-chosen': async () => {
    const on = seesDrain(stage().play(SECOND), 640);
    return on.type('<down>', '<down>');
  },
  'rolling-failed': () =>
    stage()
      .play([
        ...SECOND,
        [700, stepEnds('wait_drained', 60_000, 'node-2')],
        [700, stepBegins('restart', 'node-2')],
        [700, restartIntended('node-2')],
        [702, stepEnds('restart', 2_000, 'node-2')],
        [702, stepBegins('verify', 'node-2')],
        [822, stepFails('verify', 'node-2', sick)],
        [822, stepBegins('secure', 'node-2')],
      ])
      .at(823),
  'rolling-stopping': async () => {
    const on = seesDrain(stage().play(SECOND), 640);
    return on.type('<ctrl-c>');
  },
  'rolling-ended': () =>
    stage().play([
      ...SECOND,
      [700, restartIntended('node-2')],
      [822, stepFails('verify', 'node-2', sick)],
      [823, batchEnds(2, 4, 0, 'node-2 was not brought through, and none may')],
      [
        823,
        {
          type: 'run.settled',
          data: {
            outcome: 'failed',
            exit: 11,
            nodes: { 'node-1': 'in service', 'node-2': 'out of service' },
            untouched: ['node-3', 'node-4'],
            callsCut: 0,
            next: ['fsha activate node-2', 'fsha resume 20261122-200000-k3f9'],
            error: sick,
          },
        },
      ],
    ]),
  'rolling-resumed': () =>
    stage()
      .play([
        ...SECOND,
        [
          2_000,
          {
            type: 'run.resumed',
            data: {
              who: 'ops@bastion',
              mode: 'forward',
              plan: planRolling(
                rolling({
                  batches: [['node-2'], ['node-3']],
                  done: ['node-1'],
                  skipped: [{ node: 'node-4', why: 'ESL does not answer' }],
                }),
                policy(),
              ),
              policy: policy(),
            },
          },
        ],
        [2_000, batchBegins(1, 2, ['node-2'])],
        ...until('node-2', 2_000),
      ])
      .at(2_010),
  'rolling-hundred': hundred,
  'rolling-hundred-end': async () => hundred().type('<end>'),
  'rolling-help': () => seesDrain(stage().play(SECOND), 640).type('?'),
};

describe.each(SIZES)('$columns × $rows', ({ columns, rows }) => {
  test.each(Object.keys(STORIES))('%s', async (name) => {
    const on = await STORIES[name]?.();
    const text = on?.text({ columns, rows }) ?? '';
    for (const line of text.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    expect(text.split('\n').length).toBeLessThanOrEqual(rows - 1);
    expectGolden(`${name}-${columns}x${rows}`, text);
  });
});

const LARGE = { columns: 120, rows: 40 };
const shown = (on: Stage): string => /^ *> (\S+)/m.exec(on.text(LARGE))?.[1] ?? '';

describe('which node is looked at', () => {
  test('the one in hand, and the next one as soon as that is through', () => {
    const on = stage().play(SECOND);
    expect(shown(on)).toBe('node-2');
    on.play([...through('node-2', 700, 5), [705, batchEnds(2, 4, 30_000)]]);
    expect(shown(on)).toBe('');
    on.play([[735, batchBegins(3, 4, ['node-3'])], ...until('node-3', 735)]);
    expect(shown(on)).toBe('node-3');
  });

  test('the one that was chosen stays, whoever is in hand; Esc gives that up', async () => {
    const on = await stage().play(SECOND).type('<up>');
    expect(shown(on)).toBe('node-1');
    await on.type('<up>', '<up>');
    expect(shown(on)).toBe('node-1');
    await on.type('<end>');
    expect(shown(on)).toBe('node-4');
    await on.type('<page-up>', '<down>');
    expect(shown(on)).toBe('node-2');
    await on.type('<home>', '<escape>');
    expect(shown(on)).toBe('node-2');
  });

  test('where none is in hand, the next one is chosen first', async () => {
    const on = stage().play(PAUSED).at(612);
    expect(shown(on)).toBe('');
    expect(shown(await on.type('<down>'))).toBe('node-2');
  });

  test('once the run is over it is shown as a whole', async () => {
    const on = await stage().play(SECOND).type('<up>');
    on.play([
      [
        900,
        {
          type: 'run.settled',
          data: { outcome: 'interrupted', exit: 130, nodes: {}, callsCut: 0, next: [] },
        },
      ],
    ]);
    expect(shown(on)).toBe('');
    expect(shown(await on.type('<down>'))).toBe('');
  });
});

describe('requests', () => {
  test('are about the node that is looked at', async () => {
    const on = await stage().play(SECOND).type('+', 'h', '<end>', 'h');
    expect(on.run.submitted.map(({ request }) => request)).toEqual([
      { kind: 'extend', node: 'node-2', ms: 1_800_000 },
      { kind: 'hold', node: 'node-2' },
      { kind: 'hold', node: 'node-4' },
    ]);
  });

  test('with none that is looked at none is held, nor extended, nor cut', async () => {
    const on = await stage().play(PAUSED).at(612).type('h', '+', 'f');
    expect(on.run.submitted).toEqual([]);
    expect(on.text()).toContain('f: no node is looked at: choose one with the arrows');
  });

  test('a stop is of the whole run, says what becomes of each, and is moot once a restart was begun', async () => {
    const on = await stage().play(SECOND).type('<end>', 'a');
    expect(on.text(LARGE)).toContain('Stop the run? node-2 given back as found; 2 nodes not begun. Type yes');
    on.play([
      [700, stepEnds('wait_drained', 60_000, 'node-2')],
      [700, stepBegins('restart', 'node-2')],
      [700, restartIntended('node-2')],
    ]);
    expect(on.text(LARGE)).toContain('the restart of node-2 was begun meanwhile: the run goes on');
    await on.type('a', 'y', 'e', 's', '<enter>');
    expect(on.run.submitted).toEqual([{ request: { kind: 'abort' }, by: 'key a' }]);
  });
});

test('a question about a stop goes where nodes have come further than it says', async () => {
  const on = await stage().play(PAUSED).at(612).type('a');
  expect(on.text(LARGE)).toContain('Stop the run? 3 nodes not begun. Type yes');
  on.play([[630, batchBegins(2, 4, ['node-2'])], ...until('node-2', 630)]);
  expect(on.text(LARGE)).toContain('nodes have come further meanwhile: the run goes on');
});

test('a node that is drained and may not be restarted yet says so', () => {
  const on = stage().play([
    ...SECOND,
    [700, stepEnds('wait_drained', 60_000, 'node-2')],
    [700, stepBegins('restart', 'node-2')],
    [701, notYet('node-2', 'restart', 'node-2 is drained, but it may be needed: node-3 is down')],
  ]);
  expect(on.text(LARGE)).toContain('node-2  drained, restart waits: it may be needed: node-3 is down');
});

test('the log of a node that was chosen is about that node and the whole run', async () => {
  const on = await stage().play(SECOND).type('<up>');
  const text = on.text(LARGE);
  expect(text).toContain('node-1: waiting for its calls to end');
  expect(text).not.toContain('node-2: waiting for its calls to end');
  expect(text).toContain('batch 2 of 4: node-2');
});

describe('a window', () => {
  // Behind its deadline a node has 3 minutes for restart, verify and the watch over it: see the cluster of the stage.
  test('ends the wait for the calls where it comes before the deadline, and is told', () => {
    const on = seesDrain(withWindow(20), 60, ['node-1', 'node-2']);
    expect(on.text(LARGE)).toMatch(/deadline in 1\dm\d\ds \(window\), then it is given back as found/);
    expect(on.text()).toMatch(/window until 05:00 UTC: 18m59s left/);
  });
  test('that comes later ends nothing, and is told', () => {
    const on = seesDrain(withWindow(600), 60, ['node-1', 'node-2']);
    expect(on.text(LARGE)).toMatch(/deadline in 1h59m\S*, then it is given back as found/);
    expect(on.text(LARGE)).toContain('window until 05:00 UTC: 9h58m');
  });
  test('is not extended', async () => {
    const late = await seesDrain(withWindow(600), 60, ['node-1', 'node-2']).type('+');
    expect(late.run.submitted).toHaveLength(1);
    const on = await seesDrain(withWindow(20), 60, ['node-1', 'node-2']).type('+');
    expect(on.run.submitted).toEqual([]);
    expect(on.text(LARGE)).toContain('+: the calls of node-1 are waited for until the window leaves just');
  });
});
