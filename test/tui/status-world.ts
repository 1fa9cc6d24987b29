/** Clusters as they are watched, and a screen to watch them on. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { expect } from 'vitest';
import type { Cluster } from '../../src/domain/cluster.ts';
import { known, type NodeObservation, type Observation, unknown } from '../../src/domain/observation.ts';
import type { RunNotes } from '../../src/domain/run-notes.ts';
import { textOf } from '../../src/tui/line.ts';
import type { KeyName, Scene, Size } from '../../src/tui/scene.ts';
import { statusScene } from '../../src/tui/status-scene.ts';
import { cluster, observation, seenNode, seenProxy } from '../output/events.ts';

export const NOW = 1_000_000;
export const SIZES = [
  { columns: 80, rows: 23 },
  { columns: 40, rows: 11 },
  { columns: 120, rows: 39 },
] as const;

/** A scene under test: what it shows, and what was typed at it. */
export interface Watching {
  readonly scene: Scene;
  /** What is seen from now on. */
  see(next: Observation): void;
  /** Each character, or each key by its name. */
  press(...keys: readonly (string | { readonly name: KeyName })[]): void;
  frame(size?: Size, now?: number): readonly string[];
  readonly left: readonly string[];
}

export function watch(of: Cluster, first: Observation, runs: RunNotes | null = null): Watching {
  let seen = first;
  const left: string[] = [];
  const scene = statusScene({
    cluster: of,
    observe: () => seen,
    runs: () => runs,
    poll: 5_000,
    onLeave: (by) => left.push(by),
  });
  return {
    scene,
    left,
    see: (next) => {
      seen = next;
    },
    press: (...keys) => {
      for (const key of keys)
        scene.onKey(typeof key === 'string' ? { text: key, name: null } : { text: '', name: key.name });
    },
    frame: (size = SIZES[0], now = NOW) => {
      // The time of day where it is read: the same line in every time zone.
      const wall = new Date(2026, 10, 22, 21, 31, 34);
      const lines = scene.draw(size, { now, wall }).map(textOf);
      expect(lines.length).toBeLessThanOrEqual(size.rows);
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(size.columns);
      return lines;
    },
  };
}

