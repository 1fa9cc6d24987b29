/** Texts with `{{ expression }}` in them, and whole JSON values made of such texts. */
import { compileExpression, type Expression, type ExpressionProblem, type Outcome } from './expression.ts';
import { isJsonList, jsonObject, type JsonValue } from './json.ts';
import type { Names, Values } from './scope.ts';

export type TemplatePart =
  | { readonly literal: string; readonly offset: number }
  /** The offset is that of the expression's own text, behind the braces and spaces. */
  | { readonly expression: Expression; readonly offset: number };

export interface Template {
  readonly text: string;
  readonly parts: readonly TemplatePart[];
}

/** Writes a value into a text. @returns why it cannot, a whole sentence, as a problem */
export type Insert = (value: JsonValue) => { readonly value: string } | { readonly wrong: string };

/** Reads a text once. Every problem is told, each with its place in the text. */
export function parseTemplate(
  text: string,
): { readonly value: Template } | { readonly problems: readonly ExpressionProblem[] } {
  const parts: TemplatePart[] = [];
  const problems: ExpressionProblem[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    const literal = text.slice(at, open < 0 ? undefined : open);
    if (literal !== '') parts.push({ literal, offset: at });
    if (open < 0) break;
    const close = closingBraces(text, open + 2);
    if (close === undefined) {
      problems.push({ message: UNCLOSED, offset: open });
      break;
    }
    const written = text.slice(open + 2, close);
    const offset = open + 2 + (written.length - written.trimStart().length);
    const compiled = compileExpression(written.trim());
    if ('problem' in compiled)
      problems.push({ ...compiled.problem, offset: offset + compiled.problem.offset });
    else parts.push({ expression: compiled.value, offset });
    at = close + 2;
  }
  return problems.length > 0 ? { problems } : { value: { text, parts } };
}

const UNCLOSED = 'These braces are not closed: }} is missing. Two braces as text are {{ "{{" }}.';

/** Where `}}` stands outside of quotes; undefined where nowhere. */
function closingBraces(text: string, from: number): number | undefined {
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (text.startsWith(quote, at)) {
        at += quote.length - 1;
        quote = '';
      }
    } else if (character === '"' || character === "'") {
      quote = text.startsWith(character.repeat(3), at) ? character.repeat(3) : character;
      at += quote.length - 1;
    } else if (text.startsWith('}}', at)) return at;
  }
  return undefined;
}

/** Whether nothing of it has to be carried out. */
export function isLiteral(template: Template): boolean {
  return template.parts.every((part) => 'literal' in part);
}

/** The expressions of a template. */
export function expressionsOf(template: Template): readonly Expression[] {
  return template.parts.flatMap((part) => ('expression' in part ? [part.expression] : []));
}

/** What is wrong with its expressions where these names are there. */
export function checkTemplate(template: Template, names: Names): readonly ExpressionProblem[] {
  return template.parts.flatMap((part) =>
    'literal' in part
      ? []
      : part.expression.check(names).map((problem) => ({ ...problem, offset: part.offset + problem.offset })),
  );
}

/**
 * The value of a template. One that is a single expression from end to end keeps the type of its value; else texts,
 * numbers, true and false are written into the text, lists and maps as JSON, and nothing (null) is a problem.
 * @param insert how a value is written instead; then the result is a text in every case
 */
export function renderTemplate(template: Template, values: Values, insert?: Insert): Outcome<JsonValue> {
  const [only] = template.parts;
  if (
    insert === undefined &&
    template.parts.length === 1 &&
    only !== undefined &&
    'expression' in only &&
    template.text.startsWith('{{')
  ) {
    return shifted(only.expression.evaluate(values), only.offset);
  }
  let text = '';
  for (const part of template.parts) {
    if ('literal' in part) {
      text += part.literal;
      continue;
    }
    const outcome = shifted(part.expression.evaluate(values), part.offset);
    if ('problem' in outcome) return outcome;
    const written = (insert ?? plainText)(outcome.value);
    if ('wrong' in written) return { problem: { message: written.wrong, offset: part.offset } };
    text += written.value;
  }
  return { value: text };
}

function shifted(outcome: Outcome<JsonValue>, offset: number): Outcome<JsonValue> {
  return 'value' in outcome
    ? outcome
    : { problem: { ...outcome.problem, offset: offset + outcome.problem.offset } };
}

const plainText: Insert = (value) => {
  if (value === null)
    return { wrong: 'This is nothing (null). Say what is written then: x == null ? "…" : string(x).' };
  return { value: typeof value === 'object' ? JSON.stringify(value) : scalarText(value) };
};

/** How a text, a number, true or false stands in a text. */
export function scalarText(value: string | number | boolean): string {
  return String(value);
}

/** A place in a JSON value, and what is wrong there: the offset counts in the text at that place. */
export interface ValueProblem extends ExpressionProblem {
  readonly path: readonly (string | number)[];
}

/**
 * Carries out every text of a JSON value as a template: lists and maps keep their form, keys are left as they are.
 * Texts that are no templates are problems, though {@link parseTemplate} is meant to have found them before.
 */
export function renderValue(
  value: JsonValue,
  values: Values,
  insert?: Insert,
): { readonly value: JsonValue } | { readonly problem: ValueProblem } {
  const walk = (written: JsonValue, path: readonly (string | number)[]): JsonValue => {
    if (typeof written === 'string') {
      const parsed = parseTemplate(written);
      if ('problems' in parsed) throw new Unrendered(path, parsed.problems[0]);
      const outcome = renderTemplate(parsed.value, values, insert);
      if ('problem' in outcome) throw new Unrendered(path, outcome.problem);
      return outcome.value;
    }
    if (typeof written !== 'object' || written === null) return written;
    if (isJsonList(written)) return written.map((item, index) => walk(item, [...path, index]));
    return jsonObject(Object.entries(written).map(([key, item]) => [key, walk(item, [...path, key])]));
  };
  try {
    return { value: walk(value, []) };
  } catch (error) {
    if (error instanceof Unrendered) return { problem: { path: error.path, ...error.problem } };
    throw error;
  }
}

class Unrendered extends Error {
  readonly path: readonly (string | number)[];
  readonly problem: ExpressionProblem;

  constructor(path: readonly (string | number)[], problem: ExpressionProblem = { message: '', offset: 0 }) {
    super(problem.message);
    this.path = path;
    this.problem = problem;
  }
}

/** Every text of a JSON value, each with its path. */
export function textsOf(
  value: JsonValue,
  path: readonly (string | number)[] = [],
): readonly { readonly path: readonly (string | number)[]; readonly text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  if (isJsonList(value)) return value.flatMap((item, index) => textsOf(item, [...path, index]));
  return Object.entries(value).flatMap(([key, item]) => textsOf(item, [...path, key]));
}
