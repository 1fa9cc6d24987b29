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
