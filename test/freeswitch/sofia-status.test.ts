import { describe, expect, test } from 'vitest';
import { known, unknown } from '../../src/domain/observation.ts';
import { readSofiaStatus } from '../../src/freeswitch/sofia-status.ts';
import { apiBody } from './transcript.ts';

const RULER = '='.repeat(97);
const table = (...lines: readonly string[]): string =>
  ['  Name\t   Type\t      Data\tState', RULER, ...lines, RULER, '1 profile 0 aliases', ''].join('\n');
const RUNNING = '  external\tprofile\t  sip:mod_sofia@10.0.1.10:5080\tRUNNING (0)';

test('profile and gateways as recorded, without what changes all the time', () => {
  for (const transcript of ['calls-database-down-kill', 'status-registrations-gateways-vars'])
    expect(readSofiaStatus(apiBody(transcript, 'sofia status'))).toEqual({
      profiles: known([{ name: 'external', state: 'RUNNING' }]),
      gateways: known([
        { name: 'external::trunk-c', state: 'NOREG' },
        { name: 'external::trunk-b', state: 'TRYING' },
        { name: 'external::trunk-a', state: 'REGED' },
      ]),
    });
});

test('no gateways, as recorded', () =>
  expect(readSofiaStatus(apiBody('api', 'sofia status')).gateways).toEqual(known([])));

test('no profiles', () =>
  expect(readSofiaStatus(table().replace('1 profile 0', '0 profiles 0'))).toEqual({
    profiles: known([]),
    gateways: known([]),
  }));

test('a profile with TLS has two lines and is one', () =>
  expect(readSofiaStatus(table(RUNNING, RUNNING.replace('(0)', '(0) (TLS)'))).profiles).toEqual(
    known([{ name: 'external', state: 'RUNNING' }]),
  ));

test('aliases are neither', () => {
  const alias = '  default\talias\t  external\tALIASED';
  expect(readSofiaStatus(table(RUNNING, alias).replace('0 aliases', '1 alias'))).toEqual({
    profiles: known([{ name: 'external', state: 'RUNNING' }]),
    gateways: known([]),
  });
});

describe('what is not a whole table is unknown', () => {
  test.each([
    ['', 'an empty answer instead of the sofia table'],
    ['-ERR sofia Command not found!\n', '-ERR sofia Command not found!'],
    [`${RULER}\n`, `"${RULER.slice(0, 39)}…" instead of the sofia table`],
    [table().replace('1 profile', '2 profiles'), 'sofia status: list incomplete, 0 of 2 profiles'],
    [table('  external\tprofile'), 'a line of sofia status that cannot be read: "external\ufffdprofile"'],
    [table('nonsense'), 'a line of sofia status that cannot be read: "nonsense"'],
  ])('%j', (body, why) =>
    expect(readSofiaStatus(body)).toEqual({ profiles: unknown(why), gateways: unknown(why) }),
  );

  test('cut off anywhere', () => {
    const whole = apiBody('status-registrations-gateways-vars', 'sofia status').trimEnd();
    for (let length = 0; length < whole.length - 'aliases'.length; length += 1)
      expect(readSofiaStatus(whole.slice(0, length)).profiles.known).toBe(false);
  });
});
