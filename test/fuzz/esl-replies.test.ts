/** Answers of FreeSWITCH that are not what they should be: what they do not say is unknown, never zero. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Known } from '../../src/domain/observation.ts';
import { readChannelCreate } from '../../src/freeswitch/channel-create.ts';
import { eventName } from '../../src/freeswitch/event-name.ts';
import { FramingError } from '../../src/freeswitch/frame-reader.ts';
import { asRecord, parseJson } from '../../src/freeswitch/json-values.ts';
import {
  isNoSuchChannel,
  isRefusal,
  readBoolean,
  readCoreUuid,
  readMarkVariable,
  readPause,
  readSwitchname,
} from '../../src/freeswitch/plain-replies.ts';
import { readChannels, readRowCount } from '../../src/freeswitch/show-replies.ts';
import { readSofiaStatus } from '../../src/freeswitch/sofia-status.ts';
import { readStatusJson, readStatusText } from '../../src/freeswitch/status-reply.ts';
import { RECORDED, STATUS_JSON } from '../freeswitch/scripted-node.ts';
import { apiBody } from '../freeswitch/transcript.ts';
import { holds } from './support/fuzzing.ts';
import { mutatedJson, valueAt } from './support/json-mutations.ts';
import { anyText, mutatedText } from './support/mutations.ts';
import { expectPrintable, expectReason } from './support/said.ts';
import { expectLinear, watched } from './support/watched.ts';

const recorded = (command: string): string => RECORDED[command] ?? '';

const STATUS_TEXT = recorded('status');
const SOFIA = recorded('sofia status');
const CHANNELS = recorded('show channels as json');
const UTF8_CHANNELS = apiBody('utf8-channels', 'show channels as json');

const BODIES = [
  ...Object.values(RECORDED),
  UTF8_CHANNELS,
  '{"row_count": 0}',
  '-ERR Database error!\n',
  'true',
  '',
];
const WORDS = [
  '-ERR ',
  '-USAGE',
  'session(s)',
  ' is ready',
  'profile',
  '\t',
  '='.repeat(25),
  'UP ',
  '"row_count":',
  'null',
];
const body = fc.oneof(
  { weight: 1, arbitrary: anyText },
  { weight: 4, arbitrary: mutatedText(BODIES, WORDS) },
);

/** Everything that is made of the body of an answer, by the name of its reading. */
function readings(text: string): Readonly<Record<string, Known<unknown>>> {
  const { profiles, gateways } = readSofiaStatus(text);
  return {
    ...prefixed('json', readStatusJson(text) ?? {}),
    ...prefixed('text', readStatusText(text)),
    rowCount: readRowCount(text),
    channels: readChannels(text),
    coreUuid: readCoreUuid(text),
    switchname: readSwitchname(text),
    mark: readMarkVariable(text),
    boolean: readBoolean({ known: true, value: text }),
    pause: readPause({ known: true, value: text }, { known: true, value: 'false' }),
    profiles,
    gateways,
  };
}

function prefixed(prefix: string, readings: object): Record<string, Known<unknown>> {
  return Object.fromEntries(
    Object.entries(readings as Record<string, Known<unknown>>).map(([key, value]) => [
      `${prefix}.${key}`,
      value,
    ]),
  );
}

test('an answer of any kind is read or unknown, and why can be shown', () => {
  holds(
    fc.property(body, (text) => {
      const all = watched(() => readings(text));
      for (const reading of Object.values(all)) expectReason(reading);
      for (const name of ['json.version', 'text.version', 'switchname', 'mark']) {
        const reading = all[name];
        if (reading?.known === true && typeof reading.value === 'string') expectPrintable(reading.value);
      }
      watched(() => [isRefusal(text), isNoSuchChannel(text)]);
    }),
    { share: 3 },
  );
});