/** Compares with the file, or writes it where UPDATE_GOLDEN is set: then look at what has changed. */
export function expectGolden(name: string, lines: readonly string[]): void {
  const folder = join(import.meta.dirname, 'golden-status');
  const text = `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
  const file = join(folder, `${name}.txt`);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}

export function key(name: KeyName): { readonly name: KeyName } {
  return { name };
}

export function unreachable(name: string, changes: Partial<NodeObservation> = {}): NodeObservation {
  const nothing = unknown('10.0.1.11:8021 refused the connection');
  return {
    ...seenNode(name),
    at: NOW - 1_000,
    trouble: {
      code: 'connect.refused',
      message: `${name} (10.0.1.11:8021) refused the connection.`,
      hint: 'Look whether FreeSWITCH runs and mod_event_socket listens there.',
    },
    coreUuid: nothing,
    switchname: nothing,
    ready: nothing,
    uptimeMs: nothing,
    version: nothing,
    sessions: nothing,
    peak5Min: nothing,
    sessionLimit: nothing,
    calls: nothing,
    channels: nothing,
    pause: nothing,
    mark: nothing,
    ...changes,
  };
}

export function read(name: string, changes: Partial<NodeObservation> = {}): NodeObservation {
  return seenNode(name, { at: NOW - 1_000, ...changes });
}

/** All that is well. */
export function calm(): [Cluster, Observation] {
  const names = ['node-1', 'node-2', 'node-3'];
  return [
    cluster(names, ['lb-1', 'lb-2']),
    observation(
      names.map((name, index) => read(name, { sessions: known(37 + index), calls: known(18) })),
      ['lb-1', 'lb-2'].map((name) => seenProxy(name, ['AP', 'AP', 'AP'], { at: NOW - 1_000 })),
    ),
  ];
}

/** One that is held, one that is not reached, one whose database is silent, one that answers no more; a proxy too. */
export function troubled(): [Cluster, Observation] {
  const names = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5', 'node-10'];
  const proxies = ['lb-1', 'lb-2', 'lb-3'];
  return [
    cluster(names, proxies),
    observation(
      [
        read('node-1'),
        read('node-2', {
          sessions: known(3),
          calls: known(3),
          mark: known('20261122-213134-k3f9,ops@bastion,2026-11-22T21:31:34.000Z'),
          pause: known({ inbound: true, outbound: false }),
        }),
        unreachable('node-3'),
        read('node-4', { calls: unknown('-ERR Database error!') }),
        read('node-5', { at: NOW - 32_400, ready: known(false) }),
      ],
      [
        seenProxy('lb-1', ['AP', 'DX', 'AP', 'AP', 'IP', 'AP'], { at: NOW - 500 }),
        seenProxy('lb-2', ['AP', 'DX', 'AP', 'AP', 'AP', 'AP'], { at: NOW - 500 }),
        seenProxy('lb-3', ['AP', 'DX', 'AP', 'AP', 'AP', 'AP'], { at: NOW - 500 }),
      ],
    ),
  ];
}

/** One that is drained, one whose drain was interrupted, one that was left out and is in on a proxy, one of another host. */
export function withRuns(): [Cluster, Observation, RunNotes] {
  const names = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5'];
  const [first, second, third] = ['20261122-213000-aaaa', '20261122-183000-bbbb', '20261121-090000-cccc'];
  const who = 'ops@bastion';
  const foreign = {
    run: '20261122-170000-dddd',
    who: 'eve@other',
    at: new Date(2026, 10, 22, 17, 0, 9).getTime(),
    up: null,
    token: null,
    guard: false,
    ended: false,
  };
  const flags = ['DX', 'DX', 'DX', 'AP', 'AP'];
  const mark = (run: string) => known(`${run},${who},2026-11-22T18:30:00.000Z`);
  return [
    cluster(names, ['lb-1', 'lb-2']),
    observation(
      [
        read('node-1', { mark: mark(first), sessions: known(7), calls: known(7) }),
        read('node-2', { mark: mark(second), sessions: known(0), calls: known(0) }),
        read('node-3', { mark: mark(third), sessions: known(2), calls: known(2) }),
        read('node-4', { mark: known(`${foreign.run},${foreign.who},2026-11-22T17:00:09.000Z`) }),
        read('node-5'),
      ],
      [
        seenProxy('lb-1', flags, { at: NOW - 500 }),
        seenProxy('lb-2', [...flags.slice(0, 2), 'AP', ...flags.slice(3)], { at: NOW - 500 }),
      ],
    ),
    {
      wall: new Date(2026, 10, 22, 21, 31, 34).getTime(),
      runs: [
        {
          run: first,
          command: 'drain node-1',
          who,
          state: 'in-progress',
          nodes: ['node-1'],
          since: new Date(2026, 10, 22, 21, 30, 0).toISOString(),
          step: 'wait_drained',
          changed: true,
          next: [`fsha show ${first} --follow`],
        },
        {
          run: second,
          command: 'drain node-2',
          who,
          state: 'interrupted',
          nodes: ['node-2'],
          since: new Date(2026, 10, 22, 18, 35, 0).toISOString(),
          step: null,
          changed: true,
          next: [`fsha resume ${second}`, `fsha resume ${second} --undo`],
        },
        {
          run: third,
          command: 'deactivate node-3',
          who,
          state: 'left-out',
          nodes: ['node-3'],
          since: new Date(2026, 10, 21, 9, 0, 10).toISOString(),
          step: null,
          changed: true,
          next: ['fsha activate node-3'],
        },
      ],
      contradictions: [
        {
          node: 'node-3',
          run: third,
          says: 'out of service',
          shown: [{ proxy: 'lb-2', flags: ['AP'] }],
          next: ['fsha activate node-3', 'fsha deactivate node-3'],
        },
      ],
      marks: {
        'node-1': {
          state: 'noted',
          mark: { run: first, who, at: 0, up: null, token: null, guard: false, ended: false },
          age: 0,
        },
        'node-2': {
          state: 'noted',
          mark: { run: second, who, at: 0, up: null, token: null, guard: false, ended: false },
          age: 0,
        },
        'node-3': {
          state: 'noted',
          mark: { run: third, who, at: 0, up: null, token: null, guard: false, ended: false },
          age: 0,
        },
        'node-4': { state: 'stale', mark: foreign, age: 4 * 3_600_000 + 31 * 60_000 },
      },
      last: {
        'node-1': { run: first, says: 'unknown' },
        'node-2': { run: second, says: 'unknown' },
        'node-3': { run: third, says: 'out of service' },
      },
      missing: null,
      gaps: [],
    },
  ];
}

/** So many nodes, of which every hundredth is not reached and every fiftieth is out. */
export function many(count: number): [Cluster, Observation] {
  const names = Array.from({ length: count }, (_, index) => `edge-${index + 1}`);
  const proxies = ['sbc-1', 'sbc-2', 'sbc-3', 'sbc-4'];
  const flags = names.map((_, index) => (index % 50 === 7 ? 'DX' : 'AP'));
  return [
    cluster(names, proxies),
    observation(
      names.map((name, index) =>
        index % 100 === 42
          ? unreachable(name)
          : read(name, { sessions: known((index * 37) % 400), calls: known((index * 18) % 200) }),
      ),
      proxies.map((name) => seenProxy(name, flags, { at: NOW - 1_000 })),
    ),
  ];
}
