import stringWidth from 'string-width';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { known, unknown } from '../domain/builders.ts';
import { expectGolden } from './golden-file.ts';
import { settled, stage, type Stage } from './run-stage.ts';
import {
  type At,
  leg,
  look,
  looks,
  preflightSettled,
  reading,
  runStarted,
  setOn,
  stepBegins,
  stepEnds,
  UNTIL_OUT,
} from './run-stories.ts';

// Times of day are shown as they are where the reader is.
beforeAll(() => void vi.stubEnv('TZ', 'UTC'));

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 40, rows: 12 },
  { columns: 120, rows: 40 },
] as const;

const CALLS = Array.from({ length: 30 }, (_, index) =>
  leg(`c${String(index).padStart(7, '0')}`, 4_000 - index * 120, {
    application: index % 3 === 0 ? 'playback' : 'bridge',
    destination: index === 1 ? '112' : `20${index}`,
    initialDestination: index === 1 ? '112' : `20${index}`,
  }),
);
const PROTECT = { cause: 'NORMAL_CLEARING', protect: ['^112$'], protectTimeout: null, expendable: ['^209$'] };

/** Ten minutes of a wait, seen by the process that runs it. */
async function waiting(): Promise<Stage> {
  const on = stage();
  on.run.rowsAnswer = () => Promise.resolve(known(CALLS));
  on.play([[0, runStarted({ cutting: PROTECT })], ...UNTIL_OUT.slice(1)]);
  for (const look of looks(5, 600)) {
    await settled();
    on.play([look]);
  }
  await settled();
  on.run.seen = reading({ at: 601 });
  return on.at(603);
}

const failure = {
  code: 'drain.drift',
  message: 'node-1 is enabled again and again on lb-1',
  hint: 'Stop what sets it.',
} as const;
const interrupted = {
  code: 'interrupted',
  message: 'stopped during wait_drained on node-1',
  hint: '',
} as const;

function fails(
  kind: string,
  ms: number,
  error: { code: 'drain.drift' | 'interrupted'; message: string; hint: string },
): NewEvent {
  const outcome = error.code === 'interrupted' ? 'cancelled' : 'failed';
  return { type: 'step.settled', node: 'node-1', step: `node-1/${kind}`, data: { outcome, ms, error } };
}

const UNDONE: readonly Effect[] = ['lb-2', 'lb-1'].map((proxy) => ({
  effect: 'dispatcher.state',
  target: { proxy, set: 1, uri: 'sip:10.0.1.10:5080', duid: null },
  wanted: 'ap',
}));

const UNDOING: readonly At[] = [
  [601, { type: 'undo.started', node: 'node-1', step: 'node-1/restore', data: { effects: UNDONE } }],
  [601, stepBegins('restore')],
  ...setOn('lb-2', 'DX', 'AP', 'restore', 602),
];

const RESTARTED: readonly At[] = [
  ...UNTIL_OUT,
  [5, look(2, 1)],
  [40, look(0, 0, ['empty, waiting 5s to be sure (settle)'])],
  [46, stepEnds('wait_drained', 43_200)],
  [46, stepBegins('fence')],
  [
    46,
    {
      type: 'effect.intended',
      node: 'node-1',
      step: 'node-1/fence',
      data: { effect: 'node.pause', target: { node: 'node-1' }, found: false, wanted: true },
    },
  ],
  [
    46,
    {
      type: 'effect.settled',
      node: 'node-1',
      step: 'node-1/fence',
      data: { effect: 'node.pause', target: { node: 'node-1' }, outcome: 'done', read: true },
    },
  ],
  [47, stepEnds('fence', 180)],
  [47, stepBegins('restart')],
  [
    48,
    {
      type: 'effect.intended',
      node: 'node-1',
      step: 'node-1/restart',
      data: {
        effect: 'node.restart',
        target: { node: 'node-1' },
        found: '9a0b1c2d-0000-4000-8000-000000000001',
        wanted: 'sudo -n systemctl restart freeswitch',
      },
    },
  ],
];

