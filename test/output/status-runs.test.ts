import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { known } from '../../src/domain/observation.ts';
import type { MarkNote } from '../../src/domain/mark-notes.ts';
import type { RunNote, RunNotes } from '../../src/domain/run-notes.ts';
import { jsonText } from '../../src/output/json-text.ts';
import { statusDocument } from '../../src/output/status-json.ts';
import { RunNews } from '../../src/output/status-news-runs.ts';
import { StatusNews } from '../../src/output/status-news.ts';
import {
  concerns,
  inLines,
  inOneLine,
  markText,
  saidOfRun,
  saidOfRuns,
} from '../../src/output/status-runs.ts';
import { statusTable } from '../../src/output/status-table.ts';
import { cluster, observation, seenNode, seenProxy } from './events.ts';

const RUN = '20261122-183000-bbbb';
const NOW = new Date(2026, 10, 22, 21, 31, 34);
const WALL = NOW.getTime();
const two = cluster(['node-1', 'node-2'], ['lb-1', 'lb-2']);

const interrupted: RunNote = {
  run: RUN,
  command: 'drain node-1',
  who: 'ops@bastion',
  state: 'interrupted',
  nodes: ['node-1'],
  since: new Date(2026, 10, 22, 18, 35, 0).toISOString(),
  step: 'wait_drained',
  changed: true,
  next: [`fsha resume ${RUN}`, `fsha resume ${RUN} --undo`],
};
const leftOut: RunNote = { ...interrupted, state: 'left-out', step: null, next: ['fsha activate node-1'] };
const NOTHING: RunNotes = {
  wall: WALL,
  runs: [],
  contradictions: [],
  marks: {},
  last: {},
  missing: null,
  gaps: [],
};
const contradiction = {
  node: 'node-1',
  run: RUN,
  says: 'out of service',
  shown: [{ proxy: 'lb-2', flags: ['AP'] }],
  next: ['fsha activate node-1', 'fsha deactivate node-1'],
} as const;

const seen = observation(
  [seenNode('node-1'), seenNode('node-2')],
  [seenProxy('lb-1', ['DX', 'AP']), seenProxy('lb-2', ['AP', 'AP'])],
);

const rolling = { done: 2, of: 4, inHand: ['node-3'], failed: [], untouched: ['node-4'] };

describe('in one line', () => {
  const under: Partial<RunNote> = { state: 'in-progress', next: [`fsha show ${RUN} --follow`] };
  const roll: Partial<RunNote> = {
    command: 'rolling --all',
    rolling,
    nodes: ['node-1', 'node-2', 'node-3', 'node-4'],
  };
  test.each<[Partial<RunNote>, string]>([
    [
      { ...under, ...roll },
      'run RUN (rolling --all) by ops@bastion is under way since 18:35:00, 2 of 4 nodes done, node-3 in hand (waiting for its calls to end), node-4 not begun: fsha show RUN --follow',
    ],
    [
      {
        ...under,
        ...roll,
        step: null,
        rolling: { ...rolling, inHand: [], failed: ['node-1'], untouched: [] },
      },
      'run RUN (rolling --all) by ops@bastion is under way since 18:35:00, 2 of 4 nodes done, node-1 failed: fsha show RUN --follow',
    ],
    [
      { ...roll, next: [`fsha resume ${RUN}`] },
      'run RUN (rolling --all) by ops@bastion was interrupted at 18:35:00: 2 of 4 nodes done, node-3 in hand (waiting for its calls to end), node-4 not begun: fsha resume RUN',
    ],
    [
      under,
      'run RUN (drain node-1) by ops@bastion is under way since 18:35:00, waiting for its calls to end: fsha show RUN --follow',
    ],
    [
      { ...under, step: null },
      'run RUN (drain node-1) by ops@bastion is under way since 18:35:00: fsha show RUN --follow',
    ],
    [
      {},
      'run RUN (drain node-1) by ops@bastion was interrupted at 18:35:00 (waiting for its calls to end): fsha resume RUN, or undo it: fsha resume RUN --undo',
    ],
    [
      { changed: false, step: 'preflight' },
      'run RUN (drain node-1) by ops@bastion was interrupted at 18:35:00, before it changed anything: fsha resume RUN, or undo it: fsha resume RUN --undo',
    ],
    [
      { step: null, next: [`fsha resume ${RUN}`], since: new Date(2026, 10, 20, 18, 35, 0).toISOString() },
      'run RUN (drain node-1) by ops@bastion was interrupted at 2026-11-20 18:35:00: fsha resume RUN',
    ],
    [
      { state: 'unfinished', next: [`fsha show ${RUN} --follow`, `fsha resume ${RUN}`] },
      'run RUN (drain node-1) by ops@bastion, begun at 18:35:00, has not come to its end; whether it goes on is unknown: fsha show RUN --follow, or fsha resume RUN',
    ],
    [leftOut, 'node-1 was left out by run RUN (drain node-1, ops@bastion, 2h56m ago): fsha activate node-1'],
    [
      { ...leftOut, nodes: ['node-1', 'node-2'], next: ['fsha activate node-1', 'fsha activate node-2'] },
      'node-1, node-2 were left out by run RUN (drain node-1, ops@bastion, 2h56m ago): fsha activate node-1, or fsha activate node-2',
    ],
    [
      // By a clock that was ahead.
      { ...leftOut, since: new Date(2026, 10, 23, 9, 0, 0).toISOString() },
      'node-1 was left out by run RUN (drain node-1, ops@bastion, at 2026-11-23 09:00:00): fsha activate node-1',
    ],
    [
      { ...leftOut, state: 'left-unknown' },
      'what run RUN (drain node-1, ops@bastion, 2h56m ago) left node-1 as is unknown: fsha activate node-1',
    ],
  ] satisfies [Partial<RunNote>, string][])('%j', (changes, expected) => {
    expect(inOneLine(saidOfRun({ ...interrupted, ...changes }, WALL)).replaceAll(RUN, 'RUN')).toBe(expected);
  });

  test('contradictions and gaps', () => {
    const notes: RunNotes = {
      ...NOTHING,
      contradictions: [
        contradiction,
        {
          ...contradiction,
          says: 'in service',
          shown: [
            { proxy: 'lb-1', flags: ['DX'] },
            { proxy: 'lb-2', flags: ['DX', 'IP'] },
          ],
        },
      ],
      gaps: ['what runs did is unknown: no answer'],
    };
    expect(saidOfRuns(notes, WALL).map(({ text }) => text)).toEqual([
      `node-1: last run ${RUN} says out, lb-2 says active`,
      `node-1: last run ${RUN} says in service, lb-1 says disabled, lb-2 says disabled and inactive`,
      'what runs did is unknown: no answer',
    ]);
  });
});

