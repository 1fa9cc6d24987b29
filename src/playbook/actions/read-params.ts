/** Parameters as an action gets them: rendered, so that what a template has put in may still be of another kind. */
import { FshaError } from '../../domain/errors.ts';
import { parseDuration } from '../../domain/duration.ts';
import {
  isJsonList,
  type JsonObject,
  type JsonValue,
  kindOfJson,
  ownField,
} from '../../domain/playbook/json.ts';
import { textMap } from '../../domain/playbook/shown-text.ts';

/** Reads the parameters of one carrying out of an action; what is not as it has to be is `usage`: nothing was begun. */
export class Params {
  readonly #params: JsonObject;
  readonly #step: string;

  /** @param step names it in errors */
  constructor(params: JsonObject, step: string) {
    this.#params = params;
    this.#step = step;
  }

  value(key: string): JsonValue | undefined {
    return ownField(this.#params, key);
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  /** Numbers and booleans are text by their digits and words. */
  text(key: string): string {
    const value = this.value(key);
    if (value === undefined) throw this.wrong(key, 'is missing');
    return this.#word(key, value);
  }

  textOr<T>(key: string, otherwise: T): string | T {
    return this.has(key) ? this.text(key) : otherwise;
  }

  /** A list of words; one that is no list is a list of one. */
  words(key: string): readonly string[] {
    const value = this.value(key);
    if (value === undefined) throw this.wrong(key, 'is missing');
    return (isJsonList(value) ? value : [value]).map((one) => this.#word(key, one));
  }

  list(key: string): readonly JsonValue[] {
    const value = this.value(key) ?? [];
    if (!isJsonList(value)) throw this.wrong(key, `is ${kindOfJson(value)} and not a list`);
    return value;
  }

  integerOr(key: string, otherwise: number, least: number, most: number): number {
    const value = this.value(key) ?? otherwise;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.wrong(key, `is no whole number from ${least} to ${most}`);
    return value;
  }

  flag(key: string): boolean {
    const value = this.value(key) ?? false;
    if (typeof value !== 'boolean') throw this.wrong(key, `is ${kindOfJson(value)} and not true or false`);
    return value;
  }

  /** Milliseconds, or a text such as `1m30s`. */
  duration(key: string): number {
    const value = this.value(key);
    const ms = typeof value === 'string' ? parseDuration(value) : value;
    if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0)
      throw this.wrong(key, 'is no duration such as 30s or 1m30s');
    return ms;
  }

  texts(key: string): Readonly<Record<string, string>> {
    if (!this.has(key)) return {};
    const map = textMap(this.value(key));
    if (map === undefined) throw this.wrong(key, 'is no map of texts');
    return map;
  }

  integers(key: string, otherwise: readonly number[]): readonly number[] {
    const value = this.value(key);
    if (value === undefined) return otherwise;
    const all = isJsonList(value) ? value : [value];
    if (all.length === 0 || !all.every((one) => typeof one === 'number' && Number.isInteger(one)))
      throw this.wrong(key, 'is no list of whole numbers');
    return all as readonly number[];
  }

  /** @param what a clause about the parameter; never its value, which may be secret */
  wrong(key: string, what: string, hint = ''): FshaError {
    return new FshaError('usage', `${this.#step}: ${key} ${what}`, hint);
  }

  #word(key: string, value: JsonValue): string {
    if (value === null || typeof value === 'object')
      throw this.wrong(key, `is ${kindOfJson(value)} where a text has to be`);
    return String(value);
  }
}

/**
 * What is in a command line is seen by every user of a machine, and a URL is in every log on its way: no secret is put there.
 * @param mask replaces secrets
 */
export function withoutSecret(text: string, mask: (text: string) => string, wrong: () => FshaError): string {
  if (mask(text) !== text) throw wrong();
  return text;
}

/** Ms until the deadline, at least 1. */
export function timeLeft(around: {
  readonly deadline: number;
  readonly world: { readonly clock: { now(): number } };
}): number {
  return Math.max(1, around.deadline - around.world.clock.now());
}
