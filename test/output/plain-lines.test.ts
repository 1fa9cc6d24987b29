import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Writable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import { plainLines, type PlainLinesOptions } from '../../src/output/plain-lines.ts';
import { enveloped, progress, started, TARGET, URI } from './events.ts';

const settled: NewEvent = {
  type: 'run.settled',
  data: {
    outcome: 'held',
    exit: 6,
    nodes: { 'node-1': 'out of service' },
    callsCut: 0,
    next: ['fsha activate node-1'],
  },
};
const drift: NewEvent = {
  type: 'drift.detected',
  node: 'node-1',
  data: { target: 'lb-1', before: 'DX', now: 'AP', cause: 'dispatcher.reload' },
};
const disabling: NewEvent = {
  type: 'effect.intended',
  node: 'node-1',
  step: 'node-1/deactivate',
  data: { effect: 'dispatcher.state', target: TARGET, found: 'AP', wanted: 'd' },
};

/** What the view wrote of these events. */
function written(events: readonly RunEvent[], options: Partial<PlainLinesOptions> = {}): string {
  const out = new PassThrough();
  const view = plainLines({ out, colour: false, amount: 'normal', ...options });
  for (const event of events) view.onEvent(event);
  return String(out.read() ?? '');
}

function clock(event: RunEvent | undefined): string {
  return new Date(event?.at ?? '').toTimeString().slice(0, 8);
}

describe('what is written', () => {
  test('the local time before each event, its further lines below the words', () => {
    const events = enveloped([drift, settled]);
    expect(written(events)).toBe(
      [
        `${clock(events[0])}  node-1: drift: lb-1 was DX, is AP now (dispatcher.reload)`,
        `${clock(events[1])}  held (exit 6: drain timed out or held; node out of service)`,
        '            node-1: out of service',
        '            next:',
        '              fsha activate node-1',
        '',
      ].join('\n'),
    );
  });

  test('details only when verbose', () => {
    const events = enveloped([disabling]);
    expect(written(events)).toBe('');
    expect(written(events, { amount: 'verbose' })).toBe(
      `${clock(events[0])}  node-1: about to disable on lb-1 (set 1, ${URI}), found AP\n`,
    );
  });

  test('quiet: warnings, errors and the end', () => {
    const lines = written(enveloped([started(), progress(3, 3), drift, disabling, settled]), {
      amount: 'quiet',
    });
    expect(lines).not.toContain('watch it from elsewhere');
    expect(lines).not.toContain('sessions');
    expect(lines.split('\n').filter((line) => /^\d\d:/.test(line))).toHaveLength(2);
  });

  test('colours only where they are wanted, and only the first line of the end', () => {
    const events = enveloped([drift, settled]);
    expect(written(events)).not.toContain('\u001b');
    const [first, second, third] = written(events, { colour: true }).split('\n');
    expect(first).toBe(
      `${clock(events[0])}  \u001b[33mnode-1: drift: lb-1 was DX, is AP now (dispatcher.reload)\u001b[0m`,
    );
    expect(second).toContain('\u001b[1mheld');
    expect(third).not.toContain('\u001b');
  });

  test('types that it does not know are passed over, events that it cannot read are told', () => {
    const [event] = enveloped([started()]);
    const odd = [
      { ...event, type: 'moon.risen' },
      { ...event, data: {} },
    ] as unknown as RunEvent[];
    expect(written(odd)).toBe(`${clock(event)}  event 1 (run.started) cannot be put into words\n`);
  });
});

