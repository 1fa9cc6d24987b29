/**
 * Expressions of playbooks: CEL, of which a small part is allowed, and nothing is reachable but the values that are
 * given. What carrying one out may cost is bounded. Nothing here throws for what an expression or a value says.
 */
import type { ParseResult } from '@marcbachmann/cel-js';
import { environmentOf, LONGEST, untyped } from './cel-library.ts';
import { Meter } from './cel-meter.ts';
import { survey, type ExpressionProblem, type Reference } from './cel-tree.ts';
import { fromCel, toCel, TooDeep } from './cel-values.ts';
import { problemOf } from './cel-words.ts';
import type { JsonValue } from './json.ts';
import { unknownName, type Names, type Shape, type Values } from './scope.ts';

export type { ExpressionProblem, Reference } from './cel-tree.ts';

export type Outcome<T> = { readonly value: T } | { readonly problem: ExpressionProblem };

export interface Expression {
  readonly text: string;
  /** What it uses of the scope, each once: `vars.x` may stand in it several times. */
  readonly references: readonly Reference[];
  /** What is wrong with it where these names are there; with types as far as they are known. */
  readonly check: (names: Names, expected?: 'boolean') => readonly ExpressionProblem[];
  /** Its value, with exactly these values in reach. Ends within a bounded time. */
  readonly evaluate: (values: Values) => Outcome<JsonValue>;
}

/** Reads an expression. What is not understood or not allowed is a problem with its place; the first one only. */
export function compileExpression(text: string): Outcome<Expression> {
  if (text.length > LONGEST)
    return failed(`An expression has ${LONGEST} characters at most, and this has ${text.length}.`, 0);
  if (text.trim() === '') return failed('An expression is expected here, and nothing stands here.', 0);
  let parsed: ParseResult;
  try {
    parsed = untyped.parse(text);
  } catch (error) {
    return { problem: problemOf(error) };
  }
  const { references, problems } = survey(parsed.ast);
  const [problem] = problems;
  if (problem !== undefined) return { problem };
  // Types that never fit, such as `1 + "x"`, whatever the names stand for.
  const first = parsed.check();
  if (!first.valid) return { problem: problemOf(first.error) };
  const meter = new Meter(parsed.ast);
  return {
    value: {
      text,
      references: distinct(references),
      check: (names, expected) => check(text, references, names, expected),
      evaluate: (values) => evaluate(parsed, meter, rootsOf(references), values),
    },
  };
}

/** Carries out a condition. @returns a problem where its value is neither true nor false */
export function evaluateCondition(expression: Expression, values: Values): Outcome<boolean> {
  const outcome = expression.evaluate(values);
  if ('problem' in outcome) return outcome;
  return typeof outcome.value === 'boolean' ? { value: outcome.value } : failed(NO_CONDITION, 0);
}

/** The names at the top that it uses, in the order in which they stand there. */
export function namesUsed(expression: Expression): readonly string[] {
  return rootsOf(expression.references);
}

const NO_CONDITION = 'A condition has to be true or false: compare this with something.';

function rootsOf(references: readonly Reference[]): readonly string[] {
  return [...new Set(references.map(({ path }) => path[0] ?? ''))];
}

function distinct(references: readonly Reference[]): readonly Reference[] {
  const first = new Map<string, Reference>();
  for (const reference of references) {
    const key = JSON.stringify(reference.path);
    if (!first.has(key)) first.set(key, reference);
  }
  return [...first.values()];
}

function check(
  text: string,
  references: readonly Reference[],
  names: Names,
  expected: 'boolean' | undefined,
): readonly ExpressionProblem[] {
  const unknown = references.flatMap((reference) => unknownPart(reference, names) ?? []);
  if (unknown.length > 0) return unknown;
  const { valid, type, error } = environmentOf(names).check(text);
  if (!valid) return [problemOf(error, undefined, Object.keys(names))];
  const fits = expected === undefined || type === 'bool' || type === 'dyn';
  return fits ? [] : [{ message: NO_CONDITION, offset: 0 }];
}

/** The first part of a reference that is not there; undefined where all are, or nobody knows yet. */
function unknownPart({ path, offsets }: Reference, names: Names): ExpressionProblem | undefined {
  let shape: Shape = { fields: names };
  for (const [index, part] of path.entries()) {
    if (typeof shape === 'string') return undefined;
    const next: Shape | undefined = Object.hasOwn(shape.fields, part) ? shape.fields[part] : undefined;
    if (next === undefined) {
      const where = index === 0 ? 'here' : `in ${path.slice(0, index).join('.')}`;
      const message = unknownName(part, Object.keys(shape.fields), where);
      return { message, offset: offsets[index] ?? 0 };
    }
    shape = next;
  }
  return undefined;
}

function evaluate(
  parsed: ParseResult,
  meter: Meter,
  roots: readonly string[],
  values: Values,
): Outcome<JsonValue> {
  const context = new Map<string, unknown>();
  try {
    for (const name of roots) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value !== undefined) context.set(name, toCel(value));
    }
  } catch (error) {
    if (error instanceof TooDeep) return failed('A value that is asked for is nested too deeply.', 0);
    throw error;
  }
  meter.begin();
  let result: unknown;
  let problem: ExpressionProblem | undefined;
  try {
    result = parsed(context);
  } catch (error) {
    if (meter.stopped === undefined)
      problem = problemOf(error, (node) => meter.last(node), Object.keys(values));
  }
  const { stopped } = meter;
  meter.end();
  if (stopped !== undefined) return failed(stopped.message, stopped.offset);
  if (problem !== undefined) return { problem };
  const value = fromCel(result);
  return value === undefined
    ? failed('The result is not a value that can be written: a number too large, or none at all.', 0)
    : { value };
}

function failed(message: string, offset: number): { readonly problem: ExpressionProblem } {
  return { problem: { message, offset } };
}
