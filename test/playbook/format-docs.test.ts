/** docs/playbooks.md, before its sections on expressions and actions: every playbook in it can be used as it stands. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPlaybook } from '../../src/playbook/load-playbook.ts';

const document = readFileSync(new URL('../../docs/playbooks.md', import.meta.url), 'utf8');
const format = document.slice(0, document.indexOf('\n## Expressions\n'));
const blocks = [...format.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsha-docs-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('there is one', () => {
  expect(blocks.length).toBeGreaterThan(0);
});

test.each(blocks.map((block) => [/^name: (.*)$/m.exec(block)?.[1] ?? 'without a name', block] as const))(
  '%s',
  async (name, block) => {
    await writeFile(join(folder, `${name}.yaml`), block);
    const playbook = await loadPlaybook(`${name}.yaml`, { cwd: folder });
    expect([playbook.name, playbook.steps.length > 0]).toEqual([name, true]);
  },
);

test.each([
  'when',
  'timeout',
  'register',
  'rescue',
  'undo',
  'always',
  'disruptive',
  'cutsCalls',
  'rerun',
  'check',
])('the key %s is told of', (key) => {
  expect(format).toMatch(new RegExp(`^\\|.*\`${key}\\b`, 'm'));
});
