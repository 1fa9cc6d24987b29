import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { jsonText } from '../../src/output/json-text.ts';
import { ndjsonView } from '../../src/output/ndjson.ts';
import { enveloped, progress, started } from './events.ts';

test('each event is a line, exactly as it is', async () => {
  const out = new PassThrough();
  const view = ndjsonView(out);
  const events = enveloped([started(), progress(3, 3), progress(0, 0, [], 'drained')]);
  for (const event of events) view.onEvent(event);
  const lines = String(out.read()).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events);
  expect(await view.close(100)).toBe(0);
});

test('nothing is dropped below the cap; beyond it the gap shows in seq and is counted', async () => {
  const out = new PassThrough({ highWaterMark: 10 });
  const view = ndjsonView(out, 20_000);
  const events = enveloped(Array.from({ length: 200 }, (_, index) => progress(index, index)));
  for (const event of events) view.onEvent(event);
  const waiting = out.writableLength;
  expect(waiting).toBeGreaterThan(19_000);
  expect(waiting).toBeLessThanOrEqual(20_000);
  let text = '';
  out.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const missing = await view.close(10_000);
  const seen = text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
  expect(seen).toEqual(seen.map((_, index) => index + 1));
  expect(seen.length + missing).toBe(200);
  expect(missing).toBeGreaterThan(0);
});

test('a stream that fails takes the rest with it, silently for the run', async () => {
  const out = new PassThrough();
  const view = ndjsonView(out);
  const [event] = enveloped([started()]);
  if (event === undefined) throw new Error('no event');
  out.destroy(new Error('EPIPE'));
  view.onEvent(event);
  view.onEvent(event);
  expect(await view.close(100)).toBe(2);
});

test('jsonText loses nothing, and steers no terminal', () => {
  const value = { text: '\u001b[2J\u009b31m\u202e\u2028 Jörg 📞\n' };
  const text = jsonText(value);
  expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
  expect(JSON.parse(text)).toEqual(value);
});