/** Counts, states and lists: what is decided by. Names say nothing of their length, so these may be cut unnoticed. */
const DECISIVE =
  /^(?:json|text)\.(?:ready|sessions|peak5Min|sessionLimit|uptimeMs)$|^(?:rowCount|channels|coreUuid|boolean|pause|profiles|gateways)$/;

test('the beginning of an answer never says anything else than the whole', () => {
  holds(
    fc.property(fc.constantFrom(...BODIES), fc.nat(), (text, length) => {
      const whole = readings(text);
      const part = readings(text.slice(0, length % (text.length + 1)));
      for (const [name, reading] of Object.entries(part))
        if (reading.known && DECISIVE.test(name)) expect([name, reading]).toEqual([name, whole[name]]);
    }),
    {
      share: 10,
      // "last 5min 1" of "last 5min 12", and "0 milliseconds" of "0 milliseconds, 7 microseconds".
      examples: [
        [STATUS_TEXT.replace('last 5min 2 ', 'last 5min 25 '), STATUS_TEXT.indexOf('last 5min 2') + 11],
      ],
    },
  );
});

describe('a count is known only where it stands', () => {
  test('in status as JSON', () => {
    holds(
      fc.property(mutatedJson([JSON.parse(recorded(STATUS_JSON))]), (value) => {
        const reading = readStatusJson(JSON.stringify(value));
        const count = (key: string): unknown => valueAt(value, 'response', 'sessions', 'count', key);
        expectCount(reading?.sessions, count('active'));
        expectCount(reading?.peak5Min, count('peak5Min'));
        expectCount(reading?.sessionLimit, count('limit'));
        if (reading?.ready.known === true)
          expect(valueAt(value, 'response', 'systemStatus')).toBeTypeOf('string');
      }),
      { share: 3 },
    );
  });

  test('in status as text', () => {
    holds(
      fc.property(mutatedText([STATUS_TEXT], WORDS), (text) => {
        const { sessions, peak5Min, sessionLimit, uptimeMs } = readStatusText(text);
        const lines = text.split(/[\n\r\u2028\u2029]/);
        const says = (shape: RegExp, reading: Known<number>): void => {
          if (!reading.known) return;
          expect(lines.map((line) => Number(shape.exec(line)?.[1]))).toContain(reading.value);
        };
        says(/^(\d+) session\(s\) - peak/, sessions);
        says(/^\d+ session\(s\) - peak \d+, last 5min (\d+)\s*$/, peak5Min);
        says(/^(\d+) session\(s\) max\s*$/, sessionLimit);
        if (uptimeMs.known)
          expect(lines.some((line) => /^UP \d+ years?, \d+ days?, \d+ /.test(line))).toBe(true);
      }),
      {
        share: 3,
        examples: [
          [STATUS_TEXT.replace('UP 0 years', 'UP -1 years')],
          [STATUS_TEXT.replace('0 days', '1.5 days')],
          [STATUS_TEXT.replace(' session(s) max', ' session(s) max 7')],
        ],
      },
    );
  });

  test('in the core database', () => {
    const counts = ['{"row_count":4,"rows":[]}', '{"row_count": 0}', CHANNELS, UTF8_CHANNELS];
    holds(
      fc.property(mutatedJson(counts.map((text) => JSON.parse(text) as unknown)), (value) => {
        const text = JSON.stringify(value);
        expectCount(readRowCount(text), valueAt(value, 'row_count'));
        const channels = readChannels(text);
        if (!channels.known) return;
        const rows = valueAt(value, 'rows') ?? [];
        expect(channels.value).toHaveLength(Number(valueAt(value, 'row_count')));
        expect(channels.value.map(({ uuid }) => uuid).sort()).toEqual(
          (rows as unknown[]).map((row) => valueAt(row, 'uuid')).sort(),
        );
        // As arguments of commands they are one word.
        for (const { uuid } of channels.value) expect(uuid).toMatch(/^[!-~]+$/);
      }),
      { share: 3 },
    );
  });

  test('in the table of sofia', () => {
    holds(
      fc.property(mutatedText([SOFIA], WORDS), (text) => {
        const { profiles, gateways } = readSofiaStatus(text);
        expect(profiles.known).toBe(gateways.known);
        if (!profiles.known || !gateways.known) return;
        const total = [...text.matchAll(/^(\d+) profiles? \d+ alias/gm)].map(([, number]) => Number(number));
        expect(total).toContain(profiles.value.length);
        for (const { name, state } of [...profiles.value, ...gateways.value]) {
          expectPrintable(name);
          expect(state).toMatch(/^[A-Z_]+$/);
        }
        // Nothing counts the gateways: no line may have been passed over.
        const kinds = (rows: string): (string | undefined)[] =>
          rows.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[1]?.trim()]));
        expect(gateways.value).toHaveLength(kinds(text).filter((kind) => kind === 'gateway').length);
        const lines = text.split('\n');
        const isRuler = (line: string): boolean => /^={20,}\s*$/.test(line);
        const table = lines.slice(lines.findIndex(isRuler) + 1, lines.findLastIndex(isRuler)).join('\n');
        expect(['gateway', 'profile', 'alias']).toEqual(expect.arrayContaining(kinds(table)));
      }),
      { share: 3 },
    );
  });
});

