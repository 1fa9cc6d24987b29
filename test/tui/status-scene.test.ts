import { describe, expect, test } from 'vitest';
import { known, type NodeObservation, type Observation, unknown } from '../../src/domain/observation.ts';
import { cluster, observation, seenProxy } from '../output/events.ts';
import {
  calm,
  expectGolden,
  key,
  many,
  NOW,
  read,
  SIZES,
  troubled,
  unreachable,
  watch,
  withRuns,
} from './status-world.ts';

describe.each(SIZES)('in $columns columns and $rows rows', (size) => {
  const golden = (name: string, lines: readonly string[]): void =>
    expectGolden(`${name}-${size.columns}x${size.rows + 1}`, lines);

  test('all is well', () => {
    golden('calm', watch(...calm()).frame(size));
  });

  test('what is not known is unknown, and why', () => {
    golden('trouble', watch(...troubled()).frame(size));
  });

  test('nothing was read yet: nothing is 0', () => {
    const [of] = troubled();
    const lines = watch(of, observation([], [])).frame(size);
    golden('unread', lines);
    expect(lines.join('\n')).toContain('sessions unknown');
  });

  test('a proxy that does not answer', () => {
    const [of, seen] = calm();
    const proxies = {
      ...seen.proxies,
      'lb-2': seenProxy('lb-2', [], {
        trouble: { code: 'timeout', message: 'lb-2 did not answer within 5s.', hint: 'Look at it.' },
        sets: unknown('lb-2 did not answer within 5s'),
      }),
    };
    golden('proxy-silent', watch(of, { ...seen, proxies }).frame(size));
  });

  test('300 nodes, scrolled', () => {
    const screen = watch(...many(300));
    golden('many', screen.frame(size));
    screen.press(key('page-down'), key('page-down'), key('down'));
    golden('many-scrolled', screen.frame(size));
    screen.press(key('end'));
    golden('many-end', screen.frame(size));
  });

  test('sorted by each', () => {
    const screen = watch(...troubled());
    screen.press('s');
    golden('by-name', screen.frame(size));
    screen.press('s');
    golden('by-sessions', screen.frame(size));
    screen.press('s');
    golden('by-age', screen.frame(size));
  });

  test('a filter while it is typed, and when it is kept', () => {
    const screen = watch(...many(300));
    screen.press('/', 'd', 'i', 's');
    golden('filter-typed', screen.frame(size));
    screen.press(key('enter'));
    golden('filter', screen.frame(size));
    screen.press('/', 'x');
    golden('filter-nothing', screen.frame(size));
  });

  test('runs that go on, were interrupted, left a node out', () => {
    const screen = watch(...withRuns());
    golden('runs', screen.frame(size));
    screen.press(key('enter'));
    golden('detail-runs-interrupted', screen.frame(size));
    screen.press(key('escape'), key('down'), key('enter'));
    golden('detail-runs-contradicted', screen.frame(size));
  });

  test('that there is no state directory is no line of the screen', () => {
    const [of, seen, notes] = withRuns();
    const nothing = { ...notes, runs: [], contradictions: [], missing: '/var/lib/fsha' };
    expect(watch(of, seen, nothing).frame(size).join()).not.toContain('no run is known');
  });

  test('one run alone stands in the line itself', () => {
    const [of, seen, notes] = withRuns();
    golden(
      'runs-one',
      watch(of, seen, { ...notes, runs: notes.runs.slice(0, 1), contradictions: [] }).frame(size),
    );
  });

  test('everything of one node', () => {
    const screen = watch(...troubled());
    screen.press(key('enter'));
    golden('detail-unreachable', screen.frame(size));
    screen.press(key('enter'), key('down'), key('enter'));
    golden('detail-second', screen.frame(size));
  });

  test('the keys', () => {
    const screen = watch(...calm());
    screen.press('?');
    golden('help', screen.frame(size));
  });

  test('wide and control characters in names', () => {
    const names = ['北京-フリー-1', 'node-\u001b[2J\u0007evil', 'x'.repeat(63), 'jo\u0308rg-📞'];
    const proxies = ['東京-lb', 'lb\u001b]0;t\u0007'];
    const of = cluster(names, proxies);
    const screen = watch(
      of,
      observation(
        names.map((name) =>
          read(name, { version: known('\u009b31mred'), mark: known('a\u001b[1m,b,c\u0007 d') }),
        ),
        proxies.map((name) => seenProxy(name, ['AP', '\u001b[5m', 'DX', 'AP'], { at: NOW })),
      ),
    );
    const lines = screen.frame(size);
    golden('names', lines);
    screen.press(key('enter'));
    const text = [...lines, ...screen.frame(size)].join('');
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });
});

