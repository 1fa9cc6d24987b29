import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../src/domain/playbook/json.ts';
import type { Values } from '../../../src/domain/playbook/scope.ts';
import { renderShellLine, shellLineProblems } from '../../../src/domain/playbook/shell-line.ts';
import {
  checkTemplate,
  expressionsOf,
  isLiteral,
  parseTemplate,
  renderTemplate,
  renderValue,
  textsOf,
  type Template,
} from '../../../src/domain/playbook/template.ts';

const VALUES: Values = {
  vars: { name: 'a b', count: 3, on: true, list: ['x y', 2], empty: [], none: null, map: { k: 'v' } },
};

function template(text: string): Template {
  const parsed = parseTemplate(text);
  if ('problems' in parsed) expect.fail(parsed.problems.map(({ message }) => message).join('\n'));
  return parsed.value;
}

describe('what becomes of a text', () => {
  test.each<[string, JsonValue]>([
    ['plain', 'plain'],
    ['', ''],
    ['{{ vars.count }}', 3],
    ['{{vars.count}}', 3],
    ['{{ vars.list }}', ['x y', 2]],
    ['{{ vars.none }}', null],
    ['n={{ vars.count }}', 'n=3'],
    [' {{ vars.count }}', ' 3'],
    ['{{ vars.on }}{{ vars.name }}', 'truea b'],
    ['l={{ vars.list }}', 'l=["x y",2]'],
    ['{{ "}}" }}', '}}'],
    [`{{ '}}' + "\\"}}" }}`, '}}"}}'],
    ["{{ r'\\d' }}!", '\\d!'],
    ["{{ '''a'}}''' }}", "a'}}"],
    ['{{ "{{" }}.Names}}', '{{.Names}}'],
    ['a } b }} c { d', 'a } b }} c { d'],
    ['{{ vars.list.map(v, string(v)).join(",") }}', 'x y,2'],
    ['${HOME}', '${HOME}'],
  ])('%s', (text, value) => {
    expect(renderTemplate(template(text), VALUES)).toEqual({ value });
  });

  test.each<[string, number, string]>([
    ['x {{ vars.none }}', 5, 'This is nothing (null).'],
    ['x {{  vars.nam }}', 11, 'Did you mean name?'],
    ['{{ vars.count + "x" }}', 3, 'cannot be put together by +'],
  ])('%s fails at %i', (text, offset, message) => {
    const outcome = renderTemplate(template(text), VALUES);
    if ('value' in outcome) expect.fail(JSON.stringify(outcome.value));
    expect(outcome.problem.offset).toBe(offset);
    expect(outcome.problem.message).toContain(message);
  });

  test('all that cannot be read is told, with its place', () => {
    const parsed = parseTemplate('a {{ 1 + }} b {{ nope( }} c {{ x');
    expect('problems' in parsed && parsed.problems.map(({ offset }) => offset)).toEqual([8, 22, 28]);
    expect(parseTemplate('{{ }}')).toEqual({
      problems: [{ message: 'An expression is expected here, and nothing stands here.', offset: 3 }],
    });
  });

  test('names are checked with their place', () => {
    const names = { vars: { fields: { name: 'string' } } } as const;
    expect(checkTemplate(template('a {{ vars.name }} {{ vars.nme }}'), names)).toEqual([
      { message: 'nme is not known in vars. Did you mean name? Known: name.', offset: 26 },
    ]);
    expect(expressionsOf(template('a {{ b }}{{ c }}')).map(({ text }) => text)).toEqual(['b', 'c']);
    expect([isLiteral(template('a')), isLiteral(template('{{ a }}'))]).toEqual([true, false]);
  });
});

