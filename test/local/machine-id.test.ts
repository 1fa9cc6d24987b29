import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machineId } from '../../src/local/machine-id.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fsha-machine-id-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function idOf(text: string): Promise<string | null> {
  const file = join(dir, 'machine-id');
  await writeFile(file, text);
  return machineId(file);
}

test('tells one machine from another, and does not give the id away', async () => {
  const [one, other] = ['0123456789abcdef0123456789abcdef', '0123456789abcdef0123456789abcdee'];
  const first = await idOf(`${one}\n`);
  expect(first).toMatch(/^[0-9a-f]{16}$/);
  expect(await idOf(one)).toBe(first);
  expect(await idOf(`${other}\n`)).not.toBe(first);
  expect(one).not.toContain(first);
});

test.each(['', 'uninitialized\n', `${'0'.repeat(32)}\n`, '0123\n', 'not an id'])(
  '%j is none',
  async (text) => {
    expect(await idOf(text)).toBeNull();
  },
);

test('a machine without one has none', () => {
  expect(machineId(join(dir, 'missing'))).toBeNull();
});
