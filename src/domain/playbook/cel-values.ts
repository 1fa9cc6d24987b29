/** JSON values in the form in which the library has them, with what each costs. */
import type { JsonValue } from './json.ts';
import { isJsonList, jsonObject } from './json.ts';

/** Lists and maps in each other. */
const DEEPEST = 64;

/** What it costs to look at the whole of a value: one for each part of it and for every sixteen characters. */
export class Weights {
  readonly #known = new WeakMap<object, number>();

  of(value: unknown): number {
    if (typeof value === 'string') return 1 + (value.length >> 4);
    if (typeof value !== 'object' || value === null) return 1;
    const before = this.#known.get(value);
    if (before !== undefined) return before;
    let weight = 1;
    if (Array.isArray(value)) for (const item of value as readonly unknown[]) weight += this.of(item);
    else if (value instanceof Map) for (const [key, item] of value) weight += this.of(key) + this.of(item);
    this.#known.set(value, weight);
    return weight;
  }
}

/**
 * Whole numbers become ints, maps become Maps, in which nothing is inherited.
 * @returns undefined where it is nested too deep
 */
export function toCel(value: JsonValue, levels = DEEPEST): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) throw new TooDeep();
  if (isJsonList(value)) return value.map((item) => toCel(item, levels - 1));
  return new Map(Object.entries(value).map(([key, item]) => [key, toCel(item, levels - 1)]));
}

/** Values are nested deeper than anything that servers answer. */
export class TooDeep extends Error {}

/** @returns undefined for what JSON does not have: NaN, infinities, ints that no number holds exactly, types */
export function fromCel(value: unknown, levels = DEEPEST): JsonValue | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : undefined;
  }
  if (levels === 0) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => fromCel(item, levels - 1));
    return items.some((item) => item === undefined) ? undefined : (items as JsonValue[]);
  }
  if (!(value instanceof Map)) return undefined;
  const entries: [string, JsonValue][] = [];
  for (const [key, item] of value as ReadonlyMap<unknown, unknown>) {
    const plain = fromCel(item, levels - 1);
    if (plain === undefined) return undefined;
    entries.push([String(key), plain]);
  }
  return jsonObject(entries);
}
