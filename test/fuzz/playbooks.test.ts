/** Playbook files of any kind: a playbook, or every problem with its place, in words that can be shown. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Playbook } from '../../src/domain/playbook/playbook.ts';
import { loadPlaybook } from '../../src/playbook/load-playbook.ts';
import { newPlaybookText } from '../../src/playbook/new-playbook.ts';
import { holdsInTime } from './support/fuzzing.ts';
import { mutatedJson } from './support/json-mutations.ts';
import { anyText, mutated, readable } from './support/mutations.ts';
import { expectTyped } from './support/said.ts';

const DRAIN = await readFile(new URL('../../playbooks/drain.yaml', import.meta.url), 'utf8');
const NESTED = `version: 1
name: p
vars: { wanted: { type: list, default: [a, b] }, key: { secret: true, default: { env: KEY } } }
nodes: [node-1]
strategy: { maxUnavailable: 25%, pause: 30s }
steps:
  - ssh: { run: "ls {{ vars.wanted }}", env: { KEY: "{{ vars.key }}" }, codes: [0, 1] }
    register: seen
    when: node.name.startsWith("n") && size(vars.wanted) > 0
    check: { assert: "true" }
    rescue: [ { assert: [ seen.ok, 'seen.stdout != ""' ] } ]
    undo: []
    always: [ { pause: 1s } ]
  - include: p.yaml
`;
const VALID = [DRAIN, NESTED, newPlaybookText('p')];
const WORDS = [
  '{{ ',
  ' }}',
  'vars.x',
  '- ',
  '|\n',
  'include: p.yaml\n',
  '__proto__: ',
  '&a ',
  '*a',
  'null',
  '"',
];

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fsha-fuzz-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const anyFile = fc.oneof(
  { weight: 1, arbitrary: anyText.map((text) => Buffer.from(text)) },
  { weight: 4, arbitrary: mutated(VALID, WORDS) },
  {
    weight: 4,
    arbitrary: mutatedJson(VALID.map((text) => parse(text) as unknown)).map((value) =>
      readable(Buffer.from(JSON.stringify(value, null, 1))),
    ),
  },
);

async function load(content: Uint8Array): Promise<Playbook | undefined> {
  await writeFile(join(dir, 'p.yaml'), content);
  try {
    return await loadPlaybook('p.yaml', { cwd: dir });
  } catch (error) {
    const { message } = expectTyped(error, ['usage'], true);
    const lines = message.split('\n');
    expect(lines.length).toBeLessThanOrEqual(101);
    for (const line of lines)
      expect(line).toMatch(/^p\.yaml:[1-9]\d*:[1-9]\d* |^The playbook |^… and \d+ more/);
    return undefined;
  }
}

test('a file of any kind is a playbook that can be used, or its problems with their places', async () => {
  const untouched = Object.getOwnPropertyNames(Object.prototype).sort();
  await holdsInTime(
    fc.asyncProperty(anyFile, async (content) => {
      const playbook = await load(content);
      expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(untouched);
      if (playbook === undefined) return;
      expect(playbook.name).toMatch(/^[a-z0-9][a-z0-9-]*$/);
      expect(playbook.steps.length).toBeGreaterThan(0);
      // Plain all the way down, as a journal has it.
      expect(JSON.parse(JSON.stringify(playbook.steps))).toEqual(playbook.steps);
    }),
    { share: 2 },
  );
});

test('the valid ones are playbooks, but for the one that includes itself', async () => {
  expect(await load(Buffer.from(DRAIN))).toBeDefined();
  expect(await load(Buffer.from(newPlaybookText('p')))).toBeDefined();
  expect(await load(Buffer.from(NESTED))).toBeUndefined();
  expect(await load(Buffer.from(NESTED.replace('  - include: p.yaml\n', '')))).toBeDefined();
});