test('where it does not fit, each command has a line of its own, whole', () => {
  const said = saidOfRun(interrupted, WALL);
  expect(inLines(said, 80)).toEqual([
    `run ${RUN} (drain node-1) by ops@bastion was interrupted at`,
    '  18:35:00 (waiting for its calls to end):',
    `  fsha resume ${RUN}`,
    `  fsha resume ${RUN} --undo  # undoes it`,
  ]);
  expect(inLines(said, 300)).toEqual([inOneLine(said)]);
  expect(inLines({ text: 'word '.repeat(30).trim(), commands: [] }, 80)).toHaveLength(2);
});

test('what others wrote does not steer the terminal', () => {
  const evil = '\u001b[2J\u0007';
  const note = { ...leftOut, run: evil, command: evil, who: evil, nodes: [evil], next: [evil] };
  const notes: RunNotes = {
    ...NOTHING,
    runs: [note, { ...note, state: 'interrupted', step: evil }, { ...note, since: evil }],
    contradictions: [{ ...contradiction, run: evil, shown: [{ proxy: evil, flags: [evil] }] }],
    gaps: [evil],
    marks: {
      'node-1': {
        state: 'stale',
        mark: { run: evil, who: evil, at: NaN, up: null, token: null, guard: false, ended: false },
        age: null,
      },
    },
    last: { 'node-1': { run: evil, says: 'unknown' } },
  };
  const held = observation([seenNode('node-1', { mark: known(evil) }), seenNode('node-2')], []);
  const text = [
    ...statusTable(two, held, 80, notes),
    ...new RunNews().take(notes).map((news) => news.text),
    jsonText(statusDocument(two, held, NOW, notes)),
  ].join('');
  expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});

const mark = {
  run: RUN,
  who: 'ops@bastion',
  at: WALL - 150_000,
  up: null,
  token: null,
  guard: false,
  ended: false,
};

