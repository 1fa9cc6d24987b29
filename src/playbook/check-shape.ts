/** What is written in a playbook, held against its shape, with templates where values will be. */
import { isJsonList, type JsonValue } from '../domain/playbook/json.ts';
import { nearestKey } from '../domain/nearest-key.ts';
import { readDuration } from '../yaml/duration-text.ts';
import { quoted } from '../yaml/said-back.ts';
import { kindOf, mismatch } from '../yaml/scalar.ts';
import type { FieldsShape, ParamProblem, ParamShape, TextShape } from './action.ts';

type Path = ParamProblem['path'];

type Report = (path: Path, text: string, atKey?: boolean) => void;

/** Whether a text has a template in it. */
export function hasTemplate(value: unknown): value is string {
  return typeof value === 'string' && value.includes('{{');
}

/**
 * Tells everything that is wrong with a value as it is written. Texts with `{{` stand for values of any kind.
 * @param report gets paths below the value
 */
export function checkShape(shape: ParamShape, written: unknown, report: Report): void {
  check(shape, written, [], report);
}

function check(shape: ParamShape, written: unknown, path: Path, report: Report): void {
  const wrong = (text: string | undefined): void => {
    if (text !== undefined) report(path, text);
  };
  const isTemplate = shape.literal !== true && hasTemplate(written);
  if (isTemplate && shape.kind !== 'text' && shape.kind !== 'expression') return;
  switch (shape.kind) {
    case 'text': {
      wrong(textProblem(shape, written, isTemplate));
      return;
    }
    case 'expression': {
      wrong(typeof written === 'string' ? undefined : mismatch(written, 'an expression'));
      return;
    }
    case 'integer':
    case 'number': {
      wrong(numberProblem(shape, written));
      return;
    }
    case 'boolean': {
      wrong(typeof written === 'boolean' ? undefined : mismatch(written, 'true or false'));
      return;
    }
    case 'duration': {
      const duration = readDuration(written, shape.least ?? 1, 'a duration such as 30s');
      wrong('wrong' in duration ? duration.wrong : undefined);
      return;
    }
    case 'choice': {
      wrong(choiceProblem(shape.choices, written));
      return;
    }
    case 'list': {
      const most = shape.most ?? MOST_ITEMS;
      if (!Array.isArray(written)) {
        wrong(mismatch(written, 'a list'));
        return;
      }
      if (written.length < (shape.least ?? 0)) {
        wrong('This list is empty.');
        return;
      }
      if (written.length > most) {
        wrong(`This list is too long: ${most} values are the most.`);
        return;
      }
      written.forEach((item, index) => check(shape.of, item, [...path, index], report));
      return;
    }
    case 'map':
      if (!isMap(written)) {
        wrong(mismatch(written, 'a map'));
        return;
      }
      for (const [key, item] of Object.entries(written)) check(shape.of, item, [...path, key], report);
      return;
    case 'either': {
      const fitting = shape.of.find((one) => fits(one, written));
      if (fitting !== undefined) {
        check(fitting, written, path, report);
        return;
      }
      wrong(mismatch(written, shape.of.map(expectedOf).join(' or ')));
      return;
    }
    case 'any': {
      wrong(isJson(written) ? undefined : 'This is not a value that JSON can hold.');
      return;
    }
    case 'fields': {
      checkFields(shape, written, path, report);
      return;
    }
  }
}

const MOST_ITEMS = 1_000;

function textProblem(shape: TextShape, written: unknown, isTemplate: boolean): string | undefined {
  const expected = shape.expected ?? 'a text';
  if (typeof written === 'number' || typeof written === 'boolean')
    return `YAML takes this for ${kindOf(written)}. Put it in quotes: ${expected} is expected here.`;
  if (typeof written !== 'string') return mismatch(written, expected);
  if (written === '' && shape.empty !== true) return `This text is empty: ${expected} is expected here.`;
  if (shape.lines === true ? CONTROL_BUT_LINES.test(written) : CONTROL.test(written))
    return shape.lines === true
      ? 'Control characters cannot be used here.'
      : 'Control characters and line breaks cannot be used here.';
  if (isTemplate || shape.pattern === undefined) return undefined;
  return new RegExp(shape.pattern, 'u').test(written) ? undefined : `This is not ${expected}.`;
}

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const CONTROL_BUT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

