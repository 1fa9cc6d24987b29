/** Journals that were torn, damaged, or changed by hand: named with file and line, and never read as something else. */
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conclude } from '../../src/domain/conclude.ts';
import { FshaError } from '../../src/domain/errors.ts';
import { planResume } from '../../src/domain/resume.ts';
import { fold, type RunState } from '../../src/domain/run.ts';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { followJournal } from '../../src/journal/follow-journal.ts';
import { GrowingRun } from '../../src/journal/growing-run.ts';
import { readJournalEnds } from '../../src/journal/journal-ends.ts';
import { JournalLines } from '../../src/journal/journal-lines.ts';
import { listRuns } from '../../src/journal/list-runs.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import { findStandingBaseline } from '../../src/journal/standing-baseline.ts';
import { planLines } from '../../src/output/plan-text.ts';
import { runReport } from '../../src/output/run-report.ts';
import { sayEvent } from '../../src/output/sentences/registry.ts';
import { SentenceMemory } from '../../src/output/sentences/sentence.ts';
import { seen } from '../domain/rolling/four-nodes.ts';
import { holds, holdsInTime } from './support/fuzzing.ts';
import { mutatedJson } from './support/json-mutations.ts';
import { anyText, mutated } from './support/mutations.ts';
import { cuts, inPieces } from './support/pieces.ts';
import { expectPrintable, expectTyped } from './support/said.ts';
import { expectLinear, watched } from './support/watched.ts';
import { DRAIN, FOLLOWED_RUN, lines, ROLLING_RUN, RUN, WHOLE_RUN } from './support/whole-run.ts';

const WHOLE = Buffer.from(lines(WHOLE_RUN));
const SHORT = Buffer.from(lines(DRAIN));
const ROLLING = Buffer.from(lines(ROLLING_RUN));
const RUNS = new Map([
  [WHOLE, WHOLE_RUN],
  [SHORT, DRAIN],
  [ROLLING, ROLLING_RUN],
]);
const WORDS = [
  '\n',
  '{"v":1,',
  '"seq":1',
  '"type":"run.settled"',
  '"data":{}',
  '\n\n',
  '\ufeff',
  '}\n{',
  '1e999',
];
const anyJournal = fc.oneof(
  { weight: 1, arbitrary: anyText.map((text) => Buffer.from(text)) },
  { weight: 5, arbitrary: mutated([WHOLE, SHORT, ROLLING], WORDS) },
);

let dir: string;
let path: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fsha-fuzz-'));
  await mkdir(join(dir, 'runs'));
  path = join(dir, 'runs', `${RUN}.ndjson`);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Reading {
  readonly events: readonly RunEvent[];
  readonly torn: boolean;
  /** What is wrong, with its place. */
  readonly damage: string | null;
}

function read(pieces: readonly Buffer[]): Reading {
  const reader = new JournalLines('/journal');
  const events: RunEvent[] = [];
  try {
    watched(() => {
      for (const piece of pieces) events.push(...reader.push(piece));
    });
    return { events, torn: reader.torn, damage: null };
  } catch (error) {
    return { events: [], torn: false, damage: expectTyped(error, ['journal']).message };
  }
}

