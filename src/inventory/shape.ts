/** Checks the shape of an inventory, and says what is wrong with it in fsha's own words. */
import type { z } from 'zod';
import { keysElsewhere, knownKeys } from './known-keys.ts';
import { nearestKey } from '../domain/nearest-key.ts';
import type { Path, Problem } from '../yaml/problem.ts';
import { mismatch } from '../yaml/scalar.ts';
import { inventoryShape } from './schema.ts';
import type { Inventory } from './schema.ts';

export interface ShapeReport {
  readonly problems: readonly Problem[];
  /**
   * The whole inventory where there are no problems, else what is left without the nodes, proxies and sections that
   * have some, so that what holds between the others can still be checked; undefined where too little is left.
   */
  readonly inventory: Inventory | undefined;
}

export function checkShape(written: unknown): ShapeReport {
  const result = inventoryShape.safeParse(written);
  if (result.success) return { problems: [], inventory: result.data };
  if (!isMap(written))
    return {
      problems: [{ path: [], text: mismatch(written ?? null, 'a map with version: 1 and so on') }],
      inventory: undefined,
    };
  const { version } = written;
  const issues = result.error.issues;
  // Another version has other keys: what else is wrong says nothing then.
  const relevant =
    Number.isInteger(version) && version !== 1 ? issues.filter(({ path }) => path[0] === 'version') : issues;
  const problems = relevant.flatMap((issue) => problemsOf(issue, written));
  const rest = withoutBroken(written, problems);
  const again = rest && inventoryShape.safeParse(rest);
  return { problems, inventory: again?.success === true ? again.data : undefined };
}

/** So many keys of one map are searched for what was meant. */
const SLIPS = 200;

function problemsOf(issue: z.core.$ZodIssue, written: unknown): Problem[] {
  // YAML has no keys that are symbols.
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  const value = valueAt(written, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key, index) => {
        // Beyond these it is no slip of somebody's, but another kind of file.
        const text = index < SLIPS ? unknownKey(path, key) : 'This key is not known here.';
        return { path: [...path, key], text, atKey: true };
      });
    case 'invalid_key':
      return [{ path, text: issue.issues[0]?.message ?? issue.message, atKey: true }];
    case 'invalid_type':
      if (value === undefined)
        return [{ path, text: `This key is missing: ${EXPECTED[issue.expected] ?? 'a value'} is expected.` }];
      return [{ path, text: mismatch(value, EXPECTED[issue.expected] ?? 'another kind of value') }];
    default:
      return [{ path, text: issue.message }];
  }
}

const EXPECTED: Readonly<Record<string, string>> = { object: 'a map', record: 'a map', array: 'a list' };

function unknownKey(path: Path, key: string): string {
  const known = knownKeys(path);
  const nearest = nearestKey(key, known);
  if (nearest !== undefined) return `This key is not known here. Did you mean ${nearest}?`;
  const elsewhere = keysElsewhere(key);
  if (elsewhere.length > 0) return `This key is not known here. It belongs ${elsewhere.join(' or ')}.`;
  return `This key is not known here. Known are ${known.join(', ')}.`;
}

/** The same without what has problems. What the others build on, the defaults, has to be whole. */
function withoutBroken(
  written: Record<string, unknown>,
  problems: readonly Problem[],
): Record<string, unknown> | undefined {
  const rest: Record<string, unknown> = {
    ...written,
    nodes: copy(written['nodes']),
    proxies: copy(written['proxies']),
  };
  for (const { path } of problems) {
    const [section, name] = path;
    if (section === undefined || section === 'defaults') return undefined;
    const inside = rest[section];
    if (section === 'version') rest['version'] = 1;
    else if (section === 'cluster') rest['cluster'] = 'unnamed';
    else if (section !== 'nodes' && section !== 'proxies') Reflect.deleteProperty(rest, section);
    else if (name !== undefined && isMap(inside)) Reflect.deleteProperty(inside, name);
    else return undefined;
  }
  return rest;
}

function copy(value: unknown): unknown {
  return isMap(value) ? { ...value } : value;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inside, part) => {
    if (Array.isArray(inside)) return inside[Number(part)];
    return isMap(inside) && Object.hasOwn(inside, part) ? inside[part] : undefined;
  }, value);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
