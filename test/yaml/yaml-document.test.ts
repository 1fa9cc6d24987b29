import { describe, expect, it } from 'vitest';
import { readYaml } from '../../src/yaml/yaml-document.ts';

/** The first problem as `line:column text`. */
function complaint(text: string): string {
  const [problem] = readYaml(text).problems;
  return problem?.position === undefined
    ? 'none'
    : `${problem.position.line}:${problem.position.column} ${problem.text}`;
}

describe('positions', () => {
  const document = readYaml(
    'a: 1\nb: { c: 2, d: [x, y] }\ne: &e\n  f: 1\n  g: 2\nh: { <<: *e, g: 3 }\ni: *e\nj:\n"10": x\n2: y\n',
  );
  it.each([
    ['a value', ['a'], '1:4'],
    ['a map: its key', ['b'], '2:1'],
    ['a value in a flow map', ['b', 'c'], '2:9'],
    ['an item of a list', ['b', 'd', 1], '2:19'],
    ['what is merged: where it is written', ['h', 'f'], '4:6'],
    ['what overrules what is merged', ['h', 'g'], '6:17'],
    ['what an alias stands for', ['i', 'g'], '5:6'],
    ['an empty value: its key', ['j'], '8:1'],
    ['a key that is not there: the last that is', ['b', 'x', 'y'], '2:1'],
    ['nothing at all', ['x'], '1:1'],
  ])('%s', (_what, path, place) => {
    const { line, column } = document.locate({ path });
    expect(`${line}:${column}`).toBe(place);
  });

  it('are those of the key where the key is wrong', () => {
    expect(document.locate({ path: ['b', 'c'], atKey: true })).toEqual({ line: 2, column: 6 });
  });

  it('hold with CRLF and a byte order mark', () => {
    expect(readYaml('a: 1\r\nb: 2\r\n').locate({ path: ['b'] })).toEqual({ line: 2, column: 4 });
  });

  it('keep the order of keys that look like numbers', () => {
    expect(document.keys([])).toEqual(['a', 'b', 'e', 'h', 'i', 'j', '10', '2']);
    expect(document.keys(['h'])).toEqual(['g', 'f']);
    expect(document.keys(['nowhere'])).toEqual([]);
  });
});

describe('broken YAML', () => {
  it.each([
    ['a tab', 'a:\n\tb: 1\n', '2:1 A tab cannot be used as indentation. Use spaces.'],
    ['an open quote', 'a: "x', '1:6 The YAML is broken here: Missing closing "quote.'],
    ['two pairs on a line', 'a: b: c', /^1:4 Two key: value pairs stand on one line/],
    ['bad indentation', 'a: 1\n  b: 2\n', /^1:4 |^2:/],
    ['a text that needs quotes', 'a: @x', '1:4 A text cannot begin with this character. Put it in quotes.'],
    ['a backslash in double quotes', 'a: "\\d"', /^1:5 This escape is not known/],
    ['an unknown tag', 'a: !secret x', /^1:4 This tag \(!name\) is not known/],
    ['an unknown alias', 'a: *x', /^1:4 No anchor/],
    ['an alias before its anchor', 'a: *x\nb: &x 1', /^1:4 No anchor/],
    ['two documents', 'a: 1\n---\nb: 2\n', /more than one YAML document/],
    ['a key that is a list', '? [a]\n: 1', /A key has to be a word/],
    ['a key twice', 'a:\n  b: 1\n  c: 2\n  b: 3\n', '4:3 This key stands here twice, first at line 2.'],
    ['__proto__', 'a: 1\n__proto__: { x: 1 }\n', '2:1 This name cannot be used as a key.'],
    ['a merge of a text', 'a: { <<: x }', '1:6 What << merges has to be a map, or a list of maps.'],
    ['YAML 1.1', '%YAML 1.1\n---\na: yes\n', '1:1 This file is YAML 1.2. Remove the %YAML line.'],
  ])('%s', (_what, text, said) => {
    if (typeof said === 'string') expect(complaint(text)).toBe(said);
    else expect(complaint(text)).toMatch(said);
  });

  it.each([
    'a: !hunter2 x',
    'a: *hunter2',
    'a: "\\hunter2"',
    'a: hunter2: hunter2',
    'a: %hunter2',
    'hunter2\nb: 1',
    'a: |hunter2',
  ])('quotes nothing of what stands there: %j', (text) => {
    const { problems } = readYaml(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

describe('bounds', () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level += 1) {
    bomb.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`);
  }
  const merges = ['m0: &m0 { k: 1 }'];
  for (let level = 1; level < 12; level += 1) {
    merges.push(
      `m${level}: &m${level} { <<: [${Array.from({ length: 9 }, () => `*m${level - 1}`).join(', ')}] }`,
    );
  }
  it.each([
    ['a billion laughs', bomb.join('\n'), /more than 250000 values/],
    ['a billion merges', merges.join('\n'), /more than 250000 values/],
    ['an alias in its own anchor', 'a: &a [*a]', /nested too deeply, or an alias holds itself/],
    ['100,000 brackets', '['.repeat(100_000), /^1:33 .*nested too deeply/],
    ['100,000 dashes', '- '.repeat(100_000), /nested too deeply/],
    [
      '1,400 steps of indentation',
      Array.from({ length: 1_400 }, (_, level) => `${' '.repeat(level)}a:\n`).join(''),
      /nested too deeply/,
    ],
  ])('%s', (_what, text, said) => {
    const began = performance.now();
    expect(complaint(text)).toMatch(said);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('brackets in texts and comments do not count', () => {
    const brackets = '['.repeat(100);
    expect(readYaml(`# ${brackets}\na: '${brackets}'\nb: |\n  ${brackets}\n`).problems).toEqual([]);
  });

  it('a list of a thousand items on a line each is no depth', () => {
    expect(readYaml(`a:\n${'  - x\n'.repeat(1_000)}`).problems).toEqual([]);
  });

  it('many uses of one anchor are allowed', () => {
    const nodes = Array.from({ length: 500 }, (_, index) => `n${index}: { <<: *x, b: *x }`);
    expect(readYaml(`x: &x { a: 1 }\n${nodes.join('\n')}`).problems).toEqual([]);
  });
});
