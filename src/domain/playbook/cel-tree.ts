/** What of the language is allowed, and which names an expression uses: looked at before anything is carried out. */
import type { ASTNode } from '@marcbachmann/cel-js';
import { nearestKey } from '../nearest-key.ts';
import { printable } from '../text.ts';
import { linearMatch } from './cel-match.ts';
import { isReserved } from './scope.ts';

/** What is wrong with an expression and where in its text, in UTF-16 units from its beginning. */
export interface ExpressionProblem {
  /** One or more whole sentences: what is wrong and what to do. Without any value. */
  readonly message: string;
  readonly offset: number;
}

/** A name and the fields that are asked of it: `vars.package` is ['vars', 'package']. */
export interface Reference {
  readonly path: readonly string[];
  /** Where each part of the path stands. */
  readonly offsets: readonly number[];
}

export interface Survey {
  readonly references: readonly Reference[];
  readonly problems: readonly ExpressionProblem[];
}

/** Functions by name, with the numbers of arguments that they take. */
const FUNCTIONS: Readonly<Record<string, readonly number[]>> = {
  has: [1],
  size: [1],
  int: [1],
  double: [1],
  string: [1],
};

const METHODS: Readonly<Record<string, readonly number[]>> = {
  size: [0],
  contains: [1],
  startsWith: [1],
  endsWith: [1],
  matches: [1],
  trim: [0],
  lowerAscii: [0],
  split: [1],
  join: [1],
};

/** Those that go through a list: their first argument names each value in turn. */
const MACROS: Readonly<Record<string, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  filter: [2],
  map: [2, 3],
};

export function survey(root: ASTNode): Survey {
  const references: Reference[] = [];
  const problems: ExpressionProblem[] = [];
  const refuse = (offset: number, message: string): void => void problems.push({ message, offset });

  const known = (
    name: string,
    offset: number,
    given: number,
    functions: Readonly<Record<string, readonly number[]>>,
  ): boolean => {
    const counts = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (counts === undefined) refuse(offset, unknownFunction(name, functions === FUNCTIONS));
    else if (!counts.includes(given))
      refuse(offset, `${name}() takes ${counts.join(' or ')} values in its brackets, and here are ${given}.`);
    else return true;
    return false;
  };

  const visit = (node: ASTNode, locals: ReadonlySet<string>): void => {
    const reference = referenceOf(node);
    if (reference !== undefined) {
      const [name = ''] = reference.path;
      if (locals.has(name)) return;
      if (isReserved(name)) refuse(node.start, `${name} is a word of the expressions and has no value.`);
      else references.push(reference);
      return;
    }
    switch (node.op) {
      case 'value':
        if (typeof node.args === 'object' && node.args !== null)
          refuse(node.start, 'Bytes and unsigned numbers are not used here: write a text or a plain number.');
        return;
      case 'call': {
        const [name, values] = node.args;
        if (known(name, node.start, values.length, FUNCTIONS)) visitAll(values, locals);
        return;
      }
      case 'rcall': {
        const [name, receiver, values] = node.args;
        const place = receiver.end;
        visit(receiver, locals);
        if (!Object.hasOwn(MACROS, name)) {
          if (known(name, place, values.length, METHODS)) visitAll(values, locals);
          const [pattern] = values;
          if (name === 'matches' && pattern?.op === 'value' && typeof pattern.args === 'string') {
            const match = linearMatch(pattern.args);
            if (typeof match === 'string') refuse(pattern.start, `This regular expression ${match}.`);
          }
        } else if (known(name, place, values.length, MACROS)) {
          const [each, ...rest] = values;
          if (each?.op !== 'id' || isReserved(each.args))
            refuse(each?.start ?? place, `${name}() needs a name for each value first: list.${name}(x, …).`);
          else visitAll(rest, new Set([...locals, each.args]));
        }
        return;
      }
      case 'map':
        refuse(node.start, 'Maps cannot be written in an expression.');
        return;
      case 'list':
        visitAll(node.args, locals);
        return;
      case '.':
        visit(node.args[0], locals);
        return;
      case '!_':
      case '-_':
        visit(node.args, locals);
        return;
      case 'id':
      case '.?':
      case '[?]':
        refuse(node.start, 'This cannot be used in an expression.');
        return;
      default:
        visitAll(node.args, locals);
    }
  };
  const visitAll = (nodes: readonly ASTNode[], locals: ReadonlySet<string>): void => {
    for (const node of nodes) visit(node, locals);
  };

  visit(root, new Set());
  return { references, problems };
}

/** A name followed by fields, each `.name` or `["name"]`. What follows an index that is not a text is left to the run. */
function referenceOf(node: ASTNode): Reference | undefined {
  if (node.op === 'id') return { path: [node.args], offsets: [node.start] };
  if (node.op === '.') {
    const before = referenceOf(node.args[0]);
    return before && { path: [...before.path, node.args[1]], offsets: [...before.offsets, node.pos] };
  }
  if (node.op !== '[]') return undefined;
  const [inside, index] = node.args;
  if (index.op !== 'value' || typeof index.args !== 'string') return undefined;
  const before = referenceOf(inside);
  return before && { path: [...before.path, index.args], offsets: [...before.offsets, index.start] };
}

function unknownFunction(name: string, alone: boolean): string {
  const said = printable(name, 40);
  const here = alone ? FUNCTIONS : { ...METHODS, ...MACROS };
  const there = alone ? { ...METHODS, ...MACROS } : FUNCTIONS;
  if (Object.hasOwn(there, name))
    return alone ? `${said}() stands behind a value: value.${said}(…).` : `Write ${said}(value).`;
  const nearest = nearestKey(name, Object.keys(here));
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}()?`;
  return `There is no ${said}() here.${hint} Known: ${Object.keys(here).join(', ')}.`;
}