test.each([
  { columns: 1, rows: 1 },
  { columns: 10, rows: 3 },
  { columns: 20, rows: 5 },
  { columns: 300, rows: 80 },
])('fits into $columns columns and $rows rows, whatever is shown', (size) => {
  for (const screen of [watch(...calm()), watch(...troubled()), watch(...many(300)), watch(...withRuns())]) {
    screen.frame(size);
    screen.press(key('enter'));
    screen.frame(size);
    screen.press(key('end'));
    screen.frame(size);
    screen.press('?');
    screen.frame(size);
    screen.press('?', '/', '日');
    screen.frame(size);
  }
});

test('by itself it shows what is in trouble first, also when that comes later', () => {
  const [of, seen] = many(300);
  const screen = watch(of, seen);
  expect(screen.frame()[4]).toContain('> edge-43');
  screen.see({ ...seen, nodes: { ...seen.nodes, 'edge-7': unreachable('edge-7') } });
  expect(screen.frame()[4]).toContain('> edge-7');
});

test('where there is no room for both, the age goes before the word is cut', () => {
  const [of, seen] = troubled();
  const screen = watch(of, { ...seen, nodes: { ...seen.nodes, 'node-3': unreachable('node-3') } });
  const lineAt = (columns: number): string =>
    screen.frame({ columns, rows: 23 }, NOW + 14_000).find((line) => line.includes('node-3')) ?? '';
  expect(lineAt(120)).toMatch(/ 15s old, unreachable/);
  expect(lineAt(80)).toMatch(/ {2}unreachable$/);
});

test('details of sessions say no more than is known', () => {
  const detail = (changes: Partial<NodeObservation>): string => {
    const [of] = calm();
    const screen = watch(of, observation([read('node-1', changes)], []));
    screen.press('s', key('enter'));
    return screen.frame().find((line) => line.startsWith('sessions')) ?? '';
  };
  const nothing = unknown('no answer');
  expect(detail({ sessions: known(3), peak5Min: known(9) })).toMatch(
    / 3\/1000, at most 9 in the last 5 minutes$/,
  );
  expect(detail({ sessions: known(3), peak5Min: nothing })).toMatch(
    / 3\/1000, the most in the last 5 minutes unknown$/,
  );
  expect(detail({ sessions: nothing, peak5Min: known(9) })).toMatch(
    / unknown, at most 9 in the last 5 minutes$/,
  );
  expect(detail({ sessions: nothing, peak5Min: nothing })).toMatch(/^sessions +unknown$/);
});

test('what was selected stays selected, and in sight, when the order changes', () => {
  const [of, seen] = many(300);
  const screen = watch(of, seen);
  screen.frame();
  screen.press('s', key('down'), key('down'), key('down'));
  expect(selected(screen.frame())).toContain('edge-4 ');
  screen.press('s');
  expect(selected(screen.frame())).toContain('edge-4 ');
  const busy = read('edge-4', { sessions: known(999) });
  screen.see({ ...seen, nodes: { ...seen.nodes, 'edge-4': busy } });
  expect(selected(screen.frame())).toContain('999/1000');
  // And while a filter hides it, something else is; afterwards it is again.
  screen.press('/', 'edge-20');
  expect(selected(screen.frame())).toContain('edge-20');
  screen.press(key('escape'));
  expect(selected(screen.frame())).toContain('edge-4 ');
});

