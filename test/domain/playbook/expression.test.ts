import { describe, expect, test } from 'vitest';
import {
  compileExpression,
  evaluateCondition,
  namesUsed,
  type Expression,
  type ExpressionProblem,
} from '../../../src/domain/playbook/expression.ts';
import type { JsonValue } from '../../../src/domain/playbook/json.ts';
import type { Names, Values } from '../../../src/domain/playbook/scope.ts';

const VALUES: Values = {
  vars: { package: 'freeswitch', wanted: '1.10.12', count: 3, ratio: 0.5, list: ['a', 'b'], none: null },
  node: { name: 'node-1', host: '10.0.1.10', labels: { role: 'edge', 'a-b': 'dashed' } },
  before: {
    ok: true,
    code: 0,
    stdout: '1.10.11\n',
    rows: [
      { id: 1, up: true },
      { id: 2, up: false },
    ],
  },
};

function compiled(text: string): Expression {
  const outcome = compileExpression(text);
  if ('problem' in outcome) expect.fail(`${text}: ${outcome.problem.message}`);
  return outcome.value;
}

function valueOf(text: string, values = VALUES): JsonValue {
  const outcome = compiled(text).evaluate(values);
  if ('problem' in outcome) expect.fail(`${text}: ${outcome.problem.message}`);
  return outcome.value;
}

/** What is said of it, before or when it is carried out. */
function problemOf(text: string, values = VALUES): ExpressionProblem {
  const outcome = compileExpression(text);
  if ('problem' in outcome) return outcome.problem;
  const result = outcome.value.evaluate(values);
  if ('value' in result) expect.fail(`${text} is ${JSON.stringify(result.value)}`);
  return result.problem;
}

test.each<[string, JsonValue]>([
  ['before.stdout.trim() != vars.wanted', true],
  ['vars.count', 3],
  ['vars.ratio', 0.5],
  ['vars.none', null],
  ['vars.none == null', true],
  ['vars', VALUES['vars'] ?? null],
  ['vars.count + vars.ratio', 3.5],
  ['vars.ratio * vars.count - 1', 0.5],
  ['vars.count / 2', 1],
  ['double(vars.count) / 2', 1.5],
  ['vars.count % 2 == 1', true],
  ['-vars.count', -3],
  ['vars.count == 3.0', true],
  ['vars.count == "3"', false],
  ['string(vars.count) + "!"', '3!'],
  ['node.labels["a-b"]', 'dashed'],
  ['has(node.labels.zone)', false],
  ['has(before.rows) && !has(before.json)', true],
  ['before.rows[1].id', 2],
  ['before.rows.exists(row, row.up)', true],
  ['before.rows.all(row, row.up)', false],
  ['before.rows.exists_one(row, row.id == 2)', true],
  ['before.rows.map(row, row.id)', [1, 2]],
  ['before.rows.filter(row, row.up)', [{ id: 1, up: true }]],
  ['before.rows.filter(row, row.up) + before.rows.filter(row, row.id == 3)', [{ id: 1, up: true }]],
  ['vars.list + ["c"]', ['a', 'b', 'c']],
  ['[1, "a", true]', [1, 'a', true]],
  ['[]', []],
  ['"a" in vars.list', true],
  ['"role" in node.labels', true],
  ['false && before.nothing', false],
  ['before.ok ? "yes" : "no"', 'yes'],
  ['before.stdout.matches("^1[.]10")', true],
  ['"äöü".size()', 3],
  ['"a,b".split(",").join("-")', 'a-b'],
  ["r'\\d' + '''x'''", '\\dx'],
  ['vars["package"]', 'freeswitch'],
])('%s', (text, value) => {
  expect(valueOf(text)).toEqual(value);
});

