/** The library's errors in words of our own: its messages may hold values, and these may be secret. */
import type { ASTNode } from '@marcbachmann/cel-js';
import { printable } from '../text.ts';
import type { ExpressionProblem } from './cel-tree.ts';
import { unknownName } from './scope.ts';

const TOKENS: Readonly<Record<string, string>> = {
  EOF: 'the end',
  NUMBER: 'a number',
  STRING: 'a text',
  BOOLEAN: 'true or false',
  NULL: 'null',
  IDENTIFIER: 'a name',
  PLUS: '+',
  MINUS: '-',
  MULTIPLY: '*',
  DIVIDE: '/',
  MODULO: '%',
  EQ: '==',
  NE: '!=',
  LT: '<',
  LE: '<=',
  GT: '>',
  GE: '>=',
  AND: '&&',
  OR: '||',
  NOT: '!',
  IN: 'in',
  LPAREN: '(',
  RPAREN: ')',
  LBRACKET: '[',
  RBRACKET: ']',
  LBRACE: '{',
  RBRACE: '}',
  DOT: '.',
  COMMA: ',',
  COLON: ':',
  QUESTION: '?',
  BYTES: 'bytes',
};

/** What the code alone says. */
const SENTENCES: Readonly<Record<string, string>> = {
  unterminated_string: 'This text has no closing quote.',
  unterminated_triple_quoted_string: 'This text has no closing quotes.',
  reserved_identifier: 'This word is reserved and has no value.',
  limit_exceeded: 'This expression is larger than one may be. Split it into several.',
  division_by_zero: 'This divides by zero.',
  modulo_by_zero: 'This divides by zero.',
  numeric_overflow: 'This number is larger than whole numbers may be.',
  int_conversion_error: 'int() needs a text that is a whole number, such as "42"; trim() takes spaces away.',
  double_conversion_error: 'double() needs a text that is a number, such as "0.5"; trim() takes spaces away.',
  cannot_index_type: 'A part is asked of a value that has none.',
  invalid_index_type: 'The place in a list is a whole number: [0] is the first.',
  invalid_escape_sequence: 'There is no such escape. A backslash is written twice, or once in r"…".',
  invalid_octal_escape: 'There is no such escape. A backslash is written twice, or once in r"…".',
  invalid_hex_escape: 'Two hexadecimal digits are expected behind \\x.',
  invalid_unicode_escape: 'Four hexadecimal digits are expected behind \\u, eight behind \\U.',
  invalid_exponent: 'Digits are expected behind the e of this number.',
  invalid_comprehension_range: 'Only through lists and maps can be gone one by one, and this is neither.',
  index_out_of_bounds: 'The list has no value at this place: the first is [0]. Ask for size() first.',
  incompatible_ternary_branches: 'Both values of ? : have to be of one type: use string(…), for example.',
  invalid_list_element_type: 'join() needs a list of texts: use map(x, string(x)) first.',
};

const UNFIT = 'The types in this expression do not fit each other.';

interface LibraryError {
  readonly code: string;
  readonly summary: string;
  readonly start: number | undefined;
  readonly node: ASTNode | undefined;
}

/**
 * @param lastOf what a node of the expression had when it failed; undefined where it was not carried out
 * @param known the names that have values
 */
export function problemOf(
  thrown: unknown,
  lastOf: (node: ASTNode) => unknown = () => undefined,
  known: readonly string[] = [],
): ExpressionProblem {
  const error = libraryError(thrown);
  if (error === undefined) {
    // The engine's own where it runs out of room; the library's, without a code, for an empty list's values.
    const deep = thrown instanceof RangeError;
    return { message: deep ? 'This expression is nested too deeply.' : UNFIT, offset: 0 };
  }
  return { message: sentence(error, lastOf, known), offset: error.start ?? 0 };
}