function expectCount(reading: Known<number> | undefined, place: unknown): void {
  if (reading?.known !== true) return;
  expect(String(place)).toMatch(/^\d+$/);
  expect(reading.value).toBe(Number(place));
}

const EVENT = {
  'Event-Name': 'CHANNEL_CREATE',
  'Call-Direction': 'inbound',
  'Channel-Name': 'sofia/external/1000@10.0.1.5',
  'Caller-Source': 'mod_sofia',
  'Caller-Network-Addr': '10.0.1.5',
  'Unique-ID': '8be62c31-157f-427b-8662-2c4c532276a1',
  'Channel-Call-UUID': '8be62c31-157f-427b-8662-2c4c532276a1',
};

test('an event of any kind has a name or is refused, and where a call came from is an address', () => {
  holds(
    fc.property(
      fc.oneof(
        anyText,
        mutatedText([JSON.stringify(EVENT)]),
        mutatedJson([EVENT]).map((value) => JSON.stringify(value)),
      ),
      (text) => {
        try {
          expect(watched(() => eventName(text))).toBeTypeOf('string');
        } catch (error) {
          if (!(error instanceof FramingError)) throw error;
        }
        const created = watched(() => readChannelCreate(asRecord(parseJson(text))));
        if (created === undefined) return;
        expect(['inbound', 'outbound']).toContain(created.direction);
        if (created.address !== null) expect(created.address).toMatch(/^[\w.:%]+$/);
      },
    ),
    { share: 2 },
  );
});

test('the time it takes grows with the answer', () => {
  const starts = [
    '',
    'UP ',
    'UP 0 years, ',
    'FreeSWITCH (Version ',
    '1 session(s) - peak ',
    `${'='.repeat(30)}\n`,
    '{"row_count":',
    '-ERR ',
    '{"response":',
  ];
  const units = [
    '9',
    ' ',
    '\n',
    '\t',
    '=',
    '-',
    '[',
    '{"a":',
    ') is ',
    ' is ready',
    'a\tprofile\tb\tRUNNING (0)\n',
    '"',
    '1 profile 1 alias\n',
    '0 years, ',
  ];
  holds(
    fc.property(
      fc.constantFrom(...starts),
      fc.constantFrom(...units),
      fc.constantFrom('', 'x', '\n', '1 days'),
      (start, unit, end) => {
        expectLinear(25_000, (size) => {
          const text = start + unit.repeat(Math.ceil(size / unit.length)) + end;
          return () => readings(text);
        });
      },
    ),
    { share: 0.15, examples: [['UP ', '9', '']] },
  );
});
