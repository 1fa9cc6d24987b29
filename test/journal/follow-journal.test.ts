import { appendFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { followJournal } from '../../src/journal/follow-journal.ts';
import { openJournal } from '../../src/journal/journal-file.ts';
import { disable, enveloped, lines, progress, RUN, settled, started } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const events = enveloped([
  started(),
  disable('node-1'),
  progress('node-1', 2),
  progress('node-1', 0),
  settled({ 'node-1': 'in service' }),
]);

async function file(content: string): Promise<string> {
  const path = join(await temporaryDirectory(), `${RUN}.ndjson`);
  await writeFile(path, content);
  return path;
}

async function all(stream: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const seen: RunEvent[] = [];
  for await (const event of stream) seen.push(event);
  return seen;
}

test('ends at once where the run has ended', async () => {
  const seen = await all(followJournal(await file(lines(events)), new AbortController().signal));
  expect(seen).toEqual(events);
});

test('gives what is there, then each event as another writes it', async () => {
  const dir = await temporaryDirectory();
  const journal = await openJournal({ dir, run: RUN, cluster: 'voice-eu' });
  const [first, ...rest] = events;
  if (first === undefined) throw new Error('no event');
  await journal.append(first);
  const stream = followJournal(journal.path, new AbortController().signal);
  expect((await stream.next()).value).toEqual(first);
  for (const event of rest) {
    const next = stream.next();
    await journal.append(event);
    expect((await next).value).toEqual(event);
  }
  expect((await stream.next()).done).toBe(true);
  await journal.close();
});

test('waits for the rest of a torn line, wherever it is torn', async () => {
  const path = await file('');
  const stream = followJournal(path, new AbortController().signal);
  const seen = all(stream);
  const bytes = Buffer.from(lines(events.map((event) => ({ ...event, wer: 'Jörg 📞' }))));
  const step = 7;
  for (let offset = 0; offset < bytes.length; offset += step) {
    await appendFile(path, bytes.subarray(offset, offset + step));
  }
  expect((await seen).map(({ seq, type }) => [seq, type])).toEqual(
    events.map(({ seq, type }) => [seq, type]),
  );
});

test('goes on after an end that was followed by a resume', async () => {
  const resumed = enveloped([
    started(),
    settled({ 'node-1': 'unknown' }, 9),
    { type: 'run.resumed', data: { who: 'ops', mode: 'undo' } },
    settled({ 'node-1': 'in service' }),
  ]);
  expect(await all(followJournal(await file(lines(resumed)), new AbortController().signal))).toEqual(resumed);
});

test('ends when its signal fires while it waits', async () => {
  const controller = new AbortController();
  const stream = followJournal(await file(lines(events.slice(0, 1))), controller.signal);
  expect((await stream.next()).done).toBe(false);
  const waiting = stream.next();
  controller.abort();
  expect((await waiting).done).toBe(true);
});

test('a signal that has fired already gives nothing', async () => {
  expect(await all(followJournal(await file(lines(events)), AbortSignal.abort()))).toEqual([]);
});

test.each([
  ['removed', (path: string) => rm(path), 'the file was removed while it was being read'],
  ['cut', (path: string) => truncate(path, 10), 'the file became shorter while it was being read'],
  ['damaged', (path: string) => appendFile(path, 'nonsense\n'), ':2: not a line of JSON.'],
])('says so when the file is %s', async (_, harm, message) => {
  const path = await file(lines(events.slice(0, 1)));
  const stream = followJournal(path, new AbortController().signal);
  await stream.next();
  const waiting = stream.next().catch((error: unknown) => error);
  await harm(path);
  const error = await waiting;
  expect(error).toBeInstanceOf(FshaError);
  expect((error as FshaError).message).toContain(message);
});

test('a missing journal is an error', async () => {
  const path = join(await temporaryDirectory(), 'none.ndjson');
  await expect(all(followJournal(path, new AbortController().signal))).rejects.toThrow(
    'there is no such file',
  );
});