function sentence(
  { code, summary, node }: LibraryError,
  lastOf: (node: ASTNode) => unknown,
  known: readonly string[],
): string {
  const expected = /^Expected ([A-Z]+), got ([A-Z]+)$/.exec(summary);
  if (expected !== null) return `${token(expected[1])} is expected here, and this is ${token(expected[2])}.`;
  const unexpected = /^Unexpected token: ([A-Z]+)$/.exec(summary);
  if (unexpected !== null) return `A value is expected here, and this is ${token(unexpected[1])}.`;
  if (code === 'unexpected_character')
    return 'This character does not belong here. Texts stand in quotes, and == compares.';
  if (code === 'unknown_variable' && node?.op === 'id') return unknownName(node.args, known);
  if (code === 'no_such_key') return noSuchKey(node, lastOf);
  if (code === 'no_such_overload') return wrongTypes(node, summary);
  if (code === 'no_matching_overload') return wrongArguments(node, summary);
  if (code === 'invalid_condition_type' || code === 'invalid_logical_operand')
    return 'This has to be true or false: compare it with something.';
  if (code === 'invalid_macro_argument')
    return summary.startsWith('has(')
      ? 'has() asks for a field, as in has(before.stdout).'
      : 'A name for each value is needed first, as in list.map(x, x + 1).';
  return SENTENCES[code] ?? UNFIT;
}

function noSuchKey(node: ASTNode | undefined, lastOf: (node: ASTNode) => unknown): string {
  if (node?.op !== '.' && node?.op !== '[]')
    return 'A value that is asked for is not there. Ask has(…) first.';
  const inside = lastOf(node.args[0]);
  const name =
    node.op === '.'
      ? node.args[1]
      : node.args[1].op === 'value' && typeof node.args[1].args === 'string'
        ? node.args[1].args
        : undefined;
  if (inside instanceof Map) {
    const keys = [...inside.keys()].map(String);
    if (name === undefined) return 'The map has no such key. Ask key in map first.';
    return `${unknownName(name, keys, 'here')} Where it may be missing ask has(…) first.`;
  }
  const said = name === undefined ? 'A part' : printable(name, 40);
  if (inside === null) return `${said} is asked of nothing (null). Compare with null first.`;
  return `${said} is asked of a value that has no parts of that kind.`;
}

/** `no such overload: int + string`: the library names types and no values. */
function wrongTypes(node: ASTNode | undefined, summary: string): string {
  const match = /^no such overload: (\S+) (\S+) (\S+)$/.exec(summary);
  const hint = 'Use int(…), double(…) or string(…) to make them alike.';
  if (match !== null)
    return `${typeWord(match[1])} and ${typeWord(match[3])} cannot be put together by ${match[2] ?? ''}. ${hint}`;
  return node?.op === '!_'
    ? '! needs true or false behind it.'
    : `These types do not fit each other. ${hint}`;
}

function wrongArguments(node: ASTNode | undefined, summary: string): string {
  const name = node?.op === 'call' || node?.op === 'rcall' ? node.args[0] : 'this';
  const types = /'(?:([\w<>, ]+)\.)?\w+\(([\w<>, .]*)\)'$/.exec(summary);
  const given = [types?.[1], types?.[2]].filter((one) => one !== undefined && one !== '');
  const said = given.length === 0 ? '' : ` (here: ${given.map((one) => typeWord(one)).join(', ')})`;
  return `${name}() cannot be asked of values of these types${said}.`;
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  double: 'a number',
  string: 'a text',
  bool: 'true or false',
  null: 'nothing (null)',
  list: 'a list',
  map: 'a map',
};

function typeWord(type = ''): string {
  const plain = /^(?:dyn<)?(\w+)/.exec(type)?.[1] ?? '';
  return TYPES[plain] ?? 'a value';
}

function token(name = ''): string {
  return TOKENS[name] ?? 'something else';
}

/** What the library throws; undefined for the engine's own errors, such as too deep a recursion. */
function libraryError(thrown: unknown): LibraryError | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('summary' in thrown)) return undefined;
  const { code, summary, node, range } = thrown as Error & {
    readonly code: string;
    readonly summary: string;
    readonly node?: ASTNode;
    readonly range?: { readonly start: number };
  };
  return { code, summary, start: range?.start, node };
}