describe('what is wrong is said with its place', () => {
  test.each<[string, number, string | RegExp]>([
    ['', 0, 'nothing stands here'],
    ['1 +', 3, 'A value is expected here, and this is the end.'],
    ['size(vars.list', 14, ') is expected here, and this is the end.'],
    ['a = 1', 2, '== compares'],
    ["'abc", 0, 'no closing quote'],
    ['1 + "x"', 0, 'a whole number and a text cannot be put together by +'],
    ['"x" && true', 0, 'This has to be true or false'],
    ['vars.package + 1', 0, 'a text and a whole number cannot be put together'],
    ['vars.packge', 5, 'Did you mean package?'],
    ['befor.ok', 0, 'Did you mean before?'],
    ['before.rows[0].nam', 15, 'nam is not known here. Known: id, up.'],
    ['before.rows[7]', 0, 'no value at this place'],
    ['vars.none.x', 10, 'x is asked of nothing (null)'],
    ['vars.count.x', 11, 'has no parts of that kind'],
    ['vars.count / 0', 0, 'divides by zero'],
    ['int("x")', 0, 'int() needs a text that is a whole number'],
    ['size(vars.count)', 0, 'size() cannot be asked of values of these types (here: a whole number).'],
    ['vars.list.joins(",")', 9, 'Did you mean join()?'],
    ['trim(vars.package)', 0, 'trim() stands behind a value'],
    ['vars.package.string()', 12, 'Write string(value).'],
    ['vars.list.map(x)', 9, 'map() takes 2 or 3 values'],
    ['vars.list.map(1, 2)', 14, 'A name for each value is needed first'],
    ['vars.package.matches("(")', 21, 'regular expression is not one that is understood'],
    ['vars.package.matches(vars.wanted + "(")', 21, 'regular expression is not one that is understood'],
    ['vars.package.matches("(?=a)")', 21, 'no look-around'],
    ['has(vars)', 4, 'has() asks for a field'],
    ['{"a": 1}', 0, 'Maps cannot be written'],
    ['b"x"', 0, 'Bytes'],
    ['1u', 0, 'unsigned'],
    ['google.protobuf', 0, 'word of the expressions'],
    ['vars.list.all(int, true)', 14, 'needs a name for each value'],
    ['1.0 / 0.0', 0, 'not a value that can be written'],
    ['9007199254740993', 0, 'not a value that can be written'],
    ['9223372036854775807 + 1', 0, 'larger than whole numbers may be'],
    ['vars.package ? 1 : 2', 5, 'This has to be true or false'],
    ['true ? 1 : "x"', 0, 'of one type'],
    ['1[0]', 0, 'A part is asked of a value that has none.'],
    ['vars.list["a"][0]', 0, 'has no parts of that kind'],
    ['[1]["a"]', 0, 'a whole number: [0] is the first'],
    ["'\\d'", 1, 'written twice'],
    ['1ex', 2, 'the e of this number'],
    ['size(x) - [][0]', 0, 'do not fit each other'],
    ['vars.count.all(x, true)', 5, 'neither'],
    [`"${'x'.repeat(2_000)}"`, 0, '2000 characters at most'],
    [`${'('.repeat(60)}1${')'.repeat(60)}`, 40, 'larger than one may be'],
    [Array.from({ length: 400 }, () => '1').join('+'), 0, 'larger than one may be'],
  ])('%s', (text, offset, message) => {
    const problem = problemOf(text);
    expect(problem.message).toMatch(message instanceof RegExp ? message : new RegExp(escaped(message)));
    expect({ message: problem.message, offset: problem.offset }).toEqual({
      message: problem.message,
      offset,
    });
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

describe('nothing is reachable but the values', () => {
  test.each([
    'vars.constructor',
    'vars["__proto__"]',
    'vars.toString',
    'vars.hasOwnProperty',
    'before.rows.length',
    'before.rows.constructor',
    'before.stdout.length',
    'before.rows["length"]',
    '__proto__',
    'prototype',
    'constructor',
    'this',
    'globalThis',
    'process',
    'cel.bind(x, 1, x)',
    'type(1)',
    'timestamp("2026-01-01T00:00:00Z")',
    'dyn(1)',
    'bytes("x")',
    'vars.package.substring(1)',
    'vars.package.constructor("x")',
    'constructor("x")',
    'toString()',
    'vars.__defineGetter__("x")',
    'vars.?package',
    'vars[?"package"]',
    'optional.of(1)',
  ])('%s', (text) => {
    expect(problemOf(text).message).not.toBe('');
  });

  test('nor a key that only looks like one of the language', () => {
    const odd = JSON.parse('{"o": {"__proto__": 1, "constructor": 2, "toString": 3}}') as Values;
    expect(valueOf('o.constructor + o.toString + o["__proto__"]', odd)).toBe(6);
    expect(JSON.stringify(valueOf('o', odd))).toBe('{"__proto__":1,"constructor":2,"toString":3}');
    expect(valueOf('has(o.valueOf)', odd)).toBe(false);
    expect(problemOf('o', Object.create(odd) as Values).message).toContain('o is not known here');
  });
});

describe('what it costs is bounded', () => {
  const numbers = Array.from({ length: 2_000 }, (_, index) => index);
  const values: Values = { many: numbers, text: 'a'.repeat(100_000), lists: [numbers, numbers, numbers] };
  test.each([
    'many.all(a, many.all(b, many.all(c, a + b + c >= 0)))',
    'many.map(a, many).map(a, many.map(b, a)).size()',
    'many.exists(a, many.exists(b, many.exists(c, c.x)))',
    'many.all(a, text.contains(text + "b") || true)',
    'many.all(a, lists == lists && [lists, lists] == [lists, lists])',
    'many.all(a, a in lists || true)',
    'many.filter(a, text.matches("(a+)+b"))',
    'many.map(a, text + text + text)',
    'many.all(a, text.split("").size() > 0)',
    `[text]${'.map(t, t + t)'.repeat(30)}`,
    `many${'.map(t, [t, t])'.repeat(1)}${'.map(t, t + t + t + t)'.repeat(20)}`,
    'text.matches("(?:[ab]?){500}[ab]{500}$")',
  ])('%s', (text) => {
    const started = process.cpuUsage();
    const { message } = problemOf(text, values);
    const { user } = process.cpuUsage(started);
    expect(message).toMatch(/more values than|more parts than|longer than/);
    expect(user / 1_000).toBeLessThan(5_000);
  });

  test('an expression that was stopped can be carried out again', () => {
    const expression = compiled('many.all(a, many.all(b, a + b >= 0))');
    expect(expression.evaluate(values)).toHaveProperty('problem');
    expect(expression.evaluate({ many: [1, 2] })).toEqual({ value: true });
  });

  test('values that are nested too deeply', () => {
    let deep: JsonValue = 1;
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    expect(problemOf('deep', { deep }).message).toContain('nested too deeply');
  });
});

const NAMES: Names = {
  vars: { fields: { package: 'string', count: 'integer', ratio: 'number', list: 'list' } },
  node: { fields: { name: 'string', labels: 'any' } },
  before: { fields: { ok: 'boolean', stdout: 'string', rows: 'any' } },
};

describe('checked before there are values', () => {
  test.each<[string, string]>([
    [
      'vars.pakage',
      '5: pakage is not known in vars. Did you mean package? Known: package, count, ratio, list.',
    ],
    [
      'has(vars.pakage)',
      '9: pakage is not known in vars. Did you mean package? Known: package, count, ratio, list.',
    ],
    [
      'vars["pakage"]',
      '5: pakage is not known in vars. Did you mean package? Known: package, count, ratio, list.',
    ],
    ['after.ok', '0: after is not known here. Known: vars, node, before.'],
    ['vars.list.map(v, v + w)', '21: w is not known here. Known: vars, node, before.'],
    [
      'vars.count == "3"',
      '0: a whole number and a text cannot be put together by ==. Use int(…), double(…) or string(…) to make them alike.',
    ],
    [
      'vars.count > vars.package',
      '0: a whole number and a text cannot be put together by >. Use int(…), double(…) or string(…) to make them alike.',
    ],
    ['vars.package', '0: A condition has to be true or false: compare this with something.'],
  ])('%s', (text, said) => {
    const problems = compiled(text).check(NAMES, 'boolean');
    expect(problems.map(({ offset, message }) => `${offset}: ${message}`)).toEqual([said]);
  });

  test.each([
    'vars.ratio * 2 > 1.5 && vars.ratio == 3',
    'node.labels.anything.at.all == 1',
    'vars.list.all(v, v.size() > vars.count)',
    'before.rows.exists(vars, vars.whatever)',
    'before.ok',
    'before.rows',
  ])('nothing to say of %s', (text) => {
    expect(compiled(text).check(NAMES, 'boolean')).toEqual([]);
  });
});

test('which names are used, and what of them', () => {
  const expression = compiled('vars.a + vars.a + vars["b"] + x.y[0].z + l.map(v, v.w + vars[k])');
  expect(namesUsed(expression)).toEqual(['vars', 'x', 'l', 'k']);
  expect(expression.references.map(({ path }) => path.join('.'))).toEqual([
    'vars.a',
    'vars.b',
    'x.y',
    'l',
    'vars',
    'k',
  ]);
});

test('a condition is true or false and nothing else', () => {
  expect(evaluateCondition(compiled('vars.count > 2'), VALUES)).toEqual({ value: true });
  expect(evaluateCondition(compiled('vars.count'), VALUES)).toEqual({
    problem: { message: 'A condition has to be true or false: compare this with something.', offset: 0 },
  });
  expect(evaluateCondition(compiled('x'), VALUES)).toHaveProperty('problem');
});

test('no message repeats a value', () => {
  const secret = { vars: { token: 'hunter2', list: ['hunter2'] } };
  for (const text of [
    'int(vars.token)',
    'double(vars.token)',
    'vars.token + 1',
    'vars.list[vars.token]',
    'vars[vars.token]',
    'vars.token.x',
    'vars.token.matches(vars.token + "(")',
    'vars.token && true',
    'vars.token ? 1 : 2',
    'vars.list.all(x, x.y)',
    'vars.token.all(x, true)',
    '-vars.token',
    'size(vars.token) < vars.token',
  ]) {
    expect(problemOf(text, secret).message).not.toContain('hunter2');
  }
});
