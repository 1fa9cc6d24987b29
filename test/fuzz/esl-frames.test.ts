/** ESL frames from bytes of any kind, cut anywhere. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FrameReader,
  FramingError,
  MAX_BODY_BYTES,
  MAX_HEADER_BYTES,
  type RawFrame,
} from '../../src/freeswitch/frame-reader.ts';
import { serverBytes, transcriptNames } from '../freeswitch/transcript.ts';
import { holds } from './support/fuzzing.ts';
import { heldBytes } from './support/memory.ts';
import { mutated } from './support/mutations.ts';
import { cuts, inPieces } from './support/pieces.ts';
import { expectLinear, watched } from './support/watched.ts';

const recordings = transcriptNames().map(serverBytes);
const WORDS = [
  'Content-Length: 999999999999\n',
  'Content-Length: 5\n',
  'Content-Type: text/event-json\n',
  'Content-Type: api/response\n',
  'Content-Type: command/reply\n',
  '\n\n',
  ': ',
];
const bytes = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map((some) => Buffer.from(some)) },
  { weight: 4, arbitrary: mutated(recordings, WORDS) },
);

interface Reading {
  readonly frames: readonly RawFrame[];
  /** Why the reading ended before the end; null where it did not. */
  readonly trouble: string | null;
}

/** Reads as far as it goes. @throws whatever is no FramingError */
function read(pieces: readonly Buffer[]): Reading {
  const reader = new FrameReader();
  const frames: RawFrame[] = [];
  try {
    watched(() => {
      for (const piece of pieces) for (const frame of reader.read(piece)) frames.push(frame);
    });
  } catch (error) {
    if (!(error instanceof FramingError)) throw error;
    return { frames, trouble: error.message };
  }
  return { frames, trouble: null };
}

test('whatever comes is frames or a framing error, the same however it is cut', () => {
  holds(
    fc.property(bytes, cuts, (whole, where) => {
      expect(read(inPieces(whole, where))).toEqual(read([whole]));
    }),
    { share: 2 },
  );
});

const word = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '-'), minLength: 1, maxLength: 12 });
const value = fc.string({
  unit: fc.constantFrom('a', 'Z', ' ', '0', '+', '%', ':', '"', 'é', '📞'),
  maxLength: 30,
});
const frame = fc.record({
  type: fc.constantFrom('command/reply', 'api/response', 'text/event-json', 'auth/request', 'x'),
  headers: fc.dictionary(
    word,
    value.filter((text) => text === text.trim()),
    { maxKeys: 5 },
  ),
  body: fc.oneof(
    fc.constant(''),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.constantFrom('\n\n', 'Content-Type: x\n\n'),
  ),
});

test('frames that are whole are read as they were written, one after the other', () => {
  holds(
    fc.property(fc.array(frame, { maxLength: 6 }), cuts, (written, where) => {
      const text = written.map(({ type, headers, body }) => {
        const lines = Object.entries(headers).map(([name, content]) => `${name}: ${content}\n`);
        return `Content-Length: ${Buffer.byteLength(body)}\n${lines.join('')}Content-Type: ${type}\n\n${body}`;
      });
      const { frames, trouble } = read(inPieces(Buffer.from(text.join('')), where));
      expect(trouble).toBeNull();
      expect(frames.map(({ body }) => body)).toEqual(written.map(({ body }) => body));
      for (const [index, { type, headers }] of written.entries())
        expect(Object.fromEntries(frames[index]?.headers ?? [])).toMatchObject({
          ...headers,
          'Content-Type': type,
        });
    }),
  );
});

test('what never ends is refused before more than its limit was taken', () => {
  const head = 'Content-Type: api/response\n';
  const endless = fc.constantFrom(
    ...['', 'A', 'A: ', head].map((start) => ({ start, unit: 'x', most: MAX_HEADER_BYTES })),
    ...['\nX:', 'é'].map((unit) => ({ start: 'A: b', unit, most: MAX_HEADER_BYTES })),
    ...['999999999999', String(MAX_BODY_BYTES + 1), '9'.repeat(400)].map((length) => ({
      start: `${head}Content-Length: ${length}\n\n`,
      unit: 'x',
      most: 0,
    })),
  );
  holds(
    fc.property(endless, fc.integer({ min: 1, max: 70_000 }), ({ start, unit, most }, size) => {
      const piece = Buffer.from(unit.repeat(Math.ceil(size / unit.length)));
      const reader = new FrameReader();
      let taken = 0;
      expect(() => {
        for (let next = Buffer.from(start); ; next = piece) {
          expect([...reader.read(next)]).toEqual([]);
          taken += next.length;
          if (taken > most + start.length) throw new Error(`${taken} bytes were taken`);
        }
      }).toThrow(FramingError);
    }),
    { share: 0.3 },
  );
});

test.each([
  ['a body', `Content-Type: api/response\nContent-Length: ${MAX_BODY_BYTES}\n\n`, 1_000_000],
  ['headers', 'Content-Type: ', MAX_HEADER_BYTES - 100],
])('%s that comes byte by byte costs little more memory than its bytes', (_, start, count) => {
  const reader = new FrameReader();
  const held = heldBytes(() => {
    for (const _frame of reader.read(Buffer.from(start)));
    for (let index = 0; index < count; index += 1) for (const _frame of reader.read(Buffer.from('x')));
    return reader;
  });
  // A hundred times as much, where each piece is kept.
  expect(held).toBeLessThan(4 * count + 3_000_000);
});

test('the time it takes grows with the bytes, in pieces of any size', () => {
  holds(
    fc.property(
      fc.constantFrom(
        'x',
        '\n',
        'A: b\n',
        ':',
        'é',
        'Content-Type: x\n\n',
        'Content-Type: x\nContent-Length: 1\n\ny',
      ),
      fc.integer({ min: 1, max: 20_000 }),
      (unit, size) => {
        expectLinear(100_000, (count) => {
          const whole = Buffer.from(
            `Content-Type: x\nContent-Length: ${count}\n\n${unit.repeat(count / unit.length)}`,
          );
          const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
            whole.subarray(index * size, (index + 1) * size),
          );
          return () => {
            const reader = new FrameReader();
            for (const piece of pieces) for (const _frame of reader.read(piece));
          };
        });
      },
    ),
    { share: 0.1 },
  );
});