describe('a mark', () => {
  test.each([
    [{ state: 'noted', mark, age: 150_000 }, null],
    [{ state: 'ended', mark, age: 150_000 }, 'still marked by run RUN of ops@bastion, which is over'],
    [
      { state: 'fresh', mark, age: 150_000 },
      'held by run RUN of ops@bastion, marked 2m ago: may be under way on another host',
    ],
    [{ state: 'fresh', mark, age: null }, 'held by run RUN of ops@bastion: may be under way on another host'],
    [
      { state: 'fresh', mark: { ...mark, guard: true }, age: 150_000 },
      'kept out by run RUN of ops@bastion, marked 2m ago, which gives way: on another host',
    ],
    [
      { state: 'left', mark: { ...mark, ended: true }, age: 150_000 },
      'left out by run RUN of ops@bastion, marked 2m ago, which has ended on another host',
    ],
    [
      { state: 'stale', mark, age: 12_000_000 },
      'held by run RUN of ops@bastion, marked 3h20m ago: stale, nobody renews it; on its host: fsha show RUN',
    ],
    [{ state: 'foreign', text: 'me' }, "held by a mark that is none of fsha's: me"],
  ] satisfies [MarkNote, string | null][])('%j', (note, expected) => {
    expect(markText(note)?.replaceAll(RUN, 'RUN') ?? null).toBe(expected);
  });
});

describe('the table', () => {
  test('has it below everything else, and nothing where nothing is to be said', () => {
    expect(statusTable(two, seen, 80, NOTHING)).toEqual(statusTable(two, seen));
    const lines = statusTable(two, seen, 80, {
      ...NOTHING,
      runs: [interrupted],
      contradictions: [contradiction],
    });
    expect(lines.slice(6)).toEqual([
      'SESSIONS: of the limit of FreeSWITCH. p: the proxy probes it with OPTIONS.',
      '',
      `run ${RUN} (drain node-1) by ops@bastion was interrupted at`,
      '  18:35:00 (waiting for its calls to end):',
      `  fsha resume ${RUN}`,
      `  fsha resume ${RUN} --undo  # undoes it`,
      `node-1: last run ${RUN} says out, lb-2 says active:`,
      '  fsha activate node-1',
      '  fsha deactivate node-1',
    ]);
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(80);
  });

  test('says that nothing is known where there is no state directory', () => {
    const notes = { ...NOTHING, missing: '/var/lib/fsha\u001b[2J' };
    const text = 'no run is known on this host: there is no /var/lib/fsha\ufffd[2J';
    expect(statusTable(two, seen, 80, notes).slice(-2)).toEqual(['', text]);
    expect(statusDocument(two, seen, NOW, notes)).toMatchObject({ runs: [], runsUnknown: [text] });
    const news = new RunNews();
    expect([news.take(notes), news.take(notes)]).toEqual([[{ text, bad: false }], []]);
  });

  test('says of a mark what is known of its run', () => {
    const marked = observation(
      [
        seenNode('node-1', { mark: known(`${RUN},ops@bastion,2026-11-22T18:30:00.000Z`) }),
        seenNode('node-2'),
      ],
      [seenProxy('lb-1', ['DX', 'AP']), seenProxy('lb-2', ['DX', 'AP'])],
    );
    const said = (marks: RunNotes['marks']) =>
      statusTable(two, marked, 80, { ...NOTHING, marks }).filter((line) => /held|marked/.test(line));
    expect(said({ 'node-1': { state: 'noted', mark, age: 150_000 } })).toEqual([]);
    expect(said({ 'node-1': { state: 'fresh', mark, age: 150_000 } })).toEqual([
      `node-1: held by run ${RUN} of ops@bastion, marked 2m ago: may be under way on another host`,
    ]);
    // Nothing is known of runs: the mark says what it says.
    expect(said({})).toEqual([`node-1: held by run ${RUN} of ops@bastion`]);
  });
});

test('what it has in hand and is not in the inventory is said, with what to do, and no command that would be refused', () => {
  const missing = {
    what: 'has node-9 in hand, which is not in /etc/fsha/fsha.yaml',
    todo: 'put it back there until the run has come to its end',
  };
  const note: RunNote = { ...interrupted, nodes: ['node-9'], missing, next: [] };
  expect(inOneLine(saidOfRun(note, WALL))).toMatch(
    /was interrupted at .*; it has node-9 in hand, which is not in \/etc\/fsha\/fsha\.yaml: put it back there until the run has come to its end$/,
  );
  const { runs } = statusDocument(two, seen, NOW, { ...NOTHING, runs: [note] });
  expect(runs).toMatchObject([{ missing: `it ${missing.what}: ${missing.todo}`, next: [] }]);
});