function numberProblem(
  shape: { readonly kind: 'integer' | 'number'; readonly minimum?: number; readonly maximum?: number },
  written: unknown,
): string | undefined {
  const { kind, minimum, maximum } = shape;
  const what = kind === 'integer' ? 'a whole number' : 'a number';
  const from = minimum === undefined ? '' : ` from ${minimum}`;
  const range = `${what}${from}${maximum === undefined ? '' : ` to ${maximum}`}`;
  if (typeof written === 'string' && /^\d+$/.test(written))
    return 'This number stands in quotes. Write it without them.';
  if (typeof written !== 'number') return mismatch(written, range);
  const fitting = kind === 'integer' ? Number.isSafeInteger(written) : Number.isFinite(written);
  const within = written >= (minimum ?? written) && written <= (maximum ?? written);
  return fitting && within ? undefined : `${written} is not ${range}.`;
}

function choiceProblem(choices: readonly string[], written: unknown): string | undefined {
  const expected = choices.length === 1 ? `the word ${choices.join()}` : `one of ${choices.join(', ')}`;
  if (typeof written !== 'string') return mismatch(written, expected);
  if (choices.includes(written)) return undefined;
  const nearest = nearestKey(written, choices);
  const hint = nearest === undefined ? `Write ${expected}.` : `Did you mean ${nearest}?`;
  return `${quoted(written)} is not known here. ${hint}`;
}

function checkFields(shape: FieldsShape, written: unknown, path: Path, report: Report): void {
  const known = Object.keys(shape.fields);
  if (!isMap(written)) {
    report(path, mismatch(written, known.length === 0 ? 'nothing' : `a map with ${listed(known)}`));
    return;
  }
  for (const key of Object.keys(written))
    if (!Object.hasOwn(shape.fields, key)) report([...path, key], unknownKey(key, known), true);
  for (const [key, field] of Object.entries(shape.fields)) {
    if (Object.hasOwn(written, key)) check(field, written[key], [...path, key], report);
    else if (field.required === true)
      report(path, `The key ${key} is missing: ${expectedOf(field)} is expected.`, true);
  }
}

/** What is said of a key that is not known. */
export function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestKey(key, known);
  if (nearest !== undefined) return `This key is not known here. Did you mean ${nearest}?`;
  return `This key is not known here. ${known.length === 0 ? 'None is.' : `Known are ${known.join(', ')}.`}`;
}

/** What a shape is, with its article. */
export function expectedOf(shape: ParamShape): string {
  switch (shape.kind) {
    case 'text':
      return shape.expected ?? 'a text';
    case 'integer':
      return 'a whole number';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'duration':
      return 'a duration such as 30s';
    case 'choice':
      return `one of ${shape.choices.join(', ')}`;
    case 'expression':
      return 'an expression';
    case 'list':
      return 'a list';
    case 'map':
    case 'fields':
      return 'a map';
    case 'either':
      return shape.of.map(expectedOf).join(' or ');
    case 'any':
      return 'a value';
  }
}

function fits(shape: ParamShape, written: unknown): boolean {
  switch (shape.kind) {
    case 'text':
    case 'choice':
    case 'duration':
    case 'expression':
      return typeof written === 'string';
    case 'integer':
    case 'number':
      return typeof written === 'number';
    case 'boolean':
      return typeof written === 'boolean';
    case 'list':
      return Array.isArray(written);
    case 'map':
    case 'fields':
      return isMap(written);
    case 'either':
      return shape.of.some((one) => fits(one, written));
    case 'any':
      return true;
  }
}

/** A list as a part of a sentence; a long one is cut. */
function listed(words: readonly string[]): string {
  return words.length > 8 ? `${words.slice(0, 8).join(', ')} …` : words.join(', ');
}

/** A map as YAML makes it. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether JSON can hold it: no NaN, no infinity. */
export function isJson(value: unknown): value is JsonValue {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (Array.isArray(value)) return value.every(isJson);
  return typeof value === 'object' && Object.values(value).every(isJson);
}

/** Every value below a value, itself included, with its path. */
export function* valuesIn(value: JsonValue, path: Path = []): Generator<readonly [Path, JsonValue]> {
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  if (isJsonList(value)) for (const [index, item] of value.entries()) yield* valuesIn(item, [...path, index]);
  else for (const [key, item] of Object.entries(value)) yield* valuesIn(item, [...path, key]);
}
