/** Every example that docs/playbooks.md gives of an expression is so. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../../src/domain/playbook/expression.ts';
import type { JsonValue } from '../../../src/domain/playbook/json.ts';
import type { Values } from '../../../src/domain/playbook/scope.ts';

const document = readFileSync(new URL('../../../docs/playbooks.md', import.meta.url), 'utf8');
const section = /^## Expressions\n[\s\S]*?(?=^## |$(?![\s\S]))/m.exec(document)?.[0] ?? '';
const values = JSON.parse(/^```json\n([\s\S]*?)^```/m.exec(section)?.[1] ?? '') as Values;

/** The cells of a table with such a head, without the backticks of code. */
function rows(head: string): string[][] {
  const lines = section.split('\n');
  const at = lines.findIndex((line) => cells(line).join(' ') === head);
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('|'));
  return lines.slice(at + 2, end).map((line) => cells(line).map((cell) => cell.replace(/^`(.*)`$/, '$1')));
}

function cells(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function outcome(text: string): { readonly value: JsonValue } | { readonly said: string } {
  const compiled = compileExpression(text);
  if ('problem' in compiled) return { said: compiled.problem.message };
  const result = compiled.value.evaluate(values);
  return 'value' in result ? result : { said: result.problem.message };
}

describe.each([
  ['operator what it does example value', 14],
  ['function what it does example value', 16],
])('%s', (head, count) => {
  test('has a row for each', () => expect(rows(head)).toHaveLength(count));

  test.each(rows(head).map(([, , example = '', value = '']) => [example, value]))(
    '%s is %s',
    (text, value) => {
      expect(outcome(text)).toEqual({ value: JSON.parse(value) as JsonValue });
    },
  );
});

describe('errors', () => {
  const errors = rows('example what is said');
  test('has rows', () => expect(errors).toHaveLength(6));

  test.each(errors.map(([example = '', said = '']) => [example, said]))('%s: %s', (text, said) => {
    expect(outcome(text)).toEqual({ said: expect.stringContaining(said) as string });
  });
});

test('every function that is allowed has its row', () => {
  const names = rows('function what it does example value').flatMap(([name = '']) => name.split('` `'));
  const listed = compileExpression('nothing()');
  const methods = compileExpression('vars.nothing()');
  const known = [listed, methods].flatMap((one) =>
    'problem' in one ? (/Known: (.*)\.$/.exec(one.problem.message)?.[1] ?? '').split(', ') : [],
  );
  expect(known.length).toBeGreaterThan(10);
  expect([...new Set(names)].sort()).toEqual([...new Set(known)].sort());
});
