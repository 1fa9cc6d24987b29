/** Valid JSON whose shape is not what it was: values of other kinds, keys that are missing, doubled, renamed, nested. */
import fc from 'fast-check';

type Change =
  | { readonly kind: 'replace'; readonly nth: number; readonly by: unknown }
  | { readonly kind: 'remove'; readonly nth: number }
  | { readonly kind: 'move'; readonly nth: number; readonly to: number }
  | { readonly kind: 'rename'; readonly nth: number; readonly name: string }
  | { readonly kind: 'wrap'; readonly nth: number; readonly list: boolean };

const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 0.5, 1e21, 2 ** 53, [], {}, [[]]],
  ...[
    '',
    '0',
    '-1',
    ' 7',
    '1e3',
    '7.0',
    'true',
    '\u001b[2J\u009b2J',
    'a\nb',
    '\u202e',
    '\ud800',
    'x'.repeat(5_000),
  ],
];
const NAMES = ['', '__proto__', 'constructor', 'toString', 'length', '\u001b[2J'];

const nth = fc.nat();

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('replace' as const),
      nth,
      by: fc.oneof(fc.constantFrom(...VALUES), fc.jsonValue({ maxDepth: 3 })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), nth }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), nth, to: nth }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rename' as const), nth, name: fc.constantFrom(...NAMES) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wrap' as const), nth, list: fc.boolean() }) },
);

/** One of `valid`, with one to four changes. What comes is JSON again. */
export function mutatedJson(valid: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([original, changes]) => asSent(changes.reduce(apply, original)));
}

/** What JSON makes of it: no -0, nothing undefined. */
function asSent(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Where a value stands: in the list or map `parent`, under `key`. */
interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

function apply(original: unknown, one: Change): unknown {
  // The root too has a place, and what is shared with the original is not touched.
  const root: Record<string, unknown> = { value: structuredClone(original) };
  const places = [...placesIn(root)];
  const place = places[one.nth % places.length];
  if (place === undefined) return original;
  const { parent, key } = place;
  switch (one.kind) {
    case 'replace':
      put(parent, key, one.by);
      break;
    case 'remove':
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else if (parent !== root) Reflect.deleteProperty(parent, key);
      break;
    case 'move': {
      const other = places[one.to % places.length] ?? place;
      put(other.parent, other.key, structuredClone(parent[key]));
      break;
    }
    case 'rename':
      if (parent === root || Array.isArray(parent)) break;
      put(parent, one.name, parent[key]);
      Reflect.deleteProperty(parent, key);
      break;
    case 'wrap':
      put(parent, key, one.list ? [parent[key]] : { value: parent[key] });
      break;
  }
  return root['value'];
}

function* placesIn(parent: Record<string, unknown>): Generator<Place> {
  for (const key of Object.keys(parent)) {
    yield { parent, key };
    const inside = parent[key];
    if (typeof inside === 'object' && inside !== null) yield* placesIn(inside as Record<string, unknown>);
  }
}

/** As JSON.parse does it: `__proto__` is a key like others. */
function put(parent: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true });
}

/** What stands at a path of keys; undefined where it leads to nothing. */
export function valueAt(value: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (inside, key) =>
      typeof inside === 'object' && inside !== null && Object.hasOwn(inside, key)
        ? (inside as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}
