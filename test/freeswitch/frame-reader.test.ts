import { describe, expect, test } from 'vitest';
import {
  FrameReader,
  FramingError,
  MAX_BODY_BYTES,
  MAX_HEADER_BYTES,
  type RawFrame,
} from '../../src/freeswitch/frame-reader.ts';
import { serverBytes, transcriptNames } from './transcript.ts';

function readAll(...chunks: readonly (string | Buffer)[]): readonly RawFrame[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) => [...reader.read(Buffer.from(chunk))]);
}

function readBytewise(bytes: Buffer): readonly RawFrame[] {
  const reader = new FrameReader();
  return [...bytes].flatMap((byte) => [...reader.read(Buffer.of(byte))]);
}

describe('transcripts', () => {
  test.each(transcriptNames())('%s is read to its last byte, whole and byte by byte', (name) => {
    const bytes = serverBytes(name);
    const frames = readAll(bytes);
    expect(frames.length).toBeGreaterThan(1);
    expect(readBytewise(bytes)).toEqual(frames);
    // Nothing is left over: another frame is read at once.
    expect(readAll(bytes, 'Content-Type: x\n\n')).toHaveLength(frames.length + 1);
  });

  test('events of a real node are whole JSON', () => {
    const events = readAll(serverBytes('events')).filter(
      ({ headers }) => headers.get('Content-Type') === 'text/event-json',
    );
    expect(
      events.map(({ body }) => (JSON.parse(body ?? '') as Record<string, string>)['Event-Name']),
    ).toEqual([
      'CHANNEL_CREATE',
      'CHANNEL_ANSWER',
      'CHANNEL_HANGUP_COMPLETE',
      'CHANNEL_DESTROY',
      'HEARTBEAT',
      'HEARTBEAT',
    ]);
  });

  test.each(['utf8-channels', 'shutdown'])('%s may be cut in two at any byte', (name) => {
    const bytes = serverBytes(name);
    const whole = readAll(bytes);
    for (let cut = 1; cut < bytes.length; cut += 1)
      expect(readAll(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(whole);
  });

  test('each frame among events may be cut in two at any byte', () => {
    const next = 'Content-Type: next\n\n';
    for (const { headers, body } of readAll(serverBytes('events'))) {
      const lines = [...headers].map(([name, value]) => `${name}: ${value}\n`).join('');
      const bytes = Buffer.from(`${lines}\n${body ?? ''}${next}`);
      for (let cut = 1; cut < bytes.length; cut += 1) {
        const [frame, last, ...more] = readAll(bytes.subarray(0, cut), bytes.subarray(cut));
        if (frame?.body !== body || last?.headers.get('Content-Type') !== 'next' || more.length > 0)
          throw new Error(`cut at byte ${cut} of ${bytes.length} reads differently`);
      }
    }
  });
});

test('a body of no bytes is a frame of its own, at once', () => {
  const [frame] = readAll('Content-Type: api/response\nContent-Length: 0\n\n');
  expect(frame?.body).toBe('');
});

test('a body may look like headers', () => {
  const body = 'Content-Type: auth/request\n\n';
  const frames = readAll(
    `Content-Type: api/response\nContent-Length: ${body.length}\n\n${body}Content-Type: x\n\n`,
  );
  expect(frames.map((frame) => frame.body)).toEqual([body, undefined]);
});

test('a header stays as it is, percent signs too', () => {
  const [frame] = readAll('Content-Type: command/reply\nReply-Text: -ERR 100% of %zz: done\n\n');
  expect(frame?.headers.get('Reply-Text')).toBe('-ERR 100% of %zz: done');
});

test('names that objects have by birth are headers like others', () => {
  const [frame] = readAll('Content-Type: x\n__proto__: y\nconstructor: z\n\n');
  expect([...(frame?.headers.keys() ?? [])]).toEqual(['Content-Type', '__proto__', 'constructor']);
});

test('a body of the greatest size that is accepted', () => {
  const reader = new FrameReader();
  expect([
    ...reader.read(Buffer.from(`Content-Type: api/response\nContent-Length: ${MAX_BODY_BYTES}\n\n`)),
  ]).toEqual([]);
  const piece = Buffer.alloc(MAX_BODY_BYTES / 256, 'x');
  for (let index = 1; index < 256; index += 1) expect([...reader.read(piece)]).toEqual([]);
  expect([...reader.read(piece)][0]?.body?.length).toBe(MAX_BODY_BYTES);
});

describe('what is not ESL ends the reading', () => {
  test.each([
    ['a service that speaks first', 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'],
    ['an answer of HTTP', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'],
    ['a mail server', '220 mail.example.org ESMTP: ready\r\n'],
    ['no name', ': value\n'],
    ['a control character in a header', 'Content-Type: a\u0007b\n'],
    ['an empty block', '\n'],
    ['no Content-Type', 'Reply-Text: +OK\n\n'],
    ['a length that is negative', 'Content-Type: api/response\nContent-Length: -5\n\n'],
    ['a length that is no number', 'Content-Type: api/response\nContent-Length: NaN\n\n'],
    ['a length with more behind it', 'Content-Type: api/response\nContent-Length: 5 6\n\n'],
    ['a length that is empty', 'Content-Type: api/response\nContent-Length: \n\n'],
    ['a length in another notation', 'Content-Type: api/response\nContent-Length: 1e3\n\n'],
    ['a length that is absurd', `Content-Type: api/response\nContent-Length: ${'9'.repeat(40)}\n\n`],
    ['a length over the limit', `Content-Type: api/response\nContent-Length: ${MAX_BODY_BYTES + 1}\n\n`],
    ['two lengths', 'Content-Type: api/response\nContent-Length: 5\nContent-Length: 6\n\n'],
    ['an answer without length', 'Content-Type: api/response\n\n'],
    ['an event without length', 'Content-Type: text/event-json\n\n'],
    ['a length that was too small', 'Content-Type: api/response\nContent-Length: 2\n\n+OK\n\n'],
    ['a line without end', 'x'.repeat(MAX_HEADER_BYTES + 1)],
    ['headers without end', Array.from({ length: 9_000 }, (_, n) => `A${n}: bcd\n`).join('')],
  ])('%s', (_, text) => {
    expect(() => readAll(text)).toThrow(FramingError);
    expect(() => readBytewise(Buffer.from(text))).toThrow(FramingError);
  });

  test('the excerpt shows the line', () => {
    expect(() => readAll('SSH-2.0-OpenSSH_9.2\n')).toThrow(
      expect.objectContaining({ excerpt: 'SSH-2.0-OpenSSH_9.2' }),
    );
  });
});
