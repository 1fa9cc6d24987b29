/** What PostgreSQL writes as text, as a value. Pure. */
import { nestsDeeperThan } from '../domain/json-nesting.ts';
import type { JsonValue } from '../domain/playbook/json.ts';

/** Type OIDs (pg_type.dat): these never change. */
const BOOL = 16;
const INTEGERS: ReadonlySet<number> = new Set([20, 21, 23, 26]);
const FLOATS: ReadonlySet<number> = new Set([700, 701]);
const JSONS: ReadonlySet<number> = new Set([114, 3802]);
const MOST_LEVELS = 32;

/**
 * A boolean, a number or JSON where the type is one and the value is one exactly; else its text. A count beyond 2^53 and
 * every `numeric` stay text: as numbers they would be others.
 */
export function readCell(text: string | null, type: number): JsonValue {
  if (text === null) return null;
  if (type === BOOL) return text === 't';
  if (INTEGERS.has(type)) {
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : text;
  }
  if (FLOATS.has(type)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : text;
  }
  if (JSONS.has(type) && !nestsDeeperThan(MOST_LEVELS, text)) return JSON.parse(text) as JsonValue;
  return text;
}
