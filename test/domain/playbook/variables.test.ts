import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../src/domain/playbook/json.ts';
import { nameProblem, registerNameProblem, knownBeforeTheRun } from '../../../src/domain/playbook/scope.ts';
import {
  giveVariables,
  readSecretDefault,
  readVariableText,
  readVariableValue,
  variableNames,
  type Declared,
} from '../../../src/domain/playbook/variables.ts';
import type { VariableType } from '../../../src/domain/playbook/playbook.ts';

test.each<[VariableType, string, JsonValue | undefined]>([
  ['string', 'a=b', 'a=b'],
  ['string', '', ''],
  ['string', '3', '3'],
  ['integer', '3', 3],
  ['integer', '-3', -3],
  ['integer', '3.5', undefined],
  ['integer', '0x10', undefined],
  ['integer', '', undefined],
  ['integer', '9999999999999999', undefined],
  ['number', '0.5', 0.5],
  ['number', '1e3', 1000],
  ['number', '.5', 0.5],
  ['number', 'Infinity', undefined],
  ['number', '1e999', undefined],
  ['number', '', undefined],
  ['boolean', 'true', true],
  ['boolean', 'false', false],
  ['boolean', 'yes', undefined],
  ['duration', '1m30s', 90_000],
  ['duration', '30', undefined],
  ['list', 'a,b c', ['a', 'b c']],
  ['list', '', []],
])('%s from the text %j', (type, text, value) => {
  const reading = readVariableText(type, text);
  expect('value' in reading ? reading.value : undefined).toEqual(value);
  if ('wrong' in reading) expect(reading.wrong).toMatch(/^This is (not|neither) .*\.$/);
});

test.each<[VariableType, JsonValue, JsonValue | undefined]>([
  ['string', 'x', 'x'],
  ['string', 3, undefined],
  ['string', null, undefined],
  ['integer', 3, 3],
  ['integer', 3.5, undefined],
  ['integer', '3', undefined],
  ['number', 3.5, 3.5],
  ['boolean', false, false],
  ['boolean', 'false', undefined],
  ['duration', '30s', 30_000],
  ['duration', 30, undefined],
  ['duration', '30', undefined],
  ['list', ['a', 1], ['a', 1]],
  ['list', [['a']], undefined],
  ['list', 'a', undefined],
])('%s from the value %j', (type, written, value) => {
  const reading = readVariableValue(type, written);
  expect('value' in reading ? reading.value : undefined).toEqual(value);
});

const variable = (name: string, rest: Partial<Declared> = {}): Declared => ({
  name,
  type: 'string',
  description: '',
  required: false,
  secret: false,
  ...rest,
});

const VARIABLES = [
  variable('package', { default: 'freeswitch' }),
  variable('wanted', { required: true, description: 'the version to be installed' }),
  variable('wait', { type: 'duration', default: '30s' }),
  variable('token', { secret: true, required: true }),
  variable('password', { secret: true, default: { file: '/etc/x' } }),
  variable('comment'),
];

describe('what the command line gives', () => {
  test('values by type, defaults, secrets by where they are', () => {
    const given = ['wanted=1', 'wanted=a=b', 'token=env:TOKEN'];
    expect(giveVariables(VARIABLES, given)).toEqual({
      value: {
        values: { package: 'freeswitch', wanted: 'a=b', wait: 30_000 },
        secrets: { token: { from: 'env', name: 'TOKEN' }, password: { from: 'file', path: '/etc/x' } },
      },
    });
  });

  test('everything that is wrong is said at once, and no value is repeated', () => {
    const given = ['pakage=x', 'hunter2', 'wait=hunter2', 'token=hunter2', '=x', 'wait=5s'];
    const outcome = giveVariables(VARIABLES, given);
    if ('value' in outcome) expect.fail('it was taken');
    expect(outcome.problems).toEqual([
      '--var: pakage is not known in this playbook. Did you mean package? Known: package, wanted, wait, token, password, comment.',
      '--var: name=value is expected, and there is no = in it.',
      '--var wait: This is not a duration, such as 30s or 1h30m.',
      '--var token: A secret does not stand here bare, where others see it: write env:NAME or file:PATH.',
      '--var:  is not known in this playbook. Known: package, wanted, wait, token, password, comment.',
      'The variable wanted is required and has no value: give --var wanted=… (a text). It is: the version to be installed',
    ]);
    expect(outcome.problems.join()).not.toContain('hunter2');
  });

  test('a variable of any name is one of its own', () => {
    expect(giveVariables([variable('toString', { required: true })], [])).toHaveProperty('problems');
    expect(giveVariables([], ['__proto__=x'])).toHaveProperty('problems');
    const outcome = giveVariables([variable('n', { default: 3 })], []);
    expect(outcome).toEqual({
      problems: [
        'The default of the variable n: This is a number: a text is expected here. Put it in quotes.',
      ],
    });
  });
});

test.each<[JsonValue, boolean]>([
  [{ env: 'A_B' }, true],
  [{ file: '~/x' }, true],
  [{ env: '$A' }, false],
  [{ file: '' }, false],
  [{ env: 'A', file: 'b' }, false],
  [{ literal: 'x' }, false],
  ['env:A', false],
  [{}, false],
])('the default of a secret: %j', (written, fits) => {
  expect('value' in readSecretDefault(written)).toBe(fits);
});

test('what expressions know of variables', () => {
  expect(variableNames([variable('a'), variable('b', { type: 'duration' })])).toEqual({
    a: 'string',
    b: 'integer',
  });
});

test.each([
  ['before', true, true],
  ['vars', true, false],
  ['node', true, false],
  ['a-b', false, false],
  ['1a', false, false],
  ['', false, false],
  ['size', true, false],
  ['package', true, false],
  ['constructor', false, false],
  ['__proto__', false, false],
  ['in', false, false],
  ['x'.repeat(65), false, false],
])('the name %s', (name, ofVariable, ofResult) => {
  expect([nameProblem(name) === undefined, registerNameProblem(name) === undefined]).toEqual([
    ofVariable,
    ofResult,
  ]);
});

test('what is known before the run', () => {
  expect(knownBeforeTheRun(['vars', 'node', 'policy', 'cluster'])).toBe(true);
  expect(knownBeforeTheRun(['vars', 'before'])).toBe(false);
});
