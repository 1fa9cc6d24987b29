/** What the lists of calls say where they are not the whole truth, and when they go. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { ChannelRow } from '../../src/domain/observation.ts';
import { known, unknown } from '../domain/builders.ts';
import { settled, stage, type Stage } from './run-stage.ts';
import { leg, look, reading, runStarted, stepBegins, stepEnds, UNTIL_OUT } from './run-stories.ts';

beforeAll(() => void vi.stubEnv('TZ', 'UTC'));

const SMALL = { columns: 40, rows: 12 };

interface Node {
  readonly sessions?: number;
  readonly rows: readonly ChannelRow[];
  /** So many rows are counted by the run's look, and by the reading of the screen itself. */
  readonly channels?: number;
  readonly ghostRows?: number;
}

async function waiting({
  rows,
  sessions = rows.length,
  channels = rows.length,
  ghostRows,
}: Node): Promise<Stage> {
  const on = stage();
  on.run.rowsAnswer = () => Promise.resolve(known(rows));
  on.play(UNTIL_OUT);
  await settled();
  const counts = { channels, ...(ghostRows === undefined ? {} : { ghostRows }) };
  const calls = Math.min(channels, sessions);
  for (const seconds of [10, 20]) {
    on.play([[seconds, look(sessions, calls, [], ['DX', 'DX'], counts)]]);
    await settled();
  }
  on.run.seen = reading({
    at: 20,
    sessions: known(sessions),
    calls: known(calls),
    channels: known(channels),
  });
  return on.at(21);
}

function lineOf(on: Stage, label: string, size = { columns: 80, rows: 24 }): string {
  return (
    on
      .text(size)
      .split('\n')
      .find((one) => one.startsWith(label)) ?? ''
  );
}

describe('the list of calls', () => {
  const rows = [leg('a', 60), leg('b', 50)];

  test.each([
    [
      'has ended',
      [
        [30, stepEnds('wait_drained', 27_000)],
        [30, stepBegins('fence')],
      ],
    ],
    [
      'was stopped',
      [
        [
          30,
          {
            type: 'step.settled',
            node: 'node-1',
            step: 'node-1/wait_drained',
            data: { outcome: 'cancelled', ms: 27_000 },
          },
        ],
      ],
    ],
  ] as const)('is closed, and that is said, once the wait %s', async (_, story) => {
    const on = await (await waiting({ rows })).type('c');
    expect(on.text()).toContain('calls still on node-1');
    on.play(story);
    expect(on.text()).not.toContain('calls still on node-1');
    expect(on.text()).toContain('the list of calls was closed: they are no longer waited for');
    expect(lineOf(on, 'steps')).not.toBe('');
  });

  test('stays while they are waited for, and has the sessions above it', async () => {
    const on = await (await waiting({ rows })).type('c');
    on.play([[30, look(1, 1)]]);
    expect(on.text().split('\n')[0]).toMatch(/^sessions {2}2 \(2 calls\)/);
    expect(on.text().split('\n')[1]).toMatch(/^calls still on node-1/);
  });

  test('scrolls by what is left of the screen', async () => {
    const many = Array.from({ length: 40 }, (_, index) => leg(`m${10 + index}`, 4_000 - index));
    const on = await (await waiting({ rows: many })).type('c');
    expect(on.text()).toContain('1 to ');
    await on.type('<page-down>');
    const first = /(\d+) to (\d+) of 40/.exec(on.text());
    const [from, to] = [Number(first?.[1]), Number(first?.[2])];
    // The page before it went from 1 to just above it.
    expect(to - from + 1).toBe(from - 1);
  });
});

test.each(['c', '?'])('that the run is stopped is seen while %s is open', async (key) => {
  const on = await (await waiting({ rows: [leg('a', 60)] })).type(key);
  expect(on.text()).not.toContain('stopping');
  on.play([
    [22, { type: 'request.received', data: { request: { kind: 'abort' }, by: 'SIGTERM' } }],
    [22, { type: 'request.settled', data: { accepted: true } }],
  ]);
  expect(on.text().split('\n')[0]).toMatch(/^stopping: /);
  expect(on.text(SMALL).split('\n')[0]).toMatch(/^stopping: /);
});

