import { afterEach, beforeEach, expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { writeMark } from '../../src/domain/mark.ts';
import type { Known } from '../../src/domain/observation.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { guard } from '../../src/workflow/steps/guard.ts';
import { cluster, known, node, observation, policy, seenNode, unknown } from '../domain/builders.ts';
import { HELD } from '../support/held-lock.ts';
import { ManualClock } from '../support/manual-clock.ts';

let clock: ManualClock;
let stop: AbortController;
let mark: Known<string | null>;
let core: string;
/** What the last poll saw, where that is not what is so now. */
let stale: Known<string | null> | null;
let wanted: string | null;
let wordTrouble: FshaError | null;
let warnings: string[];
let end: string | undefined;
let running: Promise<unknown>;

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
  mark = known(markOf('r1'));
  core = 'first';
  stale = null;
  wanted = null;
  wordTrouble = null;
  warnings = [];
  end = undefined;
});
afterEach(async () => {
  stop.abort();
  await running;
});

function markOf(run: string): string {
  return writeMark({ run, who: 'me', token: null, guard: run === 'r1' }, clock.wall());
}

function begin(): void {
  const seen = (): ReturnType<typeof seenNode> =>
    seenNode('node-1', { at: clock.now(), mark, coreUuid: known(core) });
  const context = {
    world: {
      cluster: cluster(),
      clock,
      lock: {
        ...HELD,
        whoWants: () => (wordTrouble === null ? Promise.resolve(wanted) : Promise.reject(wordTrouble)),
      },
      nodes: new Map([
        [
          'node-1',
          {
            observe: () => Promise.resolve(seen()),
            setMark: (value: string) => Promise.resolve(void (mark = known(value))),
          },
        ],
      ]),
    },
    watcher: {
      latest: () =>
        observation({ nodes: [{ ...seen(), mark: stale ?? mark, at: stale === null ? clock.now() : 0 }] }),
      setPace: () => undefined,
    },
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/guard',
    run: 'r1',
    who: 'me',
    signal: stop.signal,
    leave: stop.signal,
    policy: () => policy(),
    tolerateJournalLoss: () => undefined,
    record: (event: NewEvent) => {
      if (event.type === 'warning') warnings.push(event.data.message);
      return Promise.resolve();
    },
    soFar: () => ({ effects: [] }),
    memory: newMemory(),
  } as unknown as StepContext;
  running = guard(context, {}).then(
    (outcome) => (end = outcome),
    (error: unknown) => (end = error instanceof FshaError ? `${error.code}: ${error.message}` : 'a bug'),
  );
}

test('it stays for as long as nobody wants to have the node', async () => {
  begin();
  await clock.pass(3_600_000);
  expect([end, warnings]).toEqual([undefined, []]);
});

test('somebody of this host wants to have it: handed over', async () => {
  begin();
  await clock.pass(10_000);
  wanted = 'run r2 (activate node-1) of you';
  await clock.pass(1_000);
  expect([end, warnings]).toEqual([
    'succeeded',
    ['node-1 is kept out no longer: it is handed over to run r2 (activate node-1) of you'],
  ]);
});

test('somebody elsewhere has marked it: handed over', async () => {
  begin();
  await clock.pass(10_000);
  mark = known(markOf('r2'));
  await clock.pass(1_000);
  expect([end, warnings]).toEqual([
    'succeeded',
    ['node-1 is kept out no longer: it is handed over to run r2 of me, whose mark is on it'],
  ]);
});

test('the mark cannot be read for a minute: that is said, once, and it stays', async () => {
  begin();
  await clock.pass(10_000);
  mark = unknown('it is silent');
  await clock.pass(59_000);
  expect(warnings).toEqual([]);
  await clock.pass(600_000);
  expect([end, warnings]).toEqual([undefined, [expect.stringMatching(/^the mark of node-1 cannot be read/)]]);
  mark = known(markOf('r2'));
  await clock.pass(1_000);
  expect(end).toBe('succeeded');
});

test('the node is restarted by another hand and its mark is gone for a while: marked anew, without a word', async () => {
  begin();
  await clock.pass(10_000);
  mark = unknown('it is down');
  await clock.pass(30_000);
  mark = known(null);
  core = 'second';
  await clock.pass(1_000);
  expect([end, warnings, mark]).toEqual([undefined, [], known(expect.stringMatching(/^r1,me,.*,guard$/))]);
});

test('its mark is gone from the same FreeSWITCH: somebody has had the node, and it is not marked again', async () => {
  begin();
  await clock.pass(10_000);
  mark = known(null);
  await clock.pass(1_000);
  expect([end, warnings, mark]).toEqual([
    'succeeded',
    [expect.stringMatching(/handed over to whoever took its mark away/)],
    known(null),
  ]);
});

test('it was away, and what it saw last is all it has as it comes back: it looks before it renews its mark', async () => {
  begin();
  await clock.pass(10_000);
  stale = known(mark.known ? mark.value : null);
  mark = known(null);
  clock.jump(3_600_000);
  await clock.pass(1_000);
  expect(mark).toEqual(known(null));
  stale = null;
  await clock.pass(1_000);
  expect([end, mark]).toEqual(['succeeded', known(null)]);
});

test('it was away while the node was restarted, and the mark is gone: it cannot tell, says so, and does not mark it', async () => {
  begin();
  await clock.pass(10_000);
  mark = known(null);
  core = 'second';
  clock.jump(3_600_000);
  await clock.pass(1_000);
  expect([end, mark]).toEqual([
    'locked: node-1 was restarted while this guard saw nothing of the cluster, and its mark is gone: a run of another host may have brought it back in',
    known(null),
  ]);
});

test('whether somebody of this host wants it cannot be read: that is said, once, and it stays', async () => {
  begin();
  await clock.pass(10_000);
  wordTrouble = new FshaError('journal', 'Cannot read /state/x: the disk failed.');
  await clock.pass(60_000);
  expect([end, warnings]).toEqual([undefined, [expect.stringMatching(/cannot be told: Cannot read/)]]);
  wordTrouble = null;
  wanted = 'run r2 (activate node-1) of you';
  await clock.pass(1_000);
  expect(end).toBe('succeeded');
});