const STORIES: Readonly<Record<string, () => Stage | Promise<Stage>>> = {
  preflight: () => {
    const on = stage().play([
      [0, runStarted()],
      [0, stepBegins('preflight')],
    ]);
    on.run.seen = reading({ at: 1, lb1: 'AP', lb2: 'AP' });
    return on.at(1.5);
  },
  waiting,
  'waiting-blind': async () => {
    const on = await waiting();
    const why = 'connection to 10.0.1.10:8021 lost';
    on.run.rowsAnswer = () => Promise.resolve(unknown('ESL is not connected'));
    on.run.seen = reading({ at: 700, sessions: unknown(why), calls: unknown(why), lb2: null });
    on.play(
      Array.from({ length: 20 }, (_, index): At => [
        605 + index * 5,
        look(null, null, [`sessions unknown: ${why}`], ['DX', null]),
      ]),
    );
    await settled();
    return on.at(703);
  },
  drift: async () => {
    const on = await waiting();
    on.play([
      [
        605,
        {
          type: 'drift.detected',
          node: 'node-1',
          step: 'node-1/wait_drained',
          data: {
            target: 'lb-1 set 1 sip:10.0.1.10:5080',
            before: 'DX',
            now: 'AX',
            cause: 'dispatcher.reload, or somebody set it',
          },
        },
      ],
      ...setOn('lb-1', 'AX', 'DX', 'wait_drained', 605),
      [606, look(26, 13)],
    ]);
    on.run.seen = reading({ at: 607, lb1: 'AX' });
    return on.at(608);
  },
  restarting: () => {
    const on = stage().play(RESTARTED);
    on.run.seen = reading({
      at: 48,
      sessions: unknown('connection refused'),
      calls: unknown('connection refused'),
    });
    return on.at(55);
  },
  verify: () => {
    const on = stage().play([
      ...RESTARTED,
      [
        58,
        {
          type: 'effect.settled',
          node: 'node-1',
          step: 'node-1/restart',
          data: {
            effect: 'node.restart',
            target: { node: 'node-1' },
            outcome: 'done',
            read: '4c1e77f0-0000-4000-8000-000000000002',
          },
        },
      ],
      [58, stepEnds('restart', 11_000)],
      [58, stepBegins('verify')],
      [
        60,
        {
          type: 'step.retrying',
          node: 'node-1',
          step: 'node-1/verify',
          data: {
            attempt: 1,
            error: {
              code: 'verify.failed',
              message: 'gateway external::trunk-a is TRYING, was REGED',
              hint: '',
            },
          },
        },
      ],
      [
        61,
        {
          type: 'step.retrying',
          node: 'node-1',
          step: 'node-1/verify',
          data: {
            attempt: 2,
            error: {
              code: 'verify.failed',
              message: 'gateway external::trunk-a is TRYING, was REGED',
              hint: '',
            },
          },
        },
      ],
    ]);
    on.run.seen = reading({ at: 61, sessions: known(0), calls: known(0) });
    return on.at(62);
  },
  'giving-back': async () => {
    const on = await waiting();
    on.play([[601, fails('wait_drained', 598_000, failure)], ...UNDOING]);
    on.run.seen = reading({ at: 602, lb2: 'AP' });
    return on.at(603);
  },
  'after-ctrl-c': async () => {
    const on = await waiting();
    await on.type('<ctrl-c>');
    on.play([[601, fails('wait_drained', 598_000, interrupted)], ...UNDOING]);
    on.run.seen = reading({ at: 602, lb2: 'AP' });
    return on.at(603);
  },
  'cut-prompt': async () => {
    const on = await waiting();
    const channels = CALLS.slice(0, 12).filter(({ destination }) => destination !== '112');
    on.run.liveAnswer = () => Promise.resolve(known({ channels, ghosts: 0, sessions: channels.length }));
    return on.type('f', '1');
  },
  'cut-refused': async () => {
    const on = await waiting();
    on.run.liveAnswer = () => Promise.resolve(known({ channels: CALLS, ghosts: 0, sessions: CALLS.length }));
    return on.type('f');
  },
  'call-list': async () => (await waiting()).type('c', '<down>', '<down>'),
  help: async () => (await waiting()).type('?'),
  ghosts: async () => {
    const on = await waiting();
    const live = { channels: CALLS.slice(5), ghosts: 3, sessions: 25 };
    on.run.liveAnswer = () => Promise.resolve(known(live));
    const rows = { channels: 28, ghostRows: 3 };
    on.play([[605, look(25, 25, [], ['DX', 'DX'], rows)]]);
    await settled();
    on.run.seen = reading({ at: 606, channels: known(28) });
    return on.at(608);
  },
  'many-rows-some-gone': async () => {
    const on = await waiting();
    const all = Array.from({ length: 60 }, (_, index) => leg(`r${10 + index}`, 4_000 - index * 60));
    on.run.rowsAnswer = () => Promise.resolve(known(all));
    const rows = { channels: 60, ghostRows: 3 };
    on.play([[605, look(57, 57, [], ['DX', 'DX'], rows)]]);
    await settled();
    on.run.seen = reading({ at: 606, sessions: known(57), calls: known(57), channels: known(60) });
    return on.at(608);
  },
  'missing-rows': async () => {
    const on = await waiting();
    on.run.rowsAnswer = () => Promise.resolve(known([]));
    on.play([[605, look(3, 0, [], ['DX', 'DX'], { channels: 0 })]]);
    await settled();
    on.run.seen = reading({ at: 606, sessions: known(3), calls: known(0), channels: known(0) });
    return on.at(608);
  },
  'too-few-ends': async () => {
    const on = stage();
    on.run.rowsAnswer = () => Promise.resolve(known(CALLS.slice(0, 4)));
    on.play(UNTIL_OUT);
    for (const seconds of [5, 10]) {
      await settled();
      on.play([[seconds, look(4, 4)]]);
    }
    await settled();
    on.run.seen = reading({ at: 10, sessions: known(4), calls: known(4) });
    return on.at(11);
  },
  'help-stopping': async () => {
    const on = await (await waiting()).type('?');
    on.play([
      [604, { type: 'request.received', data: { request: { kind: 'abort' }, by: 'SIGTERM' } }],
      [604, { type: 'request.settled', data: { accepted: true } }],
    ]);
    return on;
  },
  followed: () =>
    stage({ followed: true })
      .play([...UNTIL_OUT, ...looks(5, 600)])
      .at(604),
  'followed-silent': () =>
    stage({ followed: true })
      .play([...UNTIL_OUT, ...looks(5, 300)])
      .at(390),
  ended: async () => {
    const on = await waiting();
    return on.play([
      [601, fails('wait_drained', 598_000, failure)],
      ...UNDOING,
      [603, stepEnds('restore', 1_700)],
      [603, { type: 'undo.settled', node: 'node-1', step: 'node-1/restore', data: { outcome: 'done' } }],
      [
        604,
        {
          type: 'run.settled',
          data: {
            outcome: 'failed',
            exit: 12,
            nodes: { 'node-1': 'in service' },
            callsCut: 0,
            next: ['fsha drain node-1'],
            error: failure,
          },
        },
      ],
    ]);
  },
  'several-nodes': () => {
    const nodes = ['node-1', 'node-2', 'node-3'];
    const on = stage().play([
      [0, runStarted({}, nodes)],
      [0, stepBegins('preflight')],
      [1, fails('preflight', 1_000, failure)],
      [2, stepBegins('preflight', 'node-2')],
      [3, preflightSettled('node-2')],
      [3, stepEnds('preflight', 1_000, 'node-2')],
      [3, stepBegins('deactivate', 'node-2')],
    ]);
    on.run.seen = reading({ at: 3, lb1: 'AP', lb2: 'AP' });
    return on.at(4);
  },
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
