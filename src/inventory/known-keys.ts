/** Which keys there are, and where: read off the schema, for messages about unknown ones. */
import type { Path } from '../yaml/problem.ts';
import { inventorySchema } from './schema.ts';

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
}

export interface KeyPlace {
  /** From the root; NAME stands for the name of a node, a proxy or a label, 0 for an index. */
  readonly path: Path;
  readonly schema: SchemaNode & { readonly default?: unknown; readonly description?: string };
}

let schemaOnce: SchemaNode | undefined;
let keysOnce: readonly KeyPlace[] | undefined;

/** Made once: it takes milliseconds, and a file may hold thousands of keys that nobody knows. */
function wholeSchema(): SchemaNode {
  schemaOnce ??= inventorySchema();
  return schemaOnce;
}

/** Every key of the inventory with its place, in the order of the schema. */
export function allKeys(): readonly KeyPlace[] {
  keysOnce ??= keysOf(wholeSchema(), []);
  return keysOnce;
}

function keysOf(schema: SchemaNode, path: Path): readonly KeyPlace[] {
  const inside: [string | number, SchemaNode][] = Object.entries(schema.properties ?? {});
  const below = inside.flatMap(([key, child]): KeyPlace[] => [
    { path: [...path, key], schema: child },
    ...keysOf(child, [...path, key]),
  ]);
  if (schema.additionalProperties) below.push(...keysOf(schema.additionalProperties, [...path, 'NAME']));
  if (schema.items) below.push(...keysOf(schema.items, [...path, 0]));
  return below;
}

/** The keys that can stand in the map at this path. */
export function knownKeys(path: Path): readonly string[] {
  let schema: SchemaNode | undefined = wholeSchema();
  for (const part of path) {
    schema =
      typeof part === 'number'
        ? schema?.items
        : (schema?.properties?.[part] ?? (schema?.additionalProperties || undefined));
  }
  return Object.keys(schema?.properties ?? {});
}

/** Where a key of exactly this name belongs: `at the top level`, `under drain`; a few of them at most. */
export function keysElsewhere(key: string): readonly string[] {
  const places = allKeys().filter(({ path }) => path.at(-1) === key && path[0] !== 'defaults');
  const phrases = places.map(({ path }) =>
    path.length === 1 ? 'at the top level' : `under ${path.slice(0, -1).join('.')}`,
  );
  return [...new Set(phrases)].slice(0, 3);
}
