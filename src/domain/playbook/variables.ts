/** Variables of a playbook: what they are declared to be, and the values that a command line gives them. */
import { parseDuration } from '../duration.ts';
import { printable } from '../text.ts';
import { isJsonList, isJsonObject, kindOfJson, type JsonValue } from './json.ts';
import type { PlaybookVariable, VariableType } from './playbook.ts';
import { unknownName, type Names, type Shape } from './scope.ts';

/** Where a secret is: it never stands on a command line or in a playbook itself. */
export type SecretSource =
  { readonly from: 'env'; readonly name: string } | { readonly from: 'file'; readonly path: string };

/** What is needed of a declared variable. */
export type Declared = Pick<
  PlaybookVariable,
  'name' | 'type' | 'description' | 'required' | 'secret' | 'default'
>;

export type VariableReading<T> = { readonly value: T } | { readonly wrong: string };

const EXPECTED: Readonly<Record<VariableType, string>> = {
  string: 'a text',
  integer: 'a whole number, such as 3',
  number: 'a number, such as 0.5',
  boolean: 'true or false',
  duration: 'a duration, such as 30s or 1h30m',
  list: 'a list',
};

/** Reads a value as YAML has it, for example a default. A duration becomes milliseconds. */
export function readVariableValue(type: VariableType, written: JsonValue): VariableReading<JsonValue> {
  const mismatch = { wrong: `This is ${kindOfJson(written)}: ${EXPECTED[type]} is expected here.` };
  switch (type) {
    case 'string':
      if (typeof written === 'string') return { value: written };
      return typeof written === 'object' ? mismatch : { wrong: `${mismatch.wrong} Put it in quotes.` };
    case 'integer':
      if (typeof written !== 'number') return mismatch;
      return Number.isSafeInteger(written) ? { value: written } : { wrong: 'This is no whole number.' };
    case 'number':
      return typeof written === 'number' && Number.isFinite(written) ? { value: written } : mismatch;
    case 'boolean':
      return typeof written === 'boolean' ? { value: written } : mismatch;
    case 'duration': {
      if (typeof written !== 'string') return mismatch;
      const ms = parseDuration(written);
      return ms === undefined ? { wrong: `This is not ${EXPECTED.duration}.` } : { value: ms };
    }
    case 'list':
      if (!isJsonList(written)) return mismatch;
      return written.some((item) => typeof item === 'object')
        ? { wrong: 'A list of a variable holds texts, numbers, true and false, and nothing else.' }
        : { value: written };
  }
}

/** Reads a value as a command line has it. A list is written `a,b,c`. */
export function readVariableText(type: VariableType, text: string): VariableReading<JsonValue> {
  switch (type) {
    case 'string':
      return { value: text };
    case 'integer':
    case 'number': {
      const shape = type === 'integer' ? /^[+-]?\d{1,16}$/ : /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
      const number = shape.test(text) ? Number(text) : Number.NaN;
      const fits = type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number);
      return fits ? { value: number } : { wrong: `This is not ${EXPECTED[type]}.` };
    }
    case 'boolean':
      if (text === 'true' || text === 'false') return { value: text === 'true' };
      return { wrong: 'This is neither true nor false.' };
    case 'duration':
      return readVariableValue('duration', text);
    case 'list':
      return { value: text === '' ? [] : text.split(',') };
  }
}

/** Reads `env:NAME` or `file:PATH`. What stands here instead may be the secret itself and is not repeated. */
export function readSecretSource(text: string): VariableReading<SecretSource> {
  const [, kind, rest = ''] = /^(env|file):(.*)$/s.exec(text) ?? [];
  if (kind === 'env' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(rest)) return { value: { from: 'env', name: rest } };
  if (kind === 'file' && rest !== '' && !/[\u0000-\u001f\u007f]/.test(rest))
    return { value: { from: 'file', path: rest } };
  return {
    wrong: 'A secret does not stand here bare, where others see it: write env:NAME or file:PATH.',
  };
}

/** Reads where a secret is unless the command line says otherwise: { env: NAME } or { file: PATH }, as in an inventory. */
export function readSecretDefault(written: JsonValue): VariableReading<SecretSource> {
  if (isJsonObject(written)) {
    const [entry, ...more] = Object.entries(written);
    if (entry !== undefined && more.length === 0 && typeof entry[1] === 'string') {
      const reading = readSecretSource(`${entry[0]}:${entry[1]}`);
      if ('value' in reading) return reading;
    }
  }
  return { wrong: 'The default of a secret says where it is: { env: NAME } or { file: PATH }.' };
}

export interface GivenVariables {
  /** The values of all variables that have one, but for secrets. */
  readonly values: Readonly<Record<string, JsonValue>>;
  /** Where the secrets are to be read. Their values belong into memory only. */
  readonly secrets: Readonly<Record<string, SecretSource>>;
}

/**
 * Puts together defaults and what the command line gives.
 * @param given the texts of --var, each `name=value`; of several for one name the last one counts
 * @returns everything that is wrong, each a line for people, or the values
 */
export function giveVariables(
  variables: readonly Declared[],
  given: readonly string[],
): { readonly value: GivenVariables } | { readonly problems: readonly string[] } {
  const values: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>;
  const secrets: Record<string, SecretSource> = Object.create(null) as Record<string, SecretSource>;
  const problems: string[] = [];
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  const tried = new Set<string>();
  for (const { name, type, secret, default: written } of variables) {
    if (written === undefined) continue;
    const reading = secret ? readSecretDefault(written) : readVariableValue(type, written);
    if ('wrong' in reading) problems.push(`The default of the variable ${name}: ${reading.wrong}`);
    else if (secret) secrets[name] = reading.value as SecretSource;
    else values[name] = reading.value;
  }
  for (const one of given) {
    const [, name, text = ''] = /^([^=]*)=(.*)$/s.exec(one) ?? [];
    if (name === undefined) {
      // What has no name may be a value, and a value may be a secret.
      problems.push('--var: name=value is expected, and there is no = in it.');
      continue;
    }
    const variable = byName.get(name);
    if (variable === undefined) {
      problems.push(`--var: ${unknownName(name, [...byName.keys()], 'in this playbook')}`);
      continue;
    }
    tried.add(name);
    const reading = variable.secret ? readSecretSource(text) : readVariableText(variable.type, text);
    if ('wrong' in reading) problems.push(`--var ${printable(name, 70)}: ${reading.wrong}`);
    else if (variable.secret) secrets[name] = reading.value as SecretSource;
    else values[name] = reading.value;
  }
  for (const { name, required, secret, type, description } of variables) {
    if (!required || tried.has(name) || Object.hasOwn(secret ? secrets : values, name)) continue;
    const how = secret ? `--var ${name}=env:NAME or file:PATH` : `--var ${name}=… (${EXPECTED[type]})`;
    const what = description === '' ? '' : ` It is: ${printable(description)}`;
    problems.push(`The variable ${name} is required and has no value: give ${how}.${what}`);
  }
  return problems.length > 0 ? { problems } : { value: { values, secrets } };
}

/** What expressions know of the variables: `vars.NAME`. A duration is an integer, of milliseconds. */
export function variableNames(variables: readonly Declared[]): Names {
  const shapes: Readonly<Record<VariableType, Shape>> = {
    string: 'string',
    integer: 'integer',
    number: 'number',
    boolean: 'boolean',
    duration: 'integer',
    list: 'list',
  };
  return Object.fromEntries(variables.map(({ name, type }) => [name, shapes[type]]));
}
