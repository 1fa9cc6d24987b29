/**
 * How single values are read. Each is described for editors (JSON Schema) and read by a function of its own, so that
 * what is wrong is said in words that fit the value.
 */
import { z } from 'zod';
import { nearestKey } from '../domain/nearest-key.ts';
import { quoted } from './said-back.ts';

export type Reading<T> = { readonly value: T } | { readonly wrong: string };

/** What editors show: JSON Schema keywords beside description and default. */
export interface Notes {
  readonly description: string;
  readonly default?: string | number | boolean;
}

export function wrong(text: string): { readonly wrong: string } {
  return { wrong: text };
}

/** A value of any kind. `read` gets what YAML made of it and answers with the value or with what is wrong. */
export function scalar<T>(schema: Readonly<Record<string, unknown>>, read: (written: unknown) => Reading<T>) {
  return z
    .unknown()
    .transform((written, context): T => {
      const reading = read(written);
      if ('value' in reading) return reading.value;
      context.addIssue({ code: 'custom', message: reading.wrong });
      return z.NEVER;
    })
    .meta(schema);
}

/**
 * A text.
 * @param expected what it is, with its article: `a host name`
 */
export function text<T>(
  expected: string,
  schema: Notes & { readonly pattern?: string; readonly format?: string },
  read: (written: string) => Reading<T>,
) {
  return scalar({ type: 'string', ...schema }, (written) => {
    if (typeof written === 'number' || typeof written === 'boolean') {
      return wrong(`YAML takes this for ${kindOf(written)}. Put it in quotes: ${expected} is expected here.`);
    }
    if (typeof written !== 'string') return wrong(mismatch(written, expected));
    if (written === '') return wrong(`This text is empty: ${expected} is expected here.`);
    return read(written);
  });
}

export function integer(schema: Notes & { readonly minimum: number; readonly maximum: number }) {
  const range = `a whole number from ${schema.minimum} to ${schema.maximum}`;
  return scalar({ type: 'integer', ...schema }, (written) => {
    if (typeof written === 'string' && /^\d+$/.test(written))
      return wrong('This number stands in quotes. Write it without them.');
    if (typeof written !== 'number') return wrong(mismatch(written, range));
    const fits = Number.isInteger(written) && written >= schema.minimum && written <= schema.maximum;
    return fits ? { value: written } : wrong(`${written} is not ${range}.`);
  });
}

export function boolean(schema: Notes) {
  return scalar({ type: 'boolean', ...schema }, (written) =>
    typeof written === 'boolean' ? { value: written } : wrong(mismatch(written, 'true or false')),
  );
}

/** One of a few words. */
export function choice<const T extends string>(choices: readonly T[], schema: Notes) {
  return scalar({ type: 'string', enum: choices, ...schema }, (written) => {
    const found = choices.find((one) => one === written);
    if (found !== undefined) return { value: found };
    const expected = choices.length === 1 ? `the word ${choices.join()}` : `one of ${choices.join(', ')}`;
    if (typeof written !== 'string') return wrong(mismatch(written, expected));
    const nearest = nearestKey(written, choices);
    const hint = nearest === undefined ? `Write ${expected}.` : `Did you mean ${nearest}?`;
    return wrong(`${quoted(written)} is not known here. ${hint}`);
  });
}

/** For maps, lists and nothing (`undefined` where the key is not there) where a value of another kind is expected. Never shows the value. */
export function mismatch(written: unknown, expected: string): string {
  if (written === undefined) return `This key is missing: ${expected} is expected.`;
  if (written === null) return `Nothing stands here: ${expected} is expected.`;
  return `This is ${kindOf(written)}: ${expected} is expected here.`;
}

export function kindOf(written: unknown): string {
  if (written === null || written === undefined) return 'nothing';
  if (Array.isArray(written)) return 'a list';
  if (typeof written === 'object') return 'a map';
  if (typeof written === 'number') return 'a number';
  return typeof written === 'boolean' ? 'true or false' : 'a text';
}
