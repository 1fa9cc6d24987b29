/** What came from outside, made fit to be a value of a playbook: bounded, and without what could steer a terminal. */
import { isJsonList, jsonObject, type JsonValue } from './json.ts';

// As in domain/text.ts, but for line breaks and tabs: a value may have lines.
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** 64 KiB of characters: as much of a text as anybody uses. */
const MOST_TEXT = 64 * 1024;

/** Line breaks at its end are left out, as a shell does with what a command writes; CR LF is one line break. */
export function shownText(text: string, most = MOST_TEXT): string {
  return text.slice(0, most).replaceAll('\r\n', '\n').replace(UNPRINTABLE, '\ufffd').replace(/\n+$/, '');
}

/** How much of a value is kept. */
export interface Bounds {
  /** Entries of all lists and maps together. */
  readonly entries: number;
  /** Characters of all texts together. */
  readonly characters: number;
  readonly levels: number;
}

const BOUNDS: Bounds = { entries: 10_000, characters: 1024 * 1024, levels: 32 };

/**
 * The value with every text in it as {@link shownText}.
 * @returns undefined where it is no JSON, or larger than the bounds: half a list is none
 */
export function shownValue(value: unknown, bounds: Bounds = BOUNDS): JsonValue | undefined {
  const left = { entries: bounds.entries, characters: bounds.characters };
  return shown(value, bounds.levels, left);
}

function shown(
  value: unknown,
  levels: number,
  left: { entries: number; characters: number },
): JsonValue | undefined {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'string') {
    left.characters -= value.length;
    return left.characters < 0 ? undefined : shownText(value, value.length);
  }
  if (typeof value !== 'object' || levels === 0) return undefined;
  const isList = Array.isArray(value);
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  left.entries -= entries.length;
  if (left.entries < 0) return undefined;
  const kept: [string, JsonValue][] = [];
  for (const [key, part] of entries) {
    const one = shown(part, levels - 1, left);
    if (one === undefined) return undefined;
    left.characters -= key.length;
    kept.push([shownText(key, 200), one]);
  }
  return isList ? kept.map(([, one]) => one) : jsonObject(kept);
}

/** A map whose values are all text, numbers or booleans, with these as text; undefined for any other value. */
export function textMap(value: JsonValue | undefined): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null || typeof value !== 'object' || isJsonList(value))
    return undefined;
  const texts: [string, string][] = [];
  for (const [key, one] of Object.entries(value)) {
    if (one === null || typeof one === 'object') return undefined;
    texts.push([key, String(one)]);
  }
  return Object.fromEntries(texts);
}
