import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import { disable, enveloped, lines, preflight, progress, RUN, settled, started } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const events = enveloped([
  started(),
  preflight('node-1'),
  disable('node-1'),
  progress('node-1', 3),
  settled({ 'node-1': 'in service' }),
]);

async function file(content: string | Buffer): Promise<string> {
  const path = join(await temporaryDirectory(), `${RUN}.ndjson`);
  await writeFile(path, content);
  return path;
}

async function failure(path: string): Promise<FshaError> {
  const thrown: unknown = await readJournal(path).catch((error: unknown) => error);
  if (thrown instanceof FshaError) return thrown;
  throw new Error('no FshaError was thrown');
}

test('reads what was written', async () => {
  expect(await readJournal(await file(lines(events)))).toEqual({ events, torn: false });
});

test('an empty journal has no events', async () => {
  expect(await readJournal(await file(''))).toEqual({ events: [], torn: false });
});

test('cut at any byte, it gives the whole lines before', async () => {
  const bytes = Buffer.from(lines(events.map((event) => ({ ...event, wer: 'Jörg 📞' }))));
  const path = await file(bytes);
  for (let length = bytes.length - 1; length >= 0; length -= 1) {
    await truncate(path, length);
    const whole = bytes.subarray(0, length).toString('latin1').split('\n').length - 1;
    const read = await readJournal(path);
    expect(read.events.map(({ seq }) => seq)).toEqual(events.slice(0, whole).map(({ seq }) => seq));
    expect(read.torn).toBe(length > 0 && bytes[length - 1] !== 0x0a);
  }
});

test('zeros behind the last line, as a crash of the machine may leave them, are a torn line', async () => {
  expect(await readJournal(await file(`${lines(events)}${'\0'.repeat(5000)}`))).toEqual({
    events,
    torn: true,
  });
});

test('keeps types and keys that it does not know', async () => {
  const [first] = events;
  const unknown = { ...events[1], type: 'moon.risen', data: { phase: 'full' }, extra: [1] };
  const path = await file(`${JSON.stringify(first)}\n${JSON.stringify(unknown)}\n`);
  expect((await readJournal(path)).events).toEqual([first, unknown]);
});

test('reads lines longer than what it reads at a time', async () => {
  const long = enveloped([{ ...started({ command: 'x'.repeat(700_000) }) }, disable('node-1')]);
  expect(await readJournal(await file(lines(long)))).toEqual({ events: long, torn: false });
});

describe('a damaged journal is an error at its line', () => {
  const texts = events.map((event) => JSON.stringify(event));
  const withLine = (index: number, text: string): string =>
    texts.map((line, at) => `${at === index ? text : line}\n`).join('');

  test.each([
    ['half a line', withLine(2, '{"v":1,"seq":3,'), ':3: not a line of JSON.'],
    ['an empty line', withLine(1, ''), ':2: not a line of JSON.'],
    ['a damaged last line that was ended', withLine(4, '{"v":1'), ':5: not a line of JSON.'],
    ['no object', withLine(1, '[1]'), ':2: not an event.'],
    [
      'another version',
      withLine(0, '{"v":2,"seq":1}'),
      ':1: written in version 2 of the format, this fsha reads version 1.',
    ],
    [
      'no version',
      withLine(0, '{"seq":1}'),
      ':1: written in version none of the format, this fsha reads version 1.',
    ],
    ['a missing event', withLine(1, texts[2] ?? ''), ':2: event 3 where event 2 should be.'],
    ['an event twice', withLine(2, texts[1] ?? ''), ':3: event 2 where event 3 should be.'],
    [
      'an event of another run',
      withLine(3, (texts[3] ?? '').replaceAll(RUN, '20260101-000000-aaaa')),
      `:4: an event of run "20260101-000000-aaaa" in the journal of ${RUN}.`,
    ],
    [
      'an event without data',
      withLine(3, JSON.stringify({ ...events[3], data: undefined })),
      ':4: an event without type, at, mono or data.',
    ],
  ])('%s', async (_, content, message) => {
    const path = await file(content);
    const error = await failure(path);
    expect(error.code).toBe('journal');
    expect(error.message).toBe(`${path}${message}`);
    expect(error.hint).toContain('fsha status');
  });

  test('bytes that are no UTF-8', async () => {
    const bytes = Buffer.from(lines(events));
    bytes[bytes.indexOf('kernel')] = 0xff;
    expect((await failure(await file(bytes))).message).toContain(':1: not a line of JSON.');
  });
});

test('a journal above 256 MiB is refused, not read', async () => {
  const path = await file('');
  await truncate(path, 256 * 1024 * 1024 + 1);
  expect((await failure(path)).message).toContain('more than the 256 MiB that fsha reads');
});

test('a line above 16 MiB is refused', async () => {
  const path = await file('');
  await truncate(path, 17 * 1024 * 1024);
  expect((await failure(path)).message).toBe(`${path}:1: a line of more than 16 MiB.`);
});

test('a missing journal says how to list those there are', async () => {
  const path = join(await temporaryDirectory(), 'none.ndjson');
  expect((await failure(path)).toJSON()).toEqual({
    code: 'journal',
    message: `Cannot read the journal ${path}: there is no such file.`,
    hint: 'List the runs there are with: fsha runs.',
  });
});
