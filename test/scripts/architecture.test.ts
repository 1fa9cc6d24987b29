import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('docs/architecture.md names every directory of src', () => {
  const text = readFileSync(`${root}docs/architecture.md`, 'utf8');
  const directories = readdirSync(`${root}src`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => basename(name));
  expect(directories).toContain('domain');
  expect(directories.filter((name) => !new RegExp(`(^|[\\s/\`])${name}/`, 'm').test(text))).toEqual([]);
});