test('goes to each end and no further', () => {
  const screen = watch(...many(300));
  screen.press('s');
  screen.frame();
  screen.press(key('up'), key('page-up'));
  expect(selected(screen.frame())).toContain('edge-1 ');
  screen.press(key('end'), key('down'), key('page-down'));
  expect(selected(screen.frame())).toContain('edge-300 ');
  screen.press(key('up'));
  expect(selected(screen.frame())).toContain('edge-299 ');
  screen.press(key('home'));
  expect(selected(screen.frame())).toContain('edge-1 ');
});

test.each([
  ['role=ed', 6],
  ['NODE-1', 2],
  ['active', 5],
  ['inactive', 1],
  ['out', 1],
  ['in service', 4],
  ['unreachable', 1],
  ['held', 1],
  ['paused', 1],
  ['unknown', 3],
  ['not', 2],
  ['nothing like it', 0],
])('the filter %s finds %i nodes', (filter, count) => {
  const screen = watch(...troubled());
  screen.press('/', filter, key('enter'));
  expect(screen.frame({ columns: 120, rows: 39 }).join('\n')).toContain(`${count} of 6 nodes`);
});

test('the filter is typed, mended and taken away; keys are letters meanwhile', () => {
  const screen = watch(...troubled());
  screen.press('/', 'q', 's', '?', key('backspace'), '日', key('backspace'));
  expect(screen.left).toEqual([]);
  expect(screen.frame().join('\n')).toContain('filter: qs_');
  screen.press(key('escape'));
  expect(screen.frame().join('\n')).not.toContain('filter:');
  screen.press('/', 'edge', key('enter'), key('escape'));
  expect(screen.left).toEqual([]);
  expect(screen.frame().join('\n')).not.toContain('filter:');
});

test('is left by q, by Esc where there is nothing to go back from, and by Ctrl-C always', () => {
  const screen = watch(...calm());
  screen.press('?', key('escape'), key('enter'), key('escape'));
  expect(screen.left).toEqual([]);
  screen.press(key('escape'));
  screen.press('q');
  screen.press('/', key('ctrl-c'));
  expect(screen.left).toEqual(['key', 'key', 'ctrl-c']);
});

test('text that was pasted is no command', () => {
  const screen = watch(...calm());
  screen.press('qqq', 'ss');
  expect(screen.left).toEqual([]);
  expect(screen.frame().join('\n')).toContain('sort: trouble first');
});

test('a long detail is scrolled, to its end and no further', () => {
  const screen = watch(...troubled());
  screen.press(key('enter'), key('end'));
  const size = { columns: 40, rows: 11 };
  const last = screen.frame(size);
  screen.press(key('down'));
  expect(screen.frame(size)).toEqual(last);
  expect(last.slice(-3).join(' ')).toMatch(/lb-3 .* active, probing/);
});

test('a node whose readings are the same objects is not looked at again', () => {
  const [of, seen] = many(300);
  const looks = new Map<string, number>();
  const counting = Object.fromEntries(
    Object.entries(seen.nodes).map(([name, node]) => [
      name,
      Object.defineProperty({ ...node }, 'version', {
        get: () => {
          looks.set(name, (looks.get(name) ?? 0) + 1);
          return node.version;
        },
      }),
    ]),
  );
  // As the Watcher hands it out: a new whole of the same readings at each look.
  const observe = (): Observation => ({ nodes: { ...counting }, proxies: { ...seen.proxies } });
  const screen = watch(of, observe());
  screen.press('s', key('down'));
  screen.frame();
  const first = new Map(looks);
  expect(first.size).toBe(300);
  for (let frame = 0; frame < 5; frame += 1) {
    screen.see(observe());
    screen.frame();
  }
  // The selected one is asked for its notes.
  looks.delete('edge-2');
  first.delete('edge-2');
  expect(looks).toEqual(first);
});

function selected(lines: readonly string[]): string {
  const found = lines.filter((line) => line.startsWith('> '));
  expect(found).toHaveLength(1);
  return found[0] ?? '';
}
