import { describe, expect, test } from 'vitest';
import {
  difference,
  type DispatcherFile,
  fileText,
  flagsLoaded,
  linesOf,
  readDispatcherFile,
  statesOf,
  targetKey,
  without,
  withAdded,
  withStates,
} from '../../src/domain/dispatcher-file.ts';

const FILE = `# nodes
1 sip:10.0.1.10:5080 0 0 duid=fs1;weight=50   # the first
 1\tsip:10.0.1.11:5080\t8 5
2   sip:10.0.1.10:5080;transport=tcp

3 sips:[2001:db8::1]:5061 36 -1 weight=1
`;

function file(text: string): DispatcherFile {
  const read = readDispatcherFile(text);
  if ('problem' in read) throw new Error(`line ${read.problem.line}`);
  return read;
}

describe('a dispatcher list file', () => {
  test('is read, and written again as it was', () => {
    expect(fileText(file(FILE))).toBe(FILE);
    expect(file(FILE).destinations).toEqual([
      { set: 1, uri: 'sip:10.0.1.10:5080', duid: 'fs1', flags: 0 },
      { set: 1, uri: 'sip:10.0.1.11:5080', duid: null, flags: 8 },
      { set: 2, uri: 'sip:10.0.1.10:5080;transport=tcp', duid: null, flags: 0 },
      { set: 3, uri: 'sips:[2001:db8::1]:5061', duid: null, flags: 36 },
    ]);
  });

  test.each(['', '\n', '# all comment', '\r\n'])('%j has no destinations', (text) => {
    expect([file(text).destinations, fileText(file(text))]).toEqual([[], text]);
  });

  // Each of these lines was given to kamailio 5.6.3: dropped without a word, a failed reload, or read as something else.
  test.each([
    '1 "sip:10.0.1.10:5080" 4',
    '1 <sip:10.0.1.10:5080> 4',
    '1 sip:10.0.1.10:5080 0x4',
    '1 sip:10.0.1.10:5080 zz',
    '1 sip:10.0.1.10:5080 4 x duid=a',
    '1 sip:10.0.1.10:5080 4 0 duid=a b=c',
    '1,sip:10.0.1.10:5080',
    '-1 sip:10.0.1.10:5080',
    '1 foo:bar',
    '1',
    'bad',
  ])('%s is refused with its line', (line) => {
    expect(readDispatcherFile(`# one\n${line}\n`)).toEqual({ problem: { line: 2, text: line } });
  });

  test('states are written into the flags, and everything else stays', () => {
    const states = new Map([
      ['set 1 sip:10.0.1.10:5080 (duid fs1)', 'DX'],
      ['set 1 sip:10.0.1.11:5080', 'IP'],
      ['set 2 sip:10.0.1.10:5080;transport=tcp', 'TX'],
      ['set 3 sips:[2001:db8::1]:5061', 'AP'],
    ]);
    expect(fileText(withStates(file(FILE), states))).toBe(`# nodes
1 sip:10.0.1.10:5080 4 0 duid=fs1;weight=50   # the first
 1\tsip:10.0.1.11:5080\t9 5
2   sip:10.0.1.10:5080;transport=tcp 2

3 sips:[2001:db8::1]:5061 40 -1 weight=1
`);
  });

  test('what no state is known of keeps its flags', () => {
    expect(fileText(withStates(file(FILE), new Map()))).toBe(FILE);
  });

  test.each([
    [0, 'AX'],
    [1, 'IX'],
    [2, 'TX'],
    [4, 'DX'],
    [8, 'AP'],
    [9, 'IP'],
    [10, 'TP'],
    [12, 'DP'],
    [16, 'AX'],
  ])('flags %i are loaded as %s', (flags, state) => {
    expect(flagsLoaded(flags)).toBe(state);
  });

  test('a destination is added at the end, and disabled where that is wanted', () => {
    const wanted = [{ set: 1, uri: 'sip:10.0.1.12:5080' }];
    const added = withAdded(file('1 sip:10.0.1.10:5080'), {
      ...{ wanted, disabled: true, priority: 7, attrs: 'duid=fs3' },
    });
    expect(fileText(added)).toBe('1 sip:10.0.1.10:5080\n1 sip:10.0.1.12:5080 4 7 duid=fs3\n');
    const again = withAdded(added, { wanted, disabled: false, priority: 1, attrs: 'duid=other' });
    expect(fileText(again)).toBe('1 sip:10.0.1.10:5080\n1 sip:10.0.1.12:5080 0 7 duid=fs3\n');
  });

  test('a destination is removed in every spelling of its address, and no other one', () => {
    const wanted = [{ set: 1, uri: 'sip:10.0.1.10:5080;transport=udp' }];
    expect(linesOf(file(FILE), wanted).map(targetKey)).toEqual(['set 1 sip:10.0.1.10:5080 (duid fs1)']);
    expect(fileText(without(file(FILE), wanted))).toBe(FILE.split('\n').toSpliced(1, 1).join('\n'));
    expect(fileText(without(file(FILE), [{ set: 1, duid: 'fs1' }]))).toBe(
      FILE.split('\n').toSpliced(1, 1).join('\n'),
    );
  });

  test('what is only in the file and what only the proxy has, twins counted', () => {
    const target = { uri: 'sip:10.0.1.10:5080', duid: null, flags: 'AP' };
    const sets = [{ id: 1, targets: [target, { ...target, uri: 'sip:10.0.1.13:5080' }] }];
    expect(difference(file('1 sip:10.0.1.10:5080\n1 sip:10.0.1.10:5080'), sets)).toEqual({
      onlyInFile: ['set 1 sip:10.0.1.10:5080'],
      onlyLoaded: ['set 1 sip:10.0.1.13:5080'],
    });
  });

  test('twins in different states and FLAGS that nobody knows are told, not guessed', () => {
    const target = { uri: 'sip:10.0.1.10:5080', duid: null, flags: 'AP' };
    expect(statesOf([{ id: 1, targets: [target, { ...target, flags: 'DX' }] }])).toEqual({
      problem: 'set 1 sip:10.0.1.10:5080 is listed twice, as AP and as DX: give each a duid',
    });
    expect(statesOf([{ id: 1, targets: [{ ...target, flags: 'ZZ' }] }])).toEqual({
      problem: 'set 1 sip:10.0.1.10:5080 has FLAGS that this fsha does not know: ZZ',
    });
    expect(statesOf([{ id: 1, targets: [target, target] }])).toEqual(
      new Map([['set 1 sip:10.0.1.10:5080', 'AP']]),
    );
  });
});
