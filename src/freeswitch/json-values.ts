/** Values inside JSON that came over the wire: looked at, never assumed. */
import { nestsDeeperThan } from '../domain/json-nesting.ts';

/** The deepest answer of FreeSWITCH, that to status, has 5. */
const MOST_LEVELS = 64;

/** Undefined where the text is not JSON, or nested beyond reason. */
export function parseJson(text: string): unknown {
  if (nestsDeeperThan(MOST_LEVELS, text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** A finite non-negative integer, as a number or as its digits; undefined for anything else. */
export function asCount(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