describe('waiting', () => {
  /** The counts told of readings at these seconds. */
  const told = (
    readings: readonly (readonly [second: number, sessions: number])[],
    options?: Partial<PlainLinesOptions>,
  ) =>
    written(
      enveloped(
        readings.map(([, sessions]) => progress(sessions, sessions)),
        (index) => (readings[index]?.[0] ?? 0) * 1_000,
      ),
      options,
    )
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(/(\d+) sessions/.exec(line)?.[1]));

  test('an unchanged count is told every 30 s', () => {
    expect(told(Array.from({ length: 13 }, (_, index) => [index * 5, 7] as const))).toEqual([7, 7, 7]);
  });

  test('a changing one too', () => {
    expect(
      told([
        [0, 90],
        [5, 80],
        [29, 70],
        [30, 60],
        [35, 50],
        [61, 40],
      ]),
    ).toEqual([90, 60, 40]);
  });

  test('other words as soon as they change, but no more often than every 2 s', () => {
    const lines = written(
      enveloped(
        [
          progress(90, 90),
          progress(null, null, ['sessions unknown: no answer'], 'blind'),
          progress(80, 80),
          progress(null, null, ['sessions unknown: no answer'], 'blind'),
          progress(1, 1),
        ],
        (index) => [0, 2_000, 3_000, 3_500, 5_000][index] ?? 0,
      ),
    );
    expect(lines.split('\n').slice(0, -1)).toEqual([
      expect.stringContaining('90 sessions (90 calls), waiting'),
      expect.stringContaining('sessions unknown: no answer'),
      expect.stringContaining('1 session (1 call), waiting'),
    ]);
  });

  test('a countdown in the reason is no other word', () => {
    const arriving = (left: string): NewEvent =>
      progress(0, 0, [`empty, but an INVITE under way may still arrive for ${left} (frTimer)`]);
    const lefts = ['1m30s', '1m5s', '1m', '59s', '800ms'];
    const lines = written(enveloped(lefts.map(arriving), (index) => index * 5_000));
    expect(lines.match(/may still arrive for \w+/g)).toEqual(['may still arrive for 1m30s']);
  });

  test('all of them when verbose', () => {
    expect(
      told(
        [
          [0, 90],
          [0.5, 90],
          [1, 90],
        ],
        { amount: 'verbose' },
      ),
    ).toEqual([90, 90, 90]);
  });

  test('each node has its own, and a resumed run begins anew', () => {
    const other = { ...progress(4, 4), node: 'node-2', step: 'node-2/wait_drained' };
    const resumed: NewEvent = { type: 'run.resumed', data: { who: 'ops', mode: 'forward' } };
    const events = [
      ...enveloped([progress(5, 5), other], () => 1_000),
      ...enveloped([resumed, progress(5, 5)], () => 10),
    ];
    expect(written(events).match(/\d sessions/g)).toEqual(['5 sessions', '4 sessions', '5 sessions']);
  });
});

describe('a reader that does not read', () => {
  /** A child with a pipe for its input. */
  function child(command: string): Writable {
    const process = spawn('bash', ['-c', command], { stdio: ['pipe', 'ignore', 'ignore'] });
    onTestFinished(async () => {
      process.kill('SIGKILL');
      if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
    });
    return process.stdin;
  }

  test('a full pipe: lines are dropped and counted, nothing waits', async () => {
    const out = child('sleep 600');
    const view = plainLines({ out, colour: false, amount: 'verbose', cap: 10_000 });
    const events = enveloped(Array.from({ length: 5_000 }, () => drift));
    for (const event of events) view.onEvent(event);
    expect(out.writableLength).toBeLessThanOrEqual(10_000);
    const before = performance.now();
    expect(await view.close(50)).toBeGreaterThan(3_000);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test('a closed pipe: dropped and counted, and no error reaches the run', async () => {
    const out = child('exec 0<&-; sleep 600');
    const view = plainLines({ out, colour: false, amount: 'verbose' });
    const [event] = enveloped([drift]);
    if (event === undefined) throw new Error('no event');
    // The pipe is closed as soon as the child has got that far.
    while (!out.destroyed) {
      view.onEvent(event);
      await new Promise((resolve) => setImmediate(resolve));
    }
    view.onEvent(event);
    expect(await view.close(50)).toBeGreaterThan(0);
  });

  test('one that reads again is told how much is missing', async () => {
    const out = new PassThrough({ highWaterMark: 10 });
    const view = plainLines({ out, colour: false, amount: 'normal', cap: 200 });
    const events = enveloped([...Array.from({ length: 20 }, () => drift), settled]);
    for (const event of events.slice(0, -1)) view.onEvent(event);
    let text = '';
    out.on('data', (bytes: Buffer) => (text += bytes.toString()));
    await expect.poll(() => out.writableLength).toBe(0);
    for (const event of events.slice(-1)) view.onEvent(event);
    expect(await view.close(1_000)).toBeGreaterThan(10);
    expect(text).toMatch(
      /\n\d\d:\d\d:\d\d {2}1\d lines left out here: the output did not keep up\n\d\d:\d\d:\d\d {2}held/,
    );
  });

  test('close waits for what is under way', async () => {
    const out = new PassThrough({ highWaterMark: 10 });
    const view = plainLines({ out, colour: false, amount: 'normal' });
    for (const event of enveloped([drift, drift, settled])) view.onEvent(event);
    const closed = view.close(10_000);
    out.resume();
    expect(await closed).toBe(0);
  });
});
