/** Expressions and templates of playbooks, made at random: never a crash or a hang, always a value or a problem with its place. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compileExpression,
  type ExpressionProblem,
  type Outcome,
} from '../../src/domain/playbook/expression.ts';
import type { JsonObject, JsonValue } from '../../src/domain/playbook/json.ts';
import { linearMatch } from '../../src/domain/playbook/cel-match.ts';
import { renderShellLine, shellLineProblems } from '../../src/domain/playbook/shell-line.ts';
import { parseTemplate, renderTemplate, renderValue } from '../../src/domain/playbook/template.ts';
import { giveVariables, type Declared } from '../../src/domain/playbook/variables.ts';
import { holds } from './support/fuzzing.ts';
import { anyText, mutatedText } from './support/mutations.ts';
import { expectPrintable } from './support/said.ts';
import { cpuOf, watched } from './support/watched.ts';

/** One expression may take: ms of this process's work, on a slow machine too. */
const LONGEST = 5_000;

const SECRET = 'hunter2-secret';

const VALUES = {
  vars: { name: 'a b', count: 3, ratio: 0.5, on: true, list: ['x', 'yy', 3], none: null, token: SECRET },
  node: { name: 'node-1', labels: { role: 'edge', constructor: 'x' } },
  before: { ok: true, stdout: 'line\n'.repeat(200), rows: Array.from({ length: 300 }, (_, id) => ({ id })) },
};

const NAMES = { vars: { fields: { name: 'string', list: 'list' } }, node: 'any', before: 'any' } as const;

const leaf = fc.constantFrom(
  'vars.name',
  'vars.count',
  'vars.ratio',
  'vars.on',
  'vars.list',
  'vars.none',
  'vars.token',
  'before.stdout',
  'before.rows',
  'before.rows[7].id',
  'node.labels',
  'node.labels.constructor',
  'x',
  'x.id',
  'vars.__proto__',
  'vars.constructor',
  '1',
  '-1',
  '0',
  '2.5',
  '9223372036854775807',
  'true',
  'null',
  '""',
  '"a"',
  "'(a+)+$'",
  '[]',
  '[1, 2]',
);

/** What is often right, and often well-formed where it is not. */
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5, depthSize: 'large' },
    leaf,
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in'),
        tie('expression'),
      )
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    fc
      .tuple(fc.constantFrom('size', 'int', 'double', 'string', 'has', 'type'), tie('expression'))
      .map(([name, value]) => `${name}(${value})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('all', 'exists', 'exists_one', 'filter', 'map'),
        tie('expression'),
      )
      .map(([list, name, body]) => `${list}.${name}(x, ${body})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('contains', 'startsWith', 'matches', 'split', 'join', 'substring'),
        tie('expression'),
      )
      .map(([text, name, value]) => `${text}.${name}(${value})`),
    fc.tuple(tie('expression'), tie('expression')).map(([value, index]) => `${value}[${index}]`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `[${a}, ${b}]`),
    tie('expression').map((value) => `!${value}`),
    tie('expression').map((value) => `{"a": ${value}}`),
  ),
}));

const written = fc.oneof(
  expression,
  mutatedText(['vars.list.map(x, x + "a").join(",")', 'before.rows.exists(x, x.id == 3) ? "a" : \'b\'']),
  anyText,
);

function expectProblem({ message, offset }: ExpressionProblem, text: string): void {
  expectPrintable(message);
  expect(message).toMatch(/[.?]$/);
  expect(message.length).toBeLessThan(1_500);
  expect(message).not.toContain(SECRET);
  expect(offset).toBeGreaterThanOrEqual(0);
  expect(offset).toBeLessThanOrEqual(text.length);
}

/** JSON that is the same once it was written and read. */
function expectOutcome(outcome: Outcome<JsonValue>, text: string): void {
  if ('problem' in outcome) expectProblem(outcome.problem, text);
  else expect(JSON.stringify(JSON.parse(JSON.stringify(outcome.value)))).toBe(JSON.stringify(outcome.value));
}

