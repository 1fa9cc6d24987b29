/** The library behind the expressions, and the part of its syntax tree that fsha reaches into. */
import { Environment } from '@marcbachmann/cel-js';
import type { ASTNode } from '@marcbachmann/cel-js';
import { isReserved, type Names, type Shape } from './scope.ts';

/** Characters of an expression. */
export const LONGEST = 2_000;

const LIMITS = {
  maxAstNodes: 500,
  maxDepth: 40,
  maxListElements: 100,
  maxMapEntries: 1,
  maxCallArguments: 4,
};

/** What carries out a node: the library calls it for each value that it needs. */
export type Evaluate = (evaluator: Evaluator, node: ASTNode, context: unknown) => unknown;

export interface Evaluator {
  readonly run: (node: ASTNode, context: unknown) => unknown;
}

/**
 * The library lets hosts exchange how a node is carried out (`setMeta`), which its types leave out. Macros stand behind
 * their call as `alternate`.
 */
export interface Carried {
  readonly meta: { readonly evaluate: Evaluate; readonly alternate?: Carried };
  readonly setMeta: (key: 'evaluate', value: Evaluate) => unknown;
}

export function carried(node: ASTNode): Carried {
  return node as unknown as Carried;
}

function environment(anyName: boolean): Environment {
  const made = new Environment({
    unlistedVariablesAreDyn: anyName,
    homogeneousAggregateLiterals: false,
    limits: LIMITS,
  });
  // JSON does not tell 3 from 3.0: what works for a load of 2.5 has to work for one of 3.
  made.registerOperator('int + double: double', (a: bigint, b: number) => Number(a) + b);
  made.registerOperator('int - double: double', (a: bigint, b: number) => Number(a) - b);
  made.registerOperator('int * double: double', (a: bigint, b: number) => Number(a) * b);
  made.registerOperator('int / double: double', (a: bigint, b: number) => Number(a) / b);
  made.registerOperator('double + int: double', (a: number, b: bigint) => a + Number(b));
  made.registerOperator('double - int: double', (a: number, b: bigint) => a - Number(b));
  made.registerOperator('double * int: double', (a: number, b: bigint) => a * Number(b));
  made.registerOperator('double / int: double', (a: number, b: bigint) => a / Number(b));
  return made;
}

/** Where expressions are carried out: names are looked at beforehand, and types when there are values. */
export const untyped = environment(true);

const typed = new WeakMap<Names, Environment>();

/** Where the types of an expression are checked. */
export function environmentOf(names: Names): Environment {
  let made = typed.get(names);
  if (made === undefined) {
    made = environment(false);
    for (const [name, shape] of Object.entries(names)) {
      // Whoever gave that name hears of it; the library would not even take it.
      if (isReserved(name)) continue;
      if (typeof shape === 'string') made.registerVariable(name, typeName(shape));
      else made.registerVariable(name, { schema: schemaOf(shape.fields) });
    }
    typed.set(names, made);
  }
  return made;
}

type Schema = { [key: string]: string | Schema };

function schemaOf(fields: Names): Schema {
  return Object.fromEntries(
    Object.entries(fields).map(([name, shape]) => [
      name,
      typeof shape === 'string' ? typeName(shape) : schemaOf(shape.fields),
    ]),
  );
}

function typeName(shape: Extract<Shape, string>): string {
  if (shape === 'integer') return 'int';
  if (shape === 'boolean') return 'bool';
  // A number of JSON is an int or a double, as it comes.
  return shape === 'any' || shape === 'number' ? 'dyn' : shape;
}
