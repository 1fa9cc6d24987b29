import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isForeground } from '../../src/local/foreground.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fsha-stat-'));
});

afterAll(() => rm(directory, { recursive: true }));

test.each([
  ['in the foreground', '100 (node) S 90 100 90 34816 100 4194304 1', true],
  ['in the background', '100 (node) S 90 100 90 34816 90 4194304 1', false],
  ['with a name of any kind', '100 (a) b (c) S 1) S 90 100 90 34816 90 4194304 1', false],
  ['without a terminal', '100 (node) S 90 100 100 0 -1 4194304 1', true],
  ['something else', 'nonsense', true],
])('a process %s', async (_what, stat, expected) => {
  const file = join(directory, 'stat');
  await writeFile(file, stat);
  expect(isForeground(file)).toBe(expected);
});

test('a system without /proc', () => {
  expect(isForeground(join(directory, 'none'))).toBe(true);
});
