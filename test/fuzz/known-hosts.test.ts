/** known_hosts that somebody damaged: a line counts as it stands or not at all, and no damage makes a key trusted. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  fingerprint,
  judgeHostKey,
  type KnownHosts,
  linesFor,
  parseKnownHosts,
  shortType,
  typeOfKey,
} from '../../src/ssh/known-hosts.ts';
import { holds } from './support/fuzzing.ts';
import { anyText, mutatedText } from './support/mutations.ts';
import { expectPrintable } from './support/said.ts';
import { expectLinear, watched } from './support/watched.ts';

const field = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(Uint32Array.of(bytes.length).buffer).swap32(), bytes]);

/** A public key in its form on the wire, of fixed bytes. */
function keyOf(type: string, ...fields: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(type), ...fields].map(field));
}

const ED = keyOf('ssh-ed25519', Buffer.alloc(32, 1));
const OTHER_ED = keyOf('ssh-ed25519', Buffer.alloc(32, 2));
const RSA = keyOf('ssh-rsa', Buffer.of(1, 0, 1), Buffer.alloc(257, 3));
const EC = keyOf('ecdsa-sha2-nistp256', Buffer.from('nistp256'), Buffer.alloc(65, 4));
const SK = keyOf('sk-ssh-ed25519@openssh.com', Buffer.alloc(32, 5), Buffer.from('ssh:'));
const KEYS = [ED, OTHER_ED, RSA, EC, SK];

const written = (key: Buffer): string => `${typeOfKey(key)} ${key.toString('base64')}`;

function hashed(name: string, salt: number): string {
  const bytes = Buffer.alloc(20, salt);
  return `|1|${bytes.toString('base64')}|${createHmac('sha1', bytes).update(name).digest('base64')}`;
}

const LINES = [
  '# comment',
  '',
  `node-1 ${written(ED)} ops@bastion`,
  `node-1,10.0.1.10 ${written(RSA)}`,
  `[node-1]:2222\t${written(EC)}\r`,
  `*.example.org,!bad.example.org ${written(OTHER_ED)}`,
  `${hashed('node-2', 7)} ${written(ED)}`,
  `${hashed('[node-2]:2222', 8)} ${written(SK)}`,
  `@cert-authority *.example.org ${written(RSA)}`,
  `@revoked * ${written(OTHER_ED)}`,
  `@revoked node-2 ${written(EC)}`,
];
const FILE = `${LINES.join('\n')}\n`;
const NAMES = [
  'node-1',
  'node-2',
  '[node-1]:2222',
  '[node-2]:2222',
  '10.0.1.10',
  'a.example.org',
  'bad.example.org',
  '::1',
  '',
];
const WORDS = [
  '@revoked ',
  '@cert-authority ',
  '|1|',
  '* ',
  '!',
  'ssh-ed25519',
  ...KEYS.map((key) => key.toString('base64')),
];

const anyFile = fc.oneof(
  { weight: 1, arbitrary: anyText },
  { weight: 4, arbitrary: mutatedText([FILE, ...LINES], WORDS) },
);
const name = fc.constantFrom(...NAMES);
const key = fc.constantFrom(...KEYS);

const parse = (text: string): KnownHosts => watched(() => parseKnownHosts(text, '/k'));

test('each line of any text counts, is passed over, or is broken', () => {
  holds(
    fc.property(anyFile, name, (text, host) => {
      const { lines, broken } = parse(text);
      const count = text.split('\n').length;
      const numbers = [...lines, ...broken].map(({ line }) => line);
      expect(new Set(numbers).size).toBe(numbers.length);
      for (const number of numbers) expect(number > 0 && number <= count).toBe(true);
      for (const line of watched(() => linesFor(lines, host))) {
        expect(typeOfKey(line.key)).toBe(line.keyType);
        expectPrintable(fingerprint(line.key));
        expectPrintable(shortType(line.keyType));
      }
    }),
    { share: 3 },
  );
});

test('a key is trusted only where it stands, whole, in a line that says so', () => {
  holds(
    fc.property(anyFile, name, key, (text, host, shown) => {
      const lines = linesFor(parse(text).lines, host);
      const verdict = watched(() => judgeHostKey(lines, shown));
      const stands = (line: string): boolean => line.split(/[ \t\r]+/).includes(shown.toString('base64'));
      const candidates = text.split('\n').filter((line) => stands(line) && !line.trimStart().startsWith('#'));
      if (verdict.kind === 'trusted')
        expect(candidates.filter((line) => !line.trimStart().startsWith('@'))).not.toEqual([]);
      if (verdict.kind === 'revoked')
        expect(candidates.filter((line) => line.trimStart().startsWith('@revoked'))).not.toEqual([]);
      // No key is given for what was known that does not stand there as it is.
      if (verdict.kind === 'changed')
        for (const line of verdict.expected) expect(text).toContain(line.key.toString('base64'));
    }),
    {
      share: 6,
      examples: [
        // What is left of a key is another key, and "changed" would say that somebody is in the way.
        [`node-1 ssh-ed25519 ${ED.toString('base64').slice(0, 40)}\n`, 'node-1', ED],
        [`node-1 ssh-ed25519 ${ED.toString('base64').replace('A', 'A*')}\n`, 'node-1', ED],
      ],
    },
  );
});

test('damage to one line changes nothing of the others', () => {
  const damage = fc.nat({ max: LINES.length - 1 }).chain((index) =>
    fc.tuple(
      fc.constant(index),
      mutatedText([LINES[index] ?? ''], WORDS).map((line) => line.replaceAll('\n', '')),
    ),
  );
  holds(
    fc.property(damage, ([index, line]) => {
      const others = (all: KnownHosts): unknown => all.lines.filter((one) => one.line !== index + 1);
      const damaged = parse(LINES.with(index, line).join('\n'));
      expect(others(damaged)).toEqual(others(parse(FILE)));
      expect(damaged.broken.every((one) => one.line === index + 1)).toBe(true);
    }),
    { share: 2 },
  );
});

test('cut anywhere, what is left says no more than the whole', () => {
  holds(
    fc.property(fc.nat({ max: FILE.length }), name, key, (length, host, shown) => {
      const judged = (text: string): string => judgeHostKey(linesFor(parse(text).lines, host), shown).kind;
      if (judged(FILE.slice(0, length)) === 'trusted') expect(['trusted', 'revoked']).toContain(judged(FILE));
    }),
    { share: 5 },
  );
});

test('the time it takes grows with the file', () => {
  const starts = ['', 'node-1 ', `node-1 ssh-ed25519 `, '|1|', '@revoked ', `node-1 ${written(ED)}\n`, '*'];
  const units = [
    ' ',
    '\t',
    '\n',
    '*',
    '?',
    ',',
    '|',
    'A',
    '@',
    '!',
    'a,',
    '*a',
    '*,',
    `* ${written(ED)}\n`,
    `${hashed('x', 1)} ${written(ED)}\n`,
  ];
  holds(
    fc.property(
      fc.constantFrom(...starts),
      fc.constantFrom(...units),
      fc.constantFrom('', '\n', ` ${written(ED)}\n`),
      (start, unit, end) => {
        expectLinear(20_000, (size) => {
          const text = start + unit.repeat(Math.ceil(size / unit.length)) + end;
          return () => {
            const { lines } = parseKnownHosts(text, '/k');
            for (const host of NAMES) judgeHostKey(linesFor(lines, host), ED);
          };
        });
      },
    ),
    { share: 0.3 },
  );
});