test('a whole value is carried out text by text', () => {
  const written = { url: 'http://{{ vars.name }}', body: [{ '{{ key }}': '{{ vars.map }}' }, 1, null, true] };
  expect(renderValue(written, VALUES)).toEqual({
    value: { url: 'http://a b', body: [{ '{{ key }}': { k: 'v' } }, 1, null, true] },
  });
  expect(renderValue({ a: ['x', '-{{ vars.no }}'] }, VALUES)).toMatchObject({
    problem: { path: ['a', 1], offset: 9 },
  });
  expect(renderValue(['{{ 1'], VALUES)).toMatchObject({ problem: { path: [0], offset: 0 } });
  expect(textsOf(written)).toEqual([
    { path: ['url'], text: 'http://{{ vars.name }}' },
    { path: ['body', 0, '{{ key }}'], text: '{{ vars.map }}' },
  ]);
});

describe('a shell line', () => {
  const NASTY = [
    "it's",
    '$(id)',
    '`id`',
    '"quoted"',
    'a\nb',
    '\\',
    '*',
    '~',
    '',
    '#',
    '-n',
    '; id',
    "\\'; id",
  ];

  test.each([
    "printf '%s\\0' {{ vars.x }}",
    'printf "%s\\\\0" {{ vars.x }}',
    "echo a'b' >/dev/null; printf '%s\\0' {{ vars.x }}",
  ])('%s: a shell gets back every value as it was', (line) => {
    expect(shellLineProblems(template(line))).toEqual([]);
    const outcome = renderShellLine(template(line), { vars: { x: NASTY } });
    if ('problem' in outcome) expect.fail(outcome.problem.message);
    const printed = execFileSync('sh', ['-c', outcome.value], { encoding: 'utf8' });
    expect(printed.split('\0').slice(0, -1)).toEqual(NASTY);
  });

  test.each<[string, string]>([
    ['rm {{ vars.name }}', "rm 'a b'"],
    ['rm --file={{ vars.name }}.txt', "rm --file='a b'.txt"],
    ['{{ vars.list }}', "'x y' 2"],
    ['x {{ vars.empty }} y', 'x  y'],
    ['{{ vars.count }} {{ vars.on }}', '3 true'],
  ])('%s', (text, value) => {
    expect(renderShellLine(template(text), VALUES)).toEqual({ value });
  });

  test.each(['{{ vars.map }}', '{{ vars.none }}', '{{ [[1]] }}', '{{ "\\x00" }}'])(
    '%s is no word',
    (text) => {
      expect(renderShellLine(template(text), VALUES)).toHaveProperty('problem');
    },
  );

  test.each<[string, RegExp]>([
    ['echo "{{ x }}"', /between quotes/],
    ["echo '{{ x }}'", /between quotes/],
    ["sh -c 'echo {{ x }}'", /between quotes/],
    ['echo "it\'s" "$(echo {{ x }})"', /between quotes/],
    ['echo `echo {{ x }}`', /backticks/],
    ['echo \\{{ x }}', /backslash/],
    ['echo ${{ x }}', /behind \$/],
    ["echo $'a{{ x }}'", /between quotes/],
    ['true # {{ x }}', /comment/],
    ['#{{ x }}', /comment/],
    ['cat <<EOF\n{{ x }}\nEOF', /<</],
    ['cat <<<{{ x }}', /<</],
    ['echo $(( {{ x }} + 1 ))', /\$\(\(/],
    ['echo ${y:-{{ x }}}', /\$\{/],
  ])('a value cannot be put into %s', (text, message) => {
    const problems = shellLineProblems(template(text));
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toMatch(message);
    expect(renderShellLine(template(text), { x: 'a', y: 'b' })).toHaveProperty('problem');
    expect(problems[0]?.offset).toBe(text.indexOf('x }}', text.indexOf('{{ ')));
  });

  test.each([
    'echo {{ x }}',
    'echo "a" {{ x }} \'b\'',
    'echo $(echo {{ x }})',
    'echo a#{{ x }}',
    'true # comment\necho {{ x }}',
    'a < b && echo \\" {{ x }} \\"',
    'echo "\\"" {{ x }}',
    'echo $HOME/{{ x }}',
    'echo {{ x }}${HOME}',
  ])('a value can be put into %s', (text) => {
    expect(shellLineProblems(template(text))).toEqual([]);
  });
});