describe('rows of calls that are gone', () => {
  const gone = [leg('x', 7_200), leg('y', 7_100), leg('z', 7_000)];
  const node = { rows: [...gone, leg('a', 60)], sessions: 1, ghostRows: 3 };

  test('are counted beside the list where they cannot be told from the others', async () => {
    const on = await waiting(node);
    on.run.liveAnswer = () => Promise.resolve(unknown('it takes too long'));
    on.play([[30, look(1, 1, [], ['DX', 'DX'], { channels: 4, ghostRows: 3 })]]);
    await settled();
    expect(lineOf(on, 'calls')).toContain('4 calls  3 of these rows are calls that are gone');
    await on.type('c');
    expect(on.text()).toContain('3 of these rows are calls that are gone');
    expect(on.text(SMALL)).toContain('4 calls  3 of them gone');
  });

  test('are left out where they can be, and that is said', async () => {
    const on = await waiting(node);
    on.run.liveAnswer = () => Promise.resolve(known({ channels: [leg('a', 60)], ghosts: 3, sessions: 1 }));
    on.play([[30, look(1, 1, [], ['DX', 'DX'], { channels: 4, ghostRows: 3 })]]);
    await settled();
    expect(lineOf(on, 'calls')).toContain('1 call');
    expect(lineOf(on, 'calls')).toContain('3 rows of calls that are gone left out');
  });
});

describe('sessions without a row', () => {
  test('are unknown calls: none is never said', async () => {
    const on = await waiting({ rows: [], sessions: 3 });
    expect(lineOf(on, 'sessions')).toContain('3 (calls unknown)');
    expect(lineOf(on, 'calls')).toContain('unknown: 3 sessions have no row in the core database  read ');
    expect(lineOf(on, 'calls')).not.toContain('0 calls');
    await on.type('c');
    expect(on.text()).toContain('unknown: 3 sessions have no row');
    expect(on.text()).not.toContain('0 calls');
  });

  test('are told of beside the calls that are listed', async () => {
    const on = await waiting({ rows: [leg('a', 60), leg('b', 50)], sessions: 3 });
    expect(lineOf(on, 'sessions')).toContain('3 (calls unknown)');
    expect(lineOf(on, 'calls')).toContain('2 calls  unknown: 1 session has no row in the core database');
  });

  test('where none is listed, though rows are counted, it is not said that there are none', async () => {
    const on = await waiting({ rows: [], sessions: 2, channels: 2 });
    expect(lineOf(on, 'calls')).toContain('unknown: no call is listed, 2 sessions up');
    expect(on.text()).not.toContain('0 calls');
  });

  test('none are none', async () => {
    const on = await waiting({ rows: [] });
    expect(lineOf(on, 'sessions')).toContain('0 (0 calls)');
    expect(lineOf(on, 'calls')).toContain('0 calls');
    expect(on.text()).not.toContain('unknown: no');
  });

  test('a list that is older than a call is no reason to tell of them', async () => {
    const on = await waiting({ rows: [leg('a', 60)], sessions: 2, channels: 2 });
    expect(lineOf(on, 'sessions')).toContain('2 (2 calls)');
    expect(lineOf(on, 'calls')).toContain('1 call, oldest first');
  });
});

test('the age of a list that cannot be read again stands before the reason', async () => {
  const on = await waiting({ rows: [leg('a', 60)] });
  on.run.rowsAnswer = () => Promise.resolve(unknown('core database: -ERR Database error!'));
  on.play([[140, look(1, 1)]]);
  await settled();
  expect(on.at(141).text()).toContain(
    'calls     stale list, read 2m01s ago; unknown: core database: -ERR Database',
  );
});

test('the age of a call whose beginning the node does not tell is unknown; directions are those of fsha calls', async () => {
  const rows = [
    leg('a', 0, { createdEpoch: 0 }),
    leg('b', 60, { direction: 'outbound' }),
    leg('c', 30, { direction: '' }),
  ];
  const on = await (await waiting({ rows })).type('c');
  const cells = on
    .text()
    .split('\n')
    .filter((one) => one.includes('********78'));
  expect(cells.map((one) => one.trim().split(/ +/).slice(0, 2))).toEqual([
    ['?', 'in'],
    ['1m21s', 'out'],
    ['51s', '-'],
  ]);
});

test.each([
  ['fsha', 'list them with: fsha calls node-1'],
  ['fsha --config /etc/fsha/other.yaml', 'list them with: fsha --config /etc/fsha/other.yaml calls node-1'],
])('where a run of %s is followed it is said how its calls are listed', (call, words) => {
  const on = stage({ followed: true }).play([
    [0, runStarted({}, ['node-1'], call)],
    ...UNTIL_OUT.slice(1),
    [10, look(3, 2)],
  ]);
  expect(on.text()).toContain(`calls     ${words}`);
});

test('at 40 columns why there is no estimate is not cut, and proxies stand below each other', async () => {
  const on = await waiting({ rows: [leg('a', 60), leg('b', 50)] });
  expect(lineOf(on, 'end', SMALL)).toBe('end unknown: too few calls have ended');
  const [one, two] = on
    .text(SMALL)
    .split('\n')
    .filter((line) => line.includes('lb-'));
  expect(one?.indexOf('lb-1')).toBe(two?.indexOf('lb-2'));
});
