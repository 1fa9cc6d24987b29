/** Valid input made invalid: flipped, cut, doubled, nested, blown up. What reads most of a text is only reached so. */
import fc from 'fast-check';

/** Positions are numbers of any size, taken modulo what there is: so they fit every text, and shrink. */
type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'insert'; readonly at: number; readonly what: Buffer }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'end'; readonly at: number }
  | { readonly kind: 'double'; readonly at: number; readonly length: number; readonly to: number }
  | { readonly kind: 'blow up'; readonly at: number; readonly length: number; readonly times: number }
  | {
      readonly kind: 'nest';
      readonly at: number;
      readonly length: number;
      readonly by: readonly [string, string];
    }
  | { readonly kind: 'number'; readonly nth: number; readonly by: string }
  | { readonly kind: 'line'; readonly nth: number; readonly to: number; readonly keep: boolean };

/** What blowing up makes at most: bytes. */
const LARGEST = 32 * 1024;

const ODD = [
  '\0',
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  '\t',
  ' ',
  '\u001b[2J',
  '\u009b2J',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ufffd',
]
  .map((text) => Buffer.from(text))
  .concat([Buffer.of(0xff), Buffer.of(0xc3), Buffer.of(0xed, 0xa0, 0x80), Buffer.of(0x9b)]);
const PLAIN = [
  '"',
  "'",
  '\\',
  ',',
  ':',
  ';',
  '=',
  '-',
  '|',
  '*',
  '&',
  '[',
  ']',
  '{',
  '}',
  '<<',
  '@',
  '!',
  '#',
  '%',
  '__proto__',
  'constructor',
];
const NUMBERS = [
  '0',
  '-1',
  '',
  '00',
  '1e3',
  '1.5',
  '999999999999',
  '1'.repeat(400),
  'NaN',
  '٣',
  '0x10',
  ' 7',
];
const NESTS = [
  ['[', ']'],
  ['{"a":', '}'],
  ['(', ')'],
  ['"', '"'],
  ['{', '}'],
  ['- ', ''],
  ['? ', ''],
] as const;

const at = fc.nat();
const length = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 2_000 }));

function mutation(words: readonly string[]): fc.Arbitrary<Mutation> {
  const what = fc.oneof(
    fc.constantFrom(...ODD),
    fc.constantFrom(...PLAIN, ...words).map((text) => Buffer.from(text)),
    fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert' as const), at, what }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), at, length }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), at }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('double' as const), at, length, to: at }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('blow up' as const),
        at,
        length,
        times: fc.integer({ min: 2, max: 30_000 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('nest' as const), at, length, by: fc.constantFrom(...NESTS) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('number' as const),
        nth: at,
        by: fc.constantFrom(...NUMBERS),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('line' as const), nth: at, to: at, keep: fc.boolean() }),
    },
  );
}

/** One of `valid`, with one to five things done to it. @param words what such texts are made of, put in at random */
export function mutated(
  valid: readonly (string | Buffer)[],
  words: readonly string[] = [],
): fc.Arbitrary<Buffer> {
  const originals = valid.map((one) => Buffer.from(one));
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(mutation(words), { minLength: 1, maxLength: 5 }))
    .map(([original, mutations]) => readable(Buffer.from(mutations.reduce(apply, original))));
}

/** In a counterexample as text, a character a byte. */
export function readable(bytes: Buffer): Buffer {
  return Object.assign(bytes, {
    [fc.toStringMethod]: () => `Buffer.from(${JSON.stringify(bytes.toString('latin1'))}, 'latin1')`,
  });
}

/** The same as text. */
export function mutatedText(valid: readonly string[], words: readonly string[] = []): fc.Arbitrary<string> {
  return mutated(valid, words).map((bytes) => bytes.toString());
}

/** Any, lone surrogates too. (fast-check's own unit `binary` takes seconds to be made.) */
const character = fc
  .oneof(fc.nat(0x7f), fc.nat(0xff), fc.nat(0xffff), fc.integer({ min: 0x10000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

/** Text of any kind, controls and lone surrogates among it. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: character, maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom(...PLAIN, '\n', '\t', ' ', '\u001b', '\0', '\ud800', 'a', '1'),
    maxLength: 200,
  }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString()),
);

function apply(bytes: Buffer, one: Mutation): Buffer {
  switch (one.kind) {
    case 'flip': {
      const copy = Buffer.from(bytes);
      const place = one.at % Math.max(1, copy.length);
      if (copy.length > 0) copy[place] = (copy[place] ?? 0) ^ (1 << one.bit);
      return copy;
    }
    case 'insert':
      return spliced(bytes, one.at, 0, one.what);
    case 'remove':
      return spliced(bytes, one.at, one.length, Buffer.of());
    case 'end':
      return bytes.subarray(0, one.at % (bytes.length + 1));
    case 'double':
      return spliced(bytes, one.to, 0, part(bytes, one.at, one.length));
    case 'blow up': {
      const unit = part(bytes, one.at, one.length);
      const times = Math.min(one.times, Math.floor(LARGEST / Math.max(1, unit.length)));
      return spliced(bytes, one.at, 0, Buffer.concat(Array.from({ length: times }, () => unit)));
    }
    case 'nest': {
      const inside = part(bytes, one.at, one.length);
      const [open, close] = one.by;
      return spliced(
        bytes,
        one.at,
        inside.length,
        Buffer.concat([Buffer.from(open), inside, Buffer.from(close)]),
      );
    }
    case 'number':
      return withNumber(bytes, one.nth, one.by);
    case 'line':
      return withLine(bytes, one.nth, one.to, one.keep);
  }
}

function part(bytes: Buffer, at: number, length: number): Buffer {
  const from = at % (bytes.length + 1);
  return bytes.subarray(from, from + length);
}

function spliced(bytes: Buffer, at: number, removed: number, put: Buffer): Buffer {
  const from = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + removed)]);
}

/** Latin-1 is a character a byte: what is no text stays as it is. */
function withNumber(bytes: Buffer, nth: number, by: string): Buffer {
  const text = bytes.toString('latin1');
  const numbers = [...text.matchAll(/\d+/g)];
  const chosen = numbers[nth % Math.max(1, numbers.length)];
  if (chosen === undefined) return bytes;
  const after = bytes.subarray(chosen.index + chosen[0].length);
  return Buffer.concat([bytes.subarray(0, chosen.index), Buffer.from(by), after]);
}

/** A line put somewhere else, and left where it was where it is to be kept. */
function withLine(bytes: Buffer, nth: number, to: number, keep: boolean): Buffer {
  const lines = bytes.toString('latin1').split(/(?<=\n)/);
  const from = nth % lines.length;
  const chosen = lines[from] ?? '';
  const rest = keep ? lines : lines.toSpliced(from, 1);
  return Buffer.from(rest.toSpliced(to % (rest.length + 1), 0, chosen).join(''), 'latin1');
}
