/** What the domain reads: marks, flags, addresses, durations, text from the wire. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSelectable, readFlags, stateArgument } from '../../src/domain/dispatcher-state.ts';
import { formatDuration, parseDuration, roughDuration } from '../../src/domain/duration.ts';
import { isInNetwork, maskedIp, parseIp, sameIp } from '../../src/domain/ip-address.ts';
import { nestsDeeperThan } from '../../src/domain/json-nesting.ts';
import { ageOf, isFresh, readMark, takenByAnother, writeMark } from '../../src/domain/mark.ts';
import { parseSipAddress, sameSipAddress } from '../../src/domain/sip-address.ts';
import { masked, printable } from '../../src/domain/text.ts';
import { holds } from './support/fuzzing.ts';
import { anyText, mutatedText } from './support/mutations.ts';
import { expectPrintable, expectTyped } from './support/said.ts';
import { cpuOf, expectLinear, watched } from './support/watched.ts';

const text = fc.oneof(
  anyText,
  fc.string({ unit: fc.constantFrom('a', '\u001b', '\n', '\u202e', '😀', '\ud83d', 'é'), maxLength: 60 }),
);

describe('text from the wire', () => {
  test('what is shown has no control characters and is no longer than it may be', () => {
    holds(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (some, max) => {
        const shown = printable(some, max);
        expectPrintable(shown);
        const characters = Array.from(shown);
        expect(characters.length).toBeLessThanOrEqual(max);
        // What is shown stands there, character by character, but for what could not be shown.
        const original = Array.from(some);
        const cut = original.length > max;
        expect(characters).toHaveLength(cut ? max : original.length);
        for (const [index, character] of characters.entries()) {
          const last = cut && index === max - 1;
          if (character !== '\ufffd') expect(character).toBe(last ? '…' : original[index]);
        }
        expectPrintable(masked(some));
      }),
      { share: 3 },
    );
  });

  test('a text of megabytes costs no more than what is shown of it', () => {
    for (const unit of ['x', '\u001b', '😀']) {
      const long = unit.repeat(8_000_000);
      // A repeated text is only made when somebody looks into it.
      expect(long.at(-1)).toBe(unit.at(-1));
      expect(cpuOf(() => printable(long))).toBeLessThan(100);
    }
  });
});

const MARK = '20261122-213134-k3f9,ops@bastion,2026-11-22T21:31:34.000Z';

describe('marks', () => {
  test('a mark of any kind is fresh, stale or none, and is shown without control characters', () => {
    holds(
      fc.property(fc.oneof(anyText, mutatedText([MARK])), fc.double(), (some, wall) => {
        const mark = watched(() => readMark(some));
        expectTyped(takenByAnother('node-1', some, 'r1'), ['locked']);
        if (mark === undefined) return;
        expect(`${mark.run},${mark.who},`).toBe(some.slice(0, mark.run.length + mark.who.length + 2));
        const age = ageOf(mark, undefined, wall);
        expect(isFresh(age)).toBeTypeOf('boolean');
        // A time that is none says nothing against it, nor does one of a clock that cannot be read.
        if (Number.isNaN(mark.at) || mark.up !== null) expect([age, isFresh(age)]).toEqual([null, true]);
      }),
      { share: 2 },
    );
  });

  test('what is written is read again, and is one argument of one command', () => {
    const at = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
    const tokens = fc.option(fc.stringMatching(/^[0-9a-f]{8}$/));
    const ups = fc.option(fc.nat({ max: Number.MAX_SAFE_INTEGER }));
    holds(
      fc.property(anyText, anyText, at, ups, tokens, fc.boolean(), (run, who, time, up, token, guard) => {
        const written = writeMark({ run: `r${run}`, who, token, guard }, time, up);
        expect(written).toMatch(/^[A-Za-z0-9@._:,-]{1,512}$/);
        expect(readMark(written)).toMatchObject({ at: time.getTime(), up, token, guard });
      }),
    );
  });
});

describe('flags', () => {
  const shape = fc.oneof(
    fc.string({ unit: fc.constantFrom('A', 'T', 'I', 'D', 'P', 'X', 'N'), maxLength: 4 }),
    mutatedText(['AP', 'AX', 'TP', 'IX', 'DX', 'AN']),
    anyText,
  );

  test('flags are one letter for the state and one for the pings, else they are unknown', () => {
    holds(
      fc.property(shape, (some) => {
        const flags = watched(() => readFlags(some));
        if (flags === undefined) return;
        expect({ A: 'active', T: 'trying', I: 'inactive', D: 'disabled' }[some[0] ?? '']).toBe(flags.state);
        expect(isSelectable(flags)).toBe(some.startsWith('A') || some.startsWith('T'));
        // Never two that contradict each other: pinged and not, or twice the same.
        expect(some.slice(1)).toMatch(/^(?:P|X|N|PN|XN)$/);
        expect(flags.probing).toBe(some[1] === 'P');
        expect(stateArgument(flags)).toMatch(/^(?:[ati]p?|d)$/);
      }),
      { share: 3, examples: [['APX'], ['DXX'], ['INP']] },
    );
  });
});

describe('addresses', () => {
  const URIS = [
    'sip:10.0.1.10:5080',
    'sips:fs1.example',
    'sip:[2001:db8::1]:5080;transport=tcp',
    'sip:a@b:5060?x=y',
  ];
  const uri = fc.oneof(anyText, mutatedText(URIS, [';transport=', '[', ']', '@', '::']));

  test('a SIP URI of any kind is an address or none', () => {
    holds(
      fc.property(uri, uri, (one, other) => {
        const address = watched(() => parseSipAddress(one));
        if (address !== undefined) {
          expect(address.port).toBeGreaterThan(0);
          expect(address.port).toBeLessThan(65_536);
          expectPrintable(address.host);
          expect(address.host).toBe(address.host.toLowerCase());
        }
        expect(sameSipAddress(one, one)).toBe(true);
        expect(sameSipAddress(one, other)).toBe(sameSipAddress(other, one));
      }),
      { share: 2 },
    );
  });

  test('an IP address of any kind is one or none, and lies in a network or not', () => {
    const ip = fc.oneof(
      anyText,
      fc.ipV4(),
      fc.ipV6(),
      mutatedText(['10.0.1.10', '2001:db8::1', '::ffff:10.0.1.5', '10.0.1.0/24']),
    );
    holds(
      fc.property(ip, ip, (one, other) => {
        const [first, second] = watched(() => [parseIp(one), parseIp(other)]);
        if (first === undefined) return;
        expectPrintable(maskedIp(first));
        expect(isInNetwork(first, other)).toBeTypeOf('boolean');
        expect(isInNetwork(first, `${one}/24`) || isInNetwork(first, `${one}/120`)).toBe(true);
        if (second !== undefined) expect(sameIp(first, second)).toBe(sameIp(second, first));
      }),
      { share: 2 },
    );
  });
});

describe('durations', () => {
  test('a text of any kind is a duration or none', () => {
    holds(
      fc.property(
        fc.oneof(anyText, mutatedText(['1h30m', '90s', '500ms', '0s', '2h'], ['h', 'm', 's', 'ms'])),
        (some) => {
          const ms = watched(() => parseDuration(some));
          if (ms === undefined) return;
          expect(ms).toSatisfy(Number.isSafeInteger);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(some).toMatch(/^(?:\d+(?:h|m|s|ms))+$/);
        },
      ),
      { share: 2 },
    );
  });

  test('what is written is read again, exactly', () => {
    holds(
      fc.property(fc.nat({ max: 2 ** 50 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
        expectPrintable(roughDuration(ms));
      }),
    );
  });
});

test('nesting is what is nested outside of texts', () => {
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.string({ unit: fc.constantFrom('[', '{', '"', '\\', 'a') }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  })).value;
  const depth = (value: unknown): number => (Array.isArray(value) ? 1 + Math.max(0, ...value.map(depth)) : 0);
  holds(
    fc.property(json, fc.nat({ max: 5 }), (value, levels) => {
      expect(nestsDeeperThan(levels, JSON.stringify(value))).toBe(depth(value) > levels);
    }),
    { share: 2 },
  );
});

test('the time it takes grows with the text', () => {
  const starts = ['', 'sip:', 'sip:a@', 'sip:[', 'A', 'r,', '1', '10.', 'sip:a;transport='];
  const units = ['a', '@', ':', '.', '1', ' ', ',', ';', '[', 'P', '1h', 'f:', '\u001b', ';transport='];
  holds(
    fc.property(
      fc.constantFrom(...starts),
      fc.constantFrom(...units),
      fc.constantFrom('', 'x', ' ', '\n'),
      (start, unit, end) => {
        expectLinear(25_000, (size) => {
          const some = start + unit.repeat(Math.ceil(size / unit.length)) + end;
          return () => [
            ...[readMark(some), readFlags(some), parseDuration(some), parseSipAddress(some), parseIp(some)],
            ...[
              sameSipAddress(some, `${some}x`),
              printable(some, some.length),
              masked(some),
              nestsDeeperThan(64, some),
            ],
          ];
        });
      },
    ),
    { share: 0.3 },
  );
});
