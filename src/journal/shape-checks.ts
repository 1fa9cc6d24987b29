/** What a value of a journal has to be, in pieces that fit together, each saying where something is wrong. */

/** null where the value is right, else where it is wrong: empty for the value itself, a path for something in it. */
export type Check = (value: unknown) => string | null;
/** For each key that is looked at; those that have come later are absent in older journals, and optional. */
type Fields<T> = { readonly [K in keyof T]?: Check };

const HERE = '';
export const only =
  (isRight: (value: unknown) => boolean): Check =>
  (value) =>
    isRight(value) ? null : HERE;
export const text = only((value) => typeof value === 'string');
/** What becomes a key of a plain object, in which some are always there: no node, no step and no effect has one of those. */
export const name = only((value) => typeof value === 'string' && !(value in Object.prototype));
/** JSON may say 1e999. */
export const number = only(Number.isFinite);
export const flag = only((value) => typeof value === 'boolean');
export const record = only(isRecord);
export const present = only((value) => value !== undefined);
/** What a resumed run decides by: a word that is none must not pass for one of the others. */
export function oneOf<T extends string>(words: Readonly<Record<T, true>>): Check {
  return only((value) => typeof value === 'string' && Object.hasOwn(words, value));
}
export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null ? null : check(value);
export const absentOr =
  (check: Check): Check =>
  (value) =>
    value === undefined ? null : check(value);
export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value)
      ? firstWrong(value.map((one: unknown, index) => within(`[${index}]`, check(one))))
      : HERE;
export const mapOf =
  (check: Check): Check =>
  (value) =>
    isRecord(value) ? firstWrong(Object.values(value).map((one) => within('[…]', check(one)))) : HERE;
export const having =
  <T>(fields: Fields<T>): Check =>
  (value) =>
    isRecord(value)
      ? firstWrong(
          Object.entries<Check | undefined>(fields).map(([key, check]) =>
            check === undefined ? null : within(`.${key}`, check(own(value, key))),
          ),
        )
      : HERE;
export const both =
  (one: Check, other: Check): Check =>
  (value) =>
    one(value) ?? other(value);

function within(part: string, wrong: string | null): string | null {
  return wrong === null ? null : part + wrong;
}

function firstWrong(all: readonly (string | null)[]): string | null {
  return all.find((one) => one !== null) ?? null;
}

/** What JSON.parse gives has what is its own; what every object has besides is not data. */
function own(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