describe('the lines of a journal', () => {
  test('are the same however they are cut, and what does not fit is named by its line', () => {
    holds(
      fc.property(anyJournal, cuts, (bytes, where) => {
        const whole = read([bytes]);
        expect(read(inPieces(bytes, where))).toEqual(whole);
        const rows = bytes.toString('latin1').split('\n');
        if (whole.damage === null) {
          expect(whole.torn).toBe(rows.at(-1) !== '');
          // Nothing was guessed at: each event stands there.
          expect(whole.events).toEqual(
            rows.slice(0, -1).map((row) => JSON.parse(Buffer.from(row, 'latin1').toString()) as unknown),
          );
        } else {
          const line = Number(/^\/journal:(\d+): /.exec(whole.damage)?.[1]);
          expect(line > 0 && line <= rows.length).toBe(true);
          // What stands before it is sound.
          expect(
            read([
              Buffer.from(
                rows
                  .slice(0, line - 1)
                  .map((row) => `${row}\n`)
                  .join(''),
                'latin1',
              ),
            ]).damage,
          ).toBeNull();
        }
      }),
      { share: 1.5, examples: [[Buffer.concat([Buffer.from('\ufeff'), SHORT]), []]] },
    );
  });

  test('torn anywhere, what was whole is read and the rest is left out', () => {
    holds(
      fc.property(fc.constantFrom(...RUNS.keys()), fc.nat(), cuts, (bytes, at, where) => {
        const part = bytes.subarray(0, at % (bytes.length + 1));
        const { events, torn, damage } = read(inPieces(part, where));
        expect(damage).toBeNull();
        expect(torn).toBe(part.length > 0 && part.at(-1) !== 0x0a);
        expect(events).toEqual(RUNS.get(bytes)?.slice(0, events.length));
        expect(events).toHaveLength(part.toString('latin1').split('\n').length - 1);
      }),
      { share: 2 },
    );
  });

  test('take time in proportion to their length', () => {
    const units = ['\n', '[', '{"v":1,', 'x', lines(DRAIN.slice(0, 1)), '"', '\0'];
    holds(
      fc.property(
        fc.constantFrom('', lines(DRAIN)),
        fc.constantFrom(...units),
        fc.integer({ min: 1, max: 5_000 }),
        (start, unit, size) => {
          expectLinear(50_000, (length) => {
            const bytes = Buffer.from(start + unit.repeat(Math.ceil(length / unit.length)));
            const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
              bytes.subarray(index * size, (index + 1) * size),
            );
            return () => {
              const reader = new JournalLines('/journal');
              for (const piece of pieces) reader.push(piece);
            };
          });
        },
      ),
      { share: 0.2 },
    );
  });
});

/** One event of another shape, among others that are sound. */
const changedOf = (run: readonly RunEvent[]) =>
  fc.nat({ max: run.length - 1 }).chain((index) =>
    fc.tuple(fc.constant(index), mutatedJson([run[index]])).map(([at, event]) => ({
      // For whoever reads the counterexample.
      event: JSON.stringify(event),
      line: at + 1,
      text: lines(run.with(at, event as RunEvent)),
    })),
  );
const changed = fc.oneof(
  { weight: 3, arbitrary: changedOf(WHOLE_RUN) },
  { weight: 1, arbitrary: changedOf(ROLLING_RUN) },
  // What the others hang on.
  {
    weight: 1,
    arbitrary: changedOf(ROLLING_RUN.slice(0, 1)).map((one) => ({
      ...one,
      text: `${one.text}${lines(ROLLING_RUN.slice(1))}`,
    })),
  },
);

/** Effects of a kind that this version does not know. */
const unknownKinds = ['effect.intended', 'effect.settled'].map((type) => {
  const index = WHOLE_RUN.findIndex((event) => event.type === type);
  const event = JSON.stringify({
    ...WHOLE_RUN[index],
    data: { effect: 'moon.move', target: { node: 'node-1' } },
  });
  return { event, line: index + 1, text: lines(WHOLE_RUN.with(index, JSON.parse(event) as RunEvent)) };
});

/** A word of the journal that stands for something else now, wherever it stands. */
const renamed = fc
  .tuple(
    fc.constantFrom(WHOLE_RUN, ROLLING_RUN),
    fc.constantFrom('node-1', 'node-1/', 'lb-1', 'dispatcher.state', 'AP', 'drain', 'done', 'wait_drained'),
    fc.constantFrom('constructor', '__proto__', 'toString', '', '\u001b[2J', '\u202e'),
  )
  .map(([run, word, by]) => ({
    event: '',
    line: null,
    text: lines(run).replaceAll(word, JSON.stringify(by).slice(1, -1)),
  }));

/** What a resume would make of it. */
function rest(state: RunState): void {
  const wish = { undo: false, policy: state.policy, call: 'fsha', others: new Map(), window: null };
  try {
    const { plan } = planResume(state, seen(), wish);
    const { rolling } = plan;
    if (rolling === undefined) return;
    // Each is begun once, and all that are begun are planned.
    expect(rolling.batches.flat().toSorted()).toEqual(plan.nodes.map(({ node }) => node).toSorted());
    expect(new Set(rolling.batches.flat()).size).toBe(plan.nodes.length);
    for (const row of planLines(plan, { policy: state.policy })) expectPrintable(row);
  } catch (error) {
    expectTyped(error, ['refused']);
  }
}

