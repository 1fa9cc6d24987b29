import { describe, expect, test } from 'vitest';
import { known, unknown } from '../../src/domain/observation.ts';
import { readChannels, readRowCount } from '../../src/freeswitch/show-replies.ts';
import { apiBody } from './transcript.ts';

const DATABASE_DOWN = 'calls-database-down-kill';
const row = (changes: object): object => ({ uuid: 'a-1', created_epoch: '1795376660', ...changes });
const reply = (...rows: readonly object[]): string => JSON.stringify({ row_count: rows.length, rows });

describe('row count', () => {
  test('as recorded', () => {
    expect(
      readRowCount(apiBody('status-registrations-gateways-vars', 'show registrations count as json')),
    ).toEqual(known(2));
    expect(readRowCount(apiBody('api', 'show calls as json'))).toEqual(known(0));
  });

  test('a database that is down is unknown, never zero', () =>
    expect(readRowCount(apiBody(DATABASE_DOWN, 'show calls count as json'))).toEqual(
      unknown('core database: -ERR Database error!'),
    ));

  test.each([
    ['', 'core database: an empty answer instead of a row count'],
    ['\n0 total.\n', 'core database: "0 total." instead of a row count'],
    ['{}', 'core database: "{}" instead of a row count'],
    ['{"row_count":-1}', 'core database: "{"row_count":-1}" instead of a row count'],
    ['{"row_count":1.5}', 'core database: "{"row_count":1.5}" instead of a row count'],
    ['{"row_count":null}', 'core database: "{"row_count":null}" instead of a row count'],
    ['-ERR show Command not found!\n', '-ERR show Command not found!'],
  ])('%j is unknown', (body, why) => expect(readRowCount(body)).toEqual(unknown(why)));
});

describe('channels', () => {
  test('as recorded, in UTF-8', () => {
    const channels = readChannels(apiBody('utf8-channels', 'show channels as json'));
    expect(channels).toEqual(
      known([
        {
          uuid: '8c109640-aa0f-4d67-b06c-26c314b4f509',
          direction: 'inbound',
          createdEpoch: 1_795_376_660,
          name: 'loopback/echo-b',
          callerNumber: '0000000000',
          destination: 'echo',
          initialDestination: 'echo',
          application: 'playback',
          networkAddress: '',
          callUuid: '',
          state: 'ACTIVE',
        },
        {
          uuid: '9a41c69a-02ca-4dcd-982f-e46c6053737b',
          direction: 'outbound',
          createdEpoch: 1_795_376_660,
          name: 'loopback/echo-a',
          callerNumber: 'public',
          destination: 'echo',
          initialDestination: 'echo',
          application: 'park',
          networkAddress: '',
          callUuid: '9a41c69a-02ca-4dcd-982f-e46c6053737b',
          state: 'ACTIVE',
        },
      ]),
    );
  });

  test('none, as recorded', () =>
    expect(readChannels(apiBody('api', 'show channels as json'))).toEqual(known([])));

  test('a database that is down', () =>
    expect(readChannels(apiBody(DATABASE_DOWN, 'show channels as json', 1))).toEqual(
      unknown('core database: -ERR Database error!'),
    ));

  test('oldest first', () => {
    const body = reply(
      row({ uuid: 'young', created_epoch: '300' }),
      row({ uuid: 'old', created_epoch: '99' }),
      row({ uuid: 'middle', created_epoch: 100 }),
    );
    const channels = readChannels(body);
    expect(channels.known && channels.value.map(({ uuid }) => uuid)).toEqual(['old', 'middle', 'young']);
  });

  test.each([
    ['{"row_count":3,"rows":[]}', 'core database: list incomplete, 0 of 3 rows'],
    ['{"row_count":3}', 'core database: list incomplete, 0 of 3 rows'],
    ['{"row_count":0,"rows":[{}]}', 'core database: list incomplete, 1 of 0 rows'],
    ['{"row_count":1,"rows":{}}', 'core database: rows that are not a list'],
    ['{"rows":[]}', 'core database: "{"rows":[]}" instead of a list of channels'],
    [reply(row({ uuid: '' })), 'core database: a row without a usable uuid or time'],
    [reply(row({ uuid: 'a b' })), 'core database: a row without a usable uuid or time'],
    [reply(row({ uuid: 5 })), 'core database: a row without a usable uuid or time'],
    [reply(row({ created_epoch: '' })), 'core database: a row without a usable uuid or time'],
    ['{"row_count":1,"rows":[null]}', 'core database: a row without a usable uuid or time'],
    ['', 'core database: an empty answer instead of a list of channels'],
  ])('%s is unknown', (body, why) => expect(readChannels(body)).toEqual(unknown(why)));

  test('a cut-off list is unknown', () => {
    const whole = apiBody('utf8-channels', 'show channels as json');
    for (let length = 0; length < whole.length - 1; length += 1)
      expect(readChannels(whole.slice(0, length)).known).toBe(false);
  });
});
