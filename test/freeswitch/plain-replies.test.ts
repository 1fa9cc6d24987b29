import { describe, expect, test } from 'vitest';
import { known, unknown } from '../../src/domain/observation.ts';
import {
  isRefusal,
  readCoreUuid,
  readMarkVariable,
  readPause,
  readSwitchname,
} from '../../src/freeswitch/plain-replies.ts';
import { apiBody } from './transcript.ts';

const VARIABLES = 'status-registrations-gateways-vars';
const DATABASE_DOWN = 'calls-database-down-kill';

describe('isRefusal', () => {
  test.each([
    ['api', 'nosuchcmd'],
    ['api', 'show bogus'],
    [DATABASE_DOWN, 'show channels as json', 1],
    [DATABASE_DOWN, 'uuid_getvar 00000000-0000-0000-0000-000000000000 sip_call_id'],
    [VARIABLES, 'global_getvar no_such_var'],
  ])('%s: %s is refused', (transcript, command, nth = 0) =>
    expect(isRefusal(apiBody(transcript, command, nth))).toBe(true),
  );

  test.each([
    ['api', 'status'],
    ['api', 'show calls count'],
    ['api', 'fsctl pause inbound'],
    [VARIABLES, 'sofia status'],
    [DATABASE_DOWN, 'uuid_getvar 19c5a685-14f8-4e5e-9199-32124717a922 no_such_var'],
  ])('%s: %s is answered', (transcript, command) =>
    expect(isRefusal(apiBody(transcript, command))).toBe(false),
  );

  test('a word that only begins so is none', () => expect(isRefusal('-ERRATIC')).toBe(false));
});

describe('core_uuid', () => {
  test('as recorded', () =>
    expect(readCoreUuid(apiBody(VARIABLES, 'global_getvar core_uuid'))).toEqual(
      known('291bf006-e76b-444a-9a67-44f0eb39dd48'),
    ));

  test.each([
    ['-ERR no reply\n', '-ERR no reply'],
    ['', 'an empty answer instead of a UUID'],
    ['291bf006', '"291bf006" instead of a UUID'],
    ['\u001b[2J', '"\ufffd[2J" instead of a UUID'],
    ['291bf006-e76b-444a-9a67-44f0eb39dd48x', '"291bf006-e76b-444a-9a67-44f0eb39dd48x" instead of a UUID'],
  ])('%j is unknown', (body, why) => expect(readCoreUuid(body)).toEqual(unknown(why)));
});

describe('switchname', () => {
  test('as recorded', () => expect(readSwitchname(apiBody('api', 'switchname'))).toEqual(known('node-1')));

  test.each(['', '\n', '-ERR switchname Command not found!\n', 'node\u001b[1m', 'two\nlines'])(
    '%j is unknown',
    (body) => expect(readSwitchname(body).known).toBe(false),
  );
});

describe('the mark', () => {
  test('set, then emptied, as recorded', () => {
    const read = (nth: number): unknown =>
      readMarkVariable(apiBody(VARIABLES, 'global_getvar fsha_run', nth));
    expect(read(0)).toEqual(known('01J0TEST,ops@bastion,2026-11-22T20:00:00Z'));
    expect(read(1)).toEqual(known(null));
  });

  test.each(['', '-ERR permission denied\n', '-USAGE: <var>\n'])('%j is unknown, not unset', (body) =>
    expect(readMarkVariable(body).known).toBe(false),
  );

  test('what somebody else put there cannot steer a terminal', () =>
    expect(readMarkVariable('a\u001bb')).toEqual(known('a\ufffdb')));
});

describe('pause', () => {
  test('as recorded', () => {
    const body = (which: string, nth: number): string =>
      apiBody(VARIABLES, `fsctl pause_check ${which}`, nth);
    const outbound = known(body('outbound', 0));
    expect(readPause(known(body('inbound', 0)), outbound)).toEqual(known({ inbound: true, outbound: false }));
    expect(readPause(known(body('inbound', 1)), outbound)).toEqual(
      known({ inbound: false, outbound: false }),
    );
  });

  test.each([
    [known('true'), known('-ERR Database error!\n'), '-ERR Database error!'],
    [known(''), known('false'), 'an empty answer instead of true or false'],
    [known('yes'), known('false'), '"yes" instead of true or false'],
    [unknown('no answer'), known('false'), 'no answer'],
    [known('false'), unknown('no answer'), 'no answer'],
  ])('%j and %j: unknown, for that reason', (inbound, outbound, why) =>
    expect(readPause(inbound, outbound)).toEqual(unknown(why)),
  );
});
