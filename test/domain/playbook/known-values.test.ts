import { expect, test } from 'vitest';
import { compileExpression } from '../../../src/domain/playbook/expression.ts';
import type { JsonValue } from '../../../src/domain/playbook/json.ts';
import {
  clusterValues,
  knownNames,
  nodeValues,
  policyValues,
} from '../../../src/domain/playbook/known-values.ts';
import type { Names, Shape } from '../../../src/domain/playbook/scope.ts';
import { cluster, node, policy } from '../builders.ts';

const values: Readonly<Record<string, JsonValue>> = {
  vars: { wait: 30_000 },
  node: nodeValues(node('node-1', '10.0.1.10')),
  cluster: clusterValues(cluster()),
  policy: policyValues(policy()),
  before: { ok: true },
};

const names = knownNames({ wait: 'integer' }, { before: 'any' });

/** Every path that has a shape, with its shape. */
function paths(fields: Names, above = ''): [string, Shape][] {
  return Object.entries(fields).flatMap(([name, shape]) => [
    [`${above}${name}`, shape] as [string, Shape],
    ...(typeof shape === 'string' ? [] : paths(shape.fields, `${above}${name}.`)),
  ]);
}

const KINDS = { string: 'string', integer: 'number', boolean: 'boolean' } as const;

test.each(paths(names))('%s is there and of its type', (text, shape) => {
  const compiled = compileExpression(text);
  if ('problem' in compiled) expect.fail(compiled.problem.message);
  expect(compiled.value.check(names)).toEqual([]);
  const outcome = compiled.value.evaluate(values);
  if ('problem' in outcome) expect.fail(outcome.problem.message);
  if (shape === 'list') expect(outcome.value).toBeInstanceOf(Array);
  else if (shape === 'string' || shape === 'integer' || shape === 'boolean')
    expect(outcome.value).toBeTypeOf(KINDS[shape]);
  // Every key that has a value has a shape.
  else if (typeof shape !== 'string')
    expect(Object.keys(outcome.value as object).sort()).toEqual(Object.keys(shape.fields).sort());
});

test('nothing that is registered hides what is always there', () => {
  expect(knownNames({}, { node: 'integer', before: 'boolean' })).toMatchObject({
    node: { fields: { name: 'string' } },
    before: 'boolean',
  });
});
