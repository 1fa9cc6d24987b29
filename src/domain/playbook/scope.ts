/** Which names an expression may use, and what is said where it uses another one. */
import { nearestKey } from '../nearest-key.ts';
import { printable } from '../text.ts';
import type { JsonValue } from './json.ts';

/** What is known of a value before there is one. `any` may be whatever; `fields` are all that there are. */
export type Shape = 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'any' | { readonly fields: Names };

/** Shapes by name. */
export type Names = Readonly<Record<string, Shape>>;

/** Values by name: at the top `vars`, `node`, `policy`, `cluster` and whatever steps registered. */
export type Values = Readonly<Record<string, JsonValue>>;

/** What is known before the first step: an expression that uses nothing else is decided when the plan is made. */
const BEFORE_THE_RUN: readonly string[] = ['vars', 'node', 'policy', 'cluster'];

/** What is no name anywhere, not even behind a dot. */
const NEVER = new Set('true false null in __proto__ prototype constructor'.split(' '));

/** What is no name at the top, beside `vars`: words of the language, and names that its library keeps to itself. */
const RESERVED = new Set(
  (
    'as break const continue else for function if import let loop package namespace return var ' +
    'void while has size int uint double string bool bytes list map type dyn ' +
    'null_type optional google cel timestamp duration'
  ).split(' '),
);

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/**
 * What is wrong with the name of a variable, which is always asked for behind `vars.`
 * @returns a whole sentence, or undefined where the name can be used
 */
export function nameProblem(name: string): string | undefined {
  if (!NAME.test(name)) {
    return 'A name is made of letters, digits and _, begins with no digit, and has 64 characters at most.';
  }
  return NEVER.has(name) ? wordOfExpressions(name) : undefined;
}

/** The same for what a step registers, which stands beside `vars` and `node`. */
export function registerNameProblem(name: string): string | undefined {
  if (BEFORE_THE_RUN.includes(name))
    return `${name} is what every expression has already. Choose another name.`;
  return isReserved(name) ? wordOfExpressions(name) : nameProblem(name);
}

function wordOfExpressions(name: string): string {
  return `${name} is a word of the expressions. Choose another name.`;
}

export function isReserved(name: string): boolean {
  return NEVER.has(name) || RESERVED.has(name);
}

/** Whether all of these names have their values before the first step. */
export function knownBeforeTheRun(names: Iterable<string>): boolean {
  return [...names].every((name) => BEFORE_THE_RUN.includes(name));
}

/** As many names as fit into a sentence. */
const MOST_NAMES = 12;

/** `stdot is not known here. Did you mean stdout? Known: ok, stderr, stdout.` */
export function unknownName(name: string, known: readonly string[], where = 'here'): string {
  const said = printable(name, 40);
  if (known.length === 0) return `${said} is not known ${where}: nothing is.`;
  const nearest = nearestKey(name, known);
  const names = known.slice(0, MOST_NAMES).map((one) => printable(one, 40));
  const more = known.length > MOST_NAMES ? ` and ${known.length - MOST_NAMES} more` : '';
  const hint = nearest === undefined ? '' : ` Did you mean ${printable(nearest, 40)}?`;
  return `${said} is not known ${where}.${hint} Known: ${names.join(', ')}${more}.`;
}
