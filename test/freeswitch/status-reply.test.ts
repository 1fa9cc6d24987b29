import { describe, expect, test } from 'vitest';
import { known, unknown } from '../../src/domain/observation.ts';
import { readStatusJson, readStatusText } from '../../src/freeswitch/status-reply.ts';
import { apiBody } from './transcript.ts';

const JSON_STATUS = 'json {"command":"status","data":""}';
const VERSION = known('1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit');

function edited(change: (response: Record<string, unknown>) => void): string {
  const reply = JSON.parse(apiBody('calls-database-down-kill', JSON_STATUS)) as {
    response: Record<string, unknown>;
  };
  change(reply.response);
  return JSON.stringify(reply);
}

describe('json', () => {
  test('as recorded', () => {
    expect(readStatusJson(apiBody('api', JSON_STATUS))).toEqual({
      ready: known(true),
      uptimeMs: known(71_873),
      version: VERSION,
      sessions: known(0),
      peak5Min: known(5),
      sessionLimit: known(1_000),
    });
    expect(readStatusJson(apiBody('calls-database-down-kill', JSON_STATUS))).toMatchObject({
      sessions: known(2),
      sessionLimit: known(2_000),
      uptimeMs: known(26_995),
    });
  });

  test.each([
    ['Ready', true],
    ['not ready', false],
    ['', false],
  ])('systemStatus %j', (systemStatus, ready) =>
    expect(readStatusJson(edited((response) => (response['systemStatus'] = systemStatus)))?.ready).toEqual(
      known(ready),
    ),
  );

  test('years and days count', () => {
    const uptime = { years: 1, days: 2, hours: 3, minutes: 4, seconds: 5, milliseconds: 6, microseconds: 7 };
    expect(readStatusJson(edited((response) => (response['uptime'] = uptime)))?.uptimeMs).toEqual(
      known(((367 * 24 + 3) * 60 + 4) * 60_000 + 5_006),
    );
  });

  test.each([[-1], [1.5], ['2x'], [null], [true], [Number.MAX_VALUE], [{}], [[2]]])(
    'a count of %j is unknown, and only that',
    (active) => {
      const body = edited(
        (response) => (response['sessions'] = { count: { active, peak5Min: 2, limit: 3 } }),
      );
      const reading = readStatusJson(body);
      expect(reading?.sessions).toEqual(unknown('the answer to status has no usable session count'));
      expect(reading?.sessionLimit).toEqual(known(3));
    },
  );

  test('what is missing is unknown', () => {
    expect(readStatusJson('{"response":{}}')).toEqual({
      ready: unknown('the answer to status has no usable systemStatus'),
      uptimeMs: unknown('the answer to status has no usable uptime'),
      version: unknown('the answer to status has no usable version'),
      sessions: unknown('the answer to status has no usable session count'),
      peak5Min: unknown('the answer to status has no usable peak'),
      sessionLimit: unknown('the answer to status has no usable session limit'),
    });
  });

  test.each([
    '',
    '-ERR json Command not found!\n',
    '{',
    '[]',
    'null',
    '{"status":"error","message":"x"}',
    '{"response":[]}',
  ])('%j is no such answer', (body) => expect(readStatusJson(body)).toBeUndefined());
});

describe('text', () => {
  test('as recorded', () => {
    expect(readStatusText(apiBody('api', 'status'))).toEqual({
      ready: known(true),
      uptimeMs: known(71_472),
      version: VERSION,
      sessions: known(0),
      peak5Min: known(5),
      sessionLimit: known(1_000),
    });
    expect(readStatusText(apiBody('calls-database-down-kill', 'status'))).toMatchObject({
      ready: known(true),
      sessions: known(2),
      peak5Min: known(2),
      sessionLimit: known(2_000),
      uptimeMs: known(26_595),
    });
  });

  test('not ready', () => {
    const body = apiBody('api', 'status').replace('is ready', 'is not ready');
    expect(readStatusText(body).ready).toEqual(known(false));
  });

  test.each([
    ['', 'an empty answer instead of the status'],
    ['-ERR status Command not found!\n', '-ERR status Command not found!'],
    ['-USAGE: x', '-USAGE: x'],
  ])('%j leaves everything unknown', (body, why) => {
    for (const value of Object.values(readStatusText(body))) expect(value).toEqual(unknown(why));
  });

  test('a text cut short leaves the rest unknown, never zero', () => {
    const whole = apiBody('calls-database-down-kill', 'status');
    for (let length = 1; length < whole.length; length += 1) {
      const { sessions, sessionLimit, uptimeMs } = readStatusText(whole.slice(0, length));
      if (sessions.known) expect(sessions.value).toBe(2);
      if (sessionLimit.known) expect(sessionLimit.value).toBe(2_000);
      if (uptimeMs.known) expect(uptimeMs.value).toBe(26_595);
    }
  });
});