describe('the document', () => {
  test('has runs, and of each node what the last one says', () => {
    const notes: RunNotes = {
      ...NOTHING,
      runs: [interrupted],
      contradictions: [contradiction],
      marks: {
        'node-2': {
          state: 'fresh',
          mark: { run: RUN, who: 'ops', at: WALL, up: null, token: null, guard: false, ended: false },
          age: 0,
        },
      },
      last: { 'node-1': { run: RUN, says: 'out of service' } },
      gaps: ['a journal cannot be read'],
    };
    const { runs, runsUnknown, nodes, complete } = statusDocument(two, seen, NOW, notes);
    expect(runs).toEqual([
      {
        run: RUN,
        command: 'drain node-1',
        who: 'ops@bastion',
        state: 'interrupted',
        nodes: ['node-1'],
        since: interrupted.since,
        step: 'wait_drained',
        next: interrupted.next,
        missing: null,
        stopped: false,
      },
    ]);
    expect(runsUnknown).toEqual(['a journal cannot be read']);
    expect(nodes.map(({ lastRun, markFresh }) => [lastRun, markFresh])).toEqual([
      [{ run: RUN, says: 'out of service', contradictedBy: ['lb-2'] }, null],
      [null, true],
    ]);
    // What runs did is no part of what a status asks of the cluster.
    expect(complete).toBe(true);
  });

  test('of runs that were not asked for it says so', () => {
    expect(statusDocument(two, seen, NOW)).toMatchObject({ runs: null, runsUnknown: [] });
  });
});

describe('news', () => {
  const told = (...all: readonly RunNotes[]): readonly string[][] => {
    const news = new RunNews();
    return all.map((notes) => news.take(notes).map(({ text, bad }) => (bad ? `! ${text}` : text)));
  };
  const running: RunNote = { ...interrupted, state: 'in-progress', next: [`fsha show ${RUN} --follow`] };
  const who = `run ${RUN} (drain node-1) by ops@bastion`;

  test('a run that begins, is interrupted, is over', () => {
    const at = (runs: readonly RunNote[]): RunNotes => ({ ...NOTHING, runs });
    expect(
      told(
        at([running]),
        at([{ ...running, step: 'restart' }]),
        at([interrupted]),
        at([running]),
        at([]),
        at([]),
      ),
    ).toEqual([
      [`${who} is under way since 18:35:00, waiting for its calls to end: fsha show ${RUN} --follow`],
      [],
      [
        `! ${who} was interrupted at 18:35:00 (waiting for its calls to end): fsha resume ${RUN}, or undo it: fsha resume ${RUN} --undo`,
      ],
      [`${who} is under way since 18:35:00, waiting for its calls to end: fsha show ${RUN} --follow`],
      [`${who} is over`],
      [],
    ]);
  });

  test('one that leaves a node out is over with that', () => {
    const lines = told({ ...NOTHING, runs: [running] }, { ...NOTHING, runs: [leftOut] }, NOTHING);
    expect(lines.slice(1)).toEqual([
      [`! node-1 was left out by run ${RUN} (drain node-1, ops@bastion, 2h56m ago): fsha activate node-1`],
      [],
    ]);
  });

  test('contradictions come, change and go; gaps come', () => {
    const on = (...proxies: readonly string[]): RunNotes => ({
      ...NOTHING,
      contradictions: [{ ...contradiction, shown: proxies.map((proxy) => ({ proxy, flags: ['AP'] })) }],
    });
    const ways = 'fsha activate node-1, or fsha deactivate node-1';
    expect(told(on('lb-2'), on('lb-2'), on('lb-1', 'lb-2'), { ...NOTHING, gaps: ['no answer'] })).toEqual([
      [`! node-1: last run ${RUN} says out, lb-2 says active: ${ways}`],
      [],
      [`! node-1: last run ${RUN} says out, lb-1 says active, lb-2 says active: ${ways}`],
      ['node-1: its last run and the proxies no longer say different things', '! no answer'],
    ]);
  });

  test('stand behind those of nodes and proxies, once they are known', () => {
    const news = new StatusNews(two);
    const text = (all: readonly { readonly text: string }[]) => all.map((one) => one.text);
    expect(text(news.begin(seen, { ...NOTHING, runs: [running] })).at(-1)).toContain('is under way');
    expect(text(news.take(seen, { ...NOTHING, runs: [running] }))).toEqual([]);
    const later = new StatusNews(two);
    later.begin(seen);
    expect(text(later.take(seen, { ...NOTHING, runs: [running] }))).toHaveLength(1);
  });
});

test('of the nodes of a rolling run only those in hand, or not brought through, are concerned', () => {
  const note: RunNote = {
    ...interrupted,
    nodes: ['node-1', 'node-2', 'node-3'],
    rolling: { done: 1, of: 3, inHand: ['node-2'], failed: ['node-3'], untouched: [] },
  };
  expect(['node-1', 'node-2', 'node-3', 'node-9'].map((name) => concerns(note, name))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(concerns(interrupted, 'node-1')).toBe(true);
});