describe('expressions', () => {
  test('a value or a problem, within its time, and the same again', () => {
    holds(
      fc.property(written, (text) => {
        const compiled = watched(() => compileExpression(text));
        if ('problem' in compiled) {
          expectProblem(compiled.problem, text);
          return;
        }
        for (const problem of compiled.value.check(NAMES, 'boolean')) expectProblem(problem, text);
        let first: Outcome<JsonValue> | undefined;
        const spent = cpuOf(() => {
          first = compiled.value.evaluate(VALUES);
        });
        expect(spent).toBeLessThan(LONGEST);
        if (first === undefined) expect.fail('it threw');
        expectOutcome(first, text);
        expect(compiled.value.evaluate(VALUES)).toEqual(first);
      }),
      { share: 5 },
    );
  });

  test('values of any kind are read, and none of their keys is one of the language', () => {
    const names = fc.constantFrom('constructor', '__proto__', 'toString', 'length', 'valueOf', 'a');
    holds(
      fc.property(fc.dictionary(names, fc.jsonValue({ maxDepth: 6 })), names, (some, name) => {
        const values = { o: some as JsonObject };
        const asked = compileExpression(`o["${name}"]`);
        if ('problem' in asked) expect.fail(asked.problem.message);
        const outcome = asked.value.evaluate(values);
        const own = Object.hasOwn(some, name);
        if ('value' in outcome)
          expect([own, outcome.value]).toEqual([true, normal(new Map(Object.entries(some)).get(name))]);
        else expectProblem(outcome.problem, asked.value.text);
        const whole = compileExpression('[o, o] == [o, o] && o == o');
        if ('problem' in whole) expect.fail(whole.problem.message);
        expectOutcome(whole.value.evaluate(values), whole.value.text);
      }),
    );
  });

  test('a regular expression takes time as its text is long', () => {
    const text = 'ab'.repeat(2_000);
    const pattern = fc.oneof(
      mutatedText(['(a+)+$', '(?:[ab]?){50}[ab]{50}$', '^(\\w+\\s?)*$', '(a|aa)+$', '[[:alpha:]]{1,9}?b\\b']),
      anyText,
    );
    holds(
      fc.property(pattern, (some) => {
        const match = watched(() => linearMatch(some));
        if (typeof match === 'string') expectPrintable(match);
        // What an expression may not ask for is not tried.
        else if (match.cost(text.length) < 1_000_000)
          expect(cpuOf(() => match.foundIn(text))).toBeLessThan(LONGEST);
      }),
    );
  });
});

/** -0 is 0 in an int. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('templates', () => {
  const template = fc.oneof(
    fc
      .array(
        fc.oneof(
          written.map((text) => `{{ ${text} }}`),
          anyText,
        ),
        { maxLength: 4 },
      )
      .map((parts) => parts.join('')),
    mutatedText(['a {{ vars.name }} "b" $(c {{ vars.list }}) # {{ "}}" }}']),
  );

  test('text or a problem; in a shell line what is put in is words and nothing else', () => {
    holds(
      fc.property(template, (text) => {
        const parsed = watched(() => parseTemplate(text));
        if ('problems' in parsed) {
          for (const problem of parsed.problems) expectProblem(problem, text);
          return;
        }
        for (const part of parsed.value.parts) {
          if ('literal' in part) expect(text.startsWith(part.literal, part.offset)).toBe(true);
          else expect(text.startsWith(part.expression.text, part.offset)).toBe(true);
        }
        expectOutcome(renderTemplate(parsed.value, VALUES), text);
        expectOutcome(renderShellLine(parsed.value, VALUES), text);
        for (const problem of shellLineProblems(parsed.value)) expectProblem(problem, text);
      }),
      { share: 2 },
    );
  });

  test('whole values keep their form', () => {
    holds(
      fc.property(fc.jsonValue(), (some) => {
        const value = normal(some) as JsonValue;
        const rendered = renderValue(value, VALUES);
        if ('problem' in rendered) expectPrintable(rendered.problem.message);
        else if (!JSON.stringify(value).includes('{{')) expect(rendered.value).toEqual(value);
      }),
    );
  });
});

test('variables from any command line: values by type or lines without what was given', () => {
  const variables: readonly Declared[] = (
    ['string', 'integer', 'number', 'boolean', 'duration', 'list'] as const
  ).map((type) => ({ name: type, type, description: '', required: false, secret: false }));
  const secret: Declared = { name: 's', type: 'string', description: '', required: true, secret: true };
  const name = fc.constantFrom('string', 'integer', 'number', 'boolean', 'duration', 'list', 's', 'lst', '');
  const value = fc.oneof(
    anyText,
    fc.constantFrom('3', '1e9', 'true', '30s', 'a,b', 'env:A', 'file:b', SECRET, `env:${SECRET}`),
  );
  const given = fc.array(
    fc.oneof(
      fc.tuple(name, value).map((pair) => pair.join('=')),
      anyText,
    ),
    {
      maxLength: 5,
    },
  );
  holds(
    fc.property(given, (texts) => {
      const outcome = watched(() => giveVariables([...variables, secret], texts));
      if ('problems' in outcome) {
        expect(outcome.problems.length).toBeGreaterThan(0);
        for (const line of outcome.problems) {
          expectPrintable(line);
          expect(line).not.toContain(SECRET);
        }
        return;
      }
      expect(outcome.value.values).not.toHaveProperty('s');
      expect(outcome.value.secrets).toHaveProperty('s');
      for (const number of ['integer', 'number', 'duration'])
        expect(Number.isFinite(outcome.value.values[number] ?? 0)).toBe(true);
    }),
  );
});