test('an event of another shape is named by its line, or everything that reads it can do with it', () => {
  holds(
    fc.property(fc.oneof({ weight: 4, arbitrary: changed }, renamed), ({ line, text }) => {
      const { events, damage } = read([Buffer.from(text)]);
      if (damage !== null) {
        // Another run's name in the first line is seen in the second.
        if (line !== null)
          expect(damage).toMatch(line === 1 ? /^\/journal:[12]: / : new RegExp(`^/journal:${line}: `));
        return;
      }
      const [first] = events;
      if (first?.type !== 'run.started') return;
      watched(() => {
        const state = fold(events);
        if (state === undefined) throw new Error('no state of a run that was begun');
        conclude(state, null, 'fsha');
        rest(state);
        for (const report of [runReport(events, { verbose: true }), runReport(events, { verbose: false })])
          for (const row of report) expectPrintable(row);
        for (const memory of [new SentenceMemory(true), new SentenceMemory(false)])
          for (const event of events) {
            const said = sayEvent(event, memory);
            memory.note(event);
            for (const row of said?.text.split('\n') ?? []) expectPrintable(row);
          }
      });
    }),
    { share: 4, examples: unknownKinds.map((one) => [one]) },
  );
});

/** What is read of a whole file, each by its own way. */
const READERS = {
  readJournal: () => readJournal(path),
  readJournalEnds: () => readJournalEnds(path),
  standing: () => findStandingBaseline(dir, 'voice-eu', 'node-1'),
  growing: () => new GrowingRun(path).advance(),
} as const;

test('a file of any kind is read, or its damage is named with file and line, by whoever reads it', async () => {
  const bytes = fc.oneof(
    anyJournal,
    changed.map(({ text }) => Buffer.from(text)),
  );
  await holdsInTime(
    fc.asyncProperty(bytes, async (content) => {
      await writeFile(path, content);
      for (const [name, reader] of Object.entries(READERS)) {
        try {
          await reader();
        } catch (error) {
          const { message } = expectTyped(error, ['journal']);
          expect([name, message.startsWith(path)]).toEqual([name, true]);
          expect(message.slice(path.length)).toMatch(/^(?::\d+|, last line): /);
        }
      }
      for (const { state, damage } of await listRuns(dir)) {
        expect(state === 'damaged').toBe(damage !== null);
        if (damage !== null) expect(damage.slice(path.length)).toMatch(/^(?::\d+|, last line): /);
      }
    }),
    { share: 1 },
  );
});

test('followed while it is written, it is the same as read when it is whole', async () => {
  const bytes = Buffer.from(lines(FOLLOWED_RUN));
  await holdsInTime(
    fc.asyncProperty(cuts, async (where) => {
      await writeFile(path, '');
      const seen: RunEvent[] = [];
      const following = (async () => {
        for await (const event of followJournal(path, new AbortController().signal)) seen.push(event);
      })();
      for (const piece of inPieces(bytes, where === 'each' ? [0.1, 0.5, 0.50001] : where))
        await appendFile(path, piece);
      await following;
      expect(seen).toEqual(FOLLOWED_RUN);
    }),
    { share: 0.3 },
  );
});

test('followed, damage of any kind is named and ends it', async () => {
  await holdsInTime(
    fc.asyncProperty(anyJournal, async (bytes) => {
      await writeFile(path, bytes);
      const expected = read([bytes]);
      const ended = new AbortController();
      const seen: RunEvent[] = [];
      setTimeout(() => ended.abort(), 60);
      try {
        for await (const event of followJournal(path, ended.signal)) seen.push(event);
        expect(expected.damage).toBeNull();
      } catch (error) {
        if (!(error instanceof FshaError)) throw error;
        expect(error.message).toBe((expected.damage ?? '').replace('/journal', path));
      }
    }),
    { share: 0.3 },
  );
});

test.each([
  ['in which nothing ends', Buffer.alloc(17 * 1024 * 1024, 'x')],
  ['of nothing but brackets', Buffer.from(`${'['.repeat(2_000_000)}\n`)],
  ['of zeros', Buffer.alloc(17 * 1024 * 1024)],
])('a line %s is refused', async (_, bytes) => {
  await writeFile(path, bytes);
  for (const reader of Object.values(READERS)) {
    const thrown = await reader().then(
      () => null,
      (error: unknown) => error,
    );
    expectTyped(thrown, ['journal']);
  }
});
