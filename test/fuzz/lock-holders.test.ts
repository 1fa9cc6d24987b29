/** The file beside the lock, which whoever may write in state.dir may have written: it names somebody in words, or nobody. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, symlink, writeFile, type FileHandle } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { LockHolder } from '../../src/domain/lock-holder.ts';
import { flock } from '../../src/journal/cluster-lock-flock.ts';
import { lockedError } from '../../src/journal/cluster-lock-errors.ts';
import { lockState } from '../../src/journal/cluster-lock-state.ts';
import { takeLock } from '../../src/journal/cluster-lock.ts';
import { readHolder } from '../../src/journal/lock-holder-file.ts';
import { holderWords } from '../../src/journal/lock-holder-words.ts';
import { isRunId } from '../../src/journal/run-id.ts';
import { HANGS, holdsInTime } from './support/fuzzing.ts';
import { mutatedJson } from './support/json-mutations.ts';
import { anyText, mutated, readable } from './support/mutations.ts';
import { expectPrintable, valueOr } from './support/said.ts';

const RUN = '20261122-220000-aaaa';
const VALID = {
  run: RUN,
  command: 'drain node-1',
  who: 'ops@bastion',
  pid: 4_711,
  started: 815,
  since: '2026-11-22T21:31:34.000Z',
};
const TEXT = `${JSON.stringify(VALID)}\n`;
const WORDS = ['"pid":1,', '"__proto__":{}', '\\u001b[31m', '\\u202e', '"since":"+275760-09-13"', '1e400'];
/** Characters: a run, a command of 500, a user of 200, a moment, a pid. */
const MOST = 900;

const anyFile = fc.oneof(
  { weight: 1, arbitrary: anyText.map((text) => Buffer.from(text)) },
  { weight: 3, arbitrary: mutated([TEXT], WORDS) },
  { weight: 3, arbitrary: mutatedJson([VALID]).map((value) => readable(Buffer.from(JSON.stringify(value)))) },
  // Whatever may stand in each of them.
  {
    weight: 3,
    arbitrary: fc
      .record({
        command: anyText,
        who: anyText,
        pid: fc.oneof(fc.integer(), fc.double()),
        started: fc.oneof(fc.nat(), fc.double()),
        since: fc.oneof(
          fc.date().map((date) => date.toJSON()),
          fc.string(),
          fc.constant('-271821-04-20'),
        ),
      })
      .map((own) => readable(Buffer.from(JSON.stringify({ ...VALID, ...own })))),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 4_000, max: 5_000_000 })
      .map((size) => Buffer.from(JSON.stringify({ ...VALID, command: 'x'.repeat(size) }))),
  },
);

let dir: string;
/** Open and locked, as its writer has it. */
let held: FileHandle;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fsha-fuzz-'));
  held = await open(join(dir, 'voice-eu.holder'), 'w+');
  expect(await flock(held.fd, 'exclusive', 'holder', AbortSignal.timeout(HANGS))).toBe(true);
});
afterAll(async () => {
  await held.close();
  await rm(dir, { recursive: true, force: true });
});

async function write(content: Uint8Array): Promise<void> {
  await held.truncate(0);
  await held.write(content, 0, content.length, 0);
}

async function expectNamed(holder: LockHolder): Promise<void> {
  expect(isRunId(holder.run)).toBe(true);
  expect(Number.isSafeInteger(holder.pid) && holder.pid >= 2).toBe(true);
  expect(Number.isSafeInteger(holder.started) && holder.started >= 0).toBe(true);
  const error = await lockedError('voice-eu', join(dir, 'voice-eu.lock'), holder, 'fsha');
  for (const text of [holderWords(holder, Date.now()), error.message, error.hint]) {
    expectPrintable(text);
    expect(text.length).toBeLessThan(MOST);
  }
}

test('a file of any kind names somebody in words that can be shown, or nobody', async () => {
  await holdsInTime(
    fc.asyncProperty(anyFile, async (content) => {
      await write(content);
      const file = await readHolder(join(dir, 'voice-eu.holder'), AbortSignal.timeout(HANGS));
      expect(file.live).toBe(true);
      if (file.live && file.holder !== null) await expectNamed(file.holder);
    }),
    { share: 2, examples: [[Buffer.from(TEXT)], [Buffer.of()]] },
  );
});

test('whoever is refused, or looks, hears of it in words', async () => {
  const free = await mkdtemp(join(tmpdir(), 'fsha-fuzz-'));
  onTestFinished(() => rm(free, { recursive: true, force: true }));
  const lock = await open(join(free, 'voice-eu.lock'), 'w+');
  const holder = await open(join(free, 'voice-eu.holder'), 'w+');
  onTestFinished(async () => {
    await lock.close();
    await holder.close();
  });
  const signal = AbortSignal.timeout(600_000);
  for (const { fd } of [lock, holder]) expect(await flock(fd, 'exclusive', 'lock', signal)).toBe(true);
  await holdsInTime(
    fc.asyncProperty(anyFile, async (content) => {
      await holder.truncate(0);
      await holder.write(content, 0, content.length, 0);
      const refusal: unknown = await takeLock({
        dir: free,
        cluster: 'voice-eu',
        holder: { run: RUN, command: 'drain node-1', who: 'ops@bastion' },
      }).then(
        () => expect.fail('it was taken twice'),
        (error: unknown) => error,
      );
      valueOr(['locked'], () => {
        throw refusal;
      });
      const seen = await lockState(free, 'voice-eu');
      expect(seen.held).toBe(true);
      if (seen.held && seen.holder !== null) await expectNamed(seen.holder);
    }),
    // Where nobody is named it waits for a name.
    { share: 0.06 },
  );
});

test.each([
  ['a pipe that nobody writes to', (path: string) => void execFileSync('mkfifo', [path])],
  ['a directory', (path: string) => mkdir(path)],
  ['a link to itself', (path: string) => symlink(path, path)],
  ['a link to what has no end', (path: string) => symlink('/dev/zero', path)],
  [
    'a socket',
    async (path: string) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      onTestFinished(() => void server.close());
    },
  ],
  ['a hole of a terabyte', (path: string) => sparse(path)],
])('%s in its place holds nobody up and is believed nothing', async (_, make) => {
  const place = await mkdtemp(join(tmpdir(), 'fsha-fuzz-'));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  await writeFile(join(place, 'voice-eu.lock'), '');
  await make(join(place, 'voice-eu.holder'));
  const look = async (): Promise<boolean | 'unseen'> => {
    try {
      const state = await lockState(place, 'voice-eu', AbortSignal.timeout(HANGS));
      expect(state.held && state.holder !== null).toBe(false);
      return state.held;
    } catch (error) {
      valueOr(['journal'], () => {
        throw error;
      });
      return 'unseen';
    }
  };
  expect([false, 'unseen']).toContain(await look());
  const lock = await open(join(place, 'voice-eu.lock'), 'r+');
  onTestFinished(() => lock.close());
  expect(await flock(lock.fd, 'exclusive', 'lock', AbortSignal.timeout(HANGS))).toBe(true);
  expect([true, 'unseen']).toContain(await look());
});

async function sparse(path: string): Promise<void> {
  const file = await open(path, 'w');
  await file.truncate(2 ** 40);
  await file.close();
}
