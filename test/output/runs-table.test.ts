import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import type { ListedRun } from '../../src/domain/run-summary.ts';
import { runsTable } from '../../src/output/runs-table.ts';

const row: ListedRun = {
  run: '20261122-213134-k3f9',
  path: '/var/lib/fsha/runs/20261122-213134-k3f9.ndjson',
  state: 'settled',
  command: 'drain node-1',
  cluster: 'voice-eu',
  who: 'ops@bastion',
  reason: null,
  settledAt: null,
  startedAt: new Date(2026, 10, 22, 21, 31, 34).toISOString(),
  kind: 'drain',
  nodes: ['node-1'],
  call: 'fsha',
  lock: null,
  outcome: 'done',
  exit: 0,
  services: { 'node-1': 'in service' },
  untouched: [],
  next: [],
  damage: null,
  underWay: false,
};

test('a line for each run', () => {
  expect(
    runsTable([
      row,
      { ...row, outcome: 'held', exit: 6, services: { 'node-1': 'out of service' } },
      { ...row, outcome: 'unknown', exit: 9, services: { 'node-1': 'unknown' } },
      { ...row, state: 'unfinished', outcome: null, exit: null, services: {}, underWay: true },
      { ...row, state: 'unfinished', outcome: null, exit: null, services: {}, underWay: false },
      { ...row, state: 'unfinished', outcome: null, exit: null, services: {}, underWay: null },
      {
        ...row,
        state: 'damaged',
        command: null,
        who: null,
        startedAt: null,
        damage: 'x.ndjson:7: not a line of JSON.',
      },
    ]),
  ).toEqual([
    'RUN                   STARTED      END            COMMAND       BY',
    '20261122-213134-k3f9  11-22 21:31  done           drain node-1  ops@bastion',
    '20261122-213134-k3f9  11-22 21:31  held (6), out  drain node-1  ops@bastion',
    '20261122-213134-k3f9  11-22 21:31  unknown (9)    drain node-1  ops@bastion',
    '20261122-213134-k3f9  11-22 21:31  in progress    drain node-1  ops@bastion',
    '20261122-213134-k3f9  11-22 21:31  interrupted    drain node-1  ops@bastion',
    '20261122-213134-k3f9  11-22 21:31  unfinished     drain node-1  ops@bastion',
    '20261122-213134-k3f9  -            damaged        -             -',
    '',
    'damaged: x.ndjson:7: not a line of JSON.',
  ]);
});

test('long commands are cut to 80 columns', () => {
  const lines = runsTable([{ ...row, command: `rolling ${'node-1 '.repeat(40)}` }]);
  expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(80);
  expect(lines[1]).toContain('…');
});

test('at 80 columns a command is whole, whoever began it: that goes first, the host before the user', () => {
  const guard: ListedRun = {
    ...row,
    state: 'unfinished',
    outcome: null,
    exit: null,
    services: {},
    command: 'deactivate node-1 --guard',
    who: 'ops@bastion-1.example.net',
  };
  expect(runsTable([guard])).toEqual([
    'RUN                   STARTED      END          COMMAND                    BY',
    '20261122-213134-k3f9  11-22 21:31  interrupted  deactivate node-1 --guard  ops',
  ]);
  const held: ListedRun = { ...row, outcome: 'held', exit: 6, services: { 'node-1': 'out of service' } };
  expect(runsTable([{ ...guard, who: 'release-pipeline@ci' }, held])).toEqual([
    'RUN                   STARTED      END            COMMAND',
    '20261122-213134-k3f9  11-22 21:31  interrupted    deactivate node-1 --guard',
    '20261122-213134-k3f9  11-22 21:31  held (6), out  drain node-1',
  ]);
  expect(runsTable([guard], 100)[1]).toContain('ops@bastion-1.example.net');
});

test('none', () => expect(runsTable([])).toEqual(['no runs']));

test('of a rolling run how many nodes are not as they should be', () => {
  const ended: ListedRun = {
    ...row,
    kind: 'rolling',
    command: 'rolling --all',
    outcome: 'failed',
    exit: 11,
    nodes: ['node-1', 'node-2', 'node-3', 'node-4'],
    services: { 'node-1': 'in service', 'node-2': 'out of service', 'node-3': 'unknown' },
    untouched: ['node-4'],
  };
  expect(runsTable([ended], 120)[1]).toContain('  failed (11), 1 out, 1 unknown, 1 not begun  ');
  const well = {
    ...ended,
    outcome: 'done',
    exit: 0,
    services: { 'node-1': 'in service' },
    untouched: [],
  } as const;
  expect(runsTable([well], 120)[1]).toMatch(/ {2}done {2}/);
});
