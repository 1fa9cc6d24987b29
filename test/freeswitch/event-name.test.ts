import { describe, expect, test } from 'vitest';
import { eventName } from '../../src/freeswitch/event-name.ts';
import { FramingError } from '../../src/freeswitch/frame-reader.ts';

test('the first key is enough', () => {
  expect(eventName('{"Event-Name":"CHANNEL_CREATE","Core-UUID":"b1776511"}')).toBe('CHANNEL_CREATE');
  expect(eventName('{"Event-Name":"HEARTBEAT"}\n')).toBe('HEARTBEAT');
});

test('any other order and spacing is JSON all the same', () => {
  expect(eventName('{ "Core-UUID": "x", "Event-Name": "SHUTDOWN" }')).toBe('SHUTDOWN');
  expect(eventName('{"Event-Name":"we\\u0020ird","a":1}')).toBe('we ird');
});

describe('what is no such event', () => {
  test.each([
    '',
    '{',
    '[]',
    'null',
    '"HEARTBEAT"',
    '{"Event-Name":5}',
    '{"a":1}',
    '{"Event-Name":"HEARTBEAT","a":',
  ])('%j', (text) => expect(() => eventName(text)).toThrow(FramingError));
});
