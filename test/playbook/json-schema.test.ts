import { readdir, readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { playbookSchema } from '../../src/playbook/json-schema.ts';
import { newPlaybookText } from '../../src/playbook/new-playbook.ts';
import { withSteps } from './playbook-folder.ts';

const validate = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(
  playbookSchema(),
);
const fits = (text: string): boolean => validate(parse(text));
const SHIPPED = new URL('../../playbooks/', import.meta.url);

const shipped = await readdir(SHIPPED, { recursive: true });
test.each(shipped.filter((file) => file.endsWith('.yaml')))('%s fits', async (file) => {
  expect([fits(await readFile(new URL(file, SHIPPED), 'utf8')), validate.errors]).toEqual([true, null]);
});

test.each([
  ['what fsha playbook new writes', newPlaybookText('mine')],
  ['a short form', withSteps('  - pause: 30s')],
  ['a long one', withSteps('  - ssh: { run: [ls, -l], reads: true }\n    timeout: 1m')],
  ['an action without anything', withSteps('  - preflight:')],
  ['a template where a number stands', withSteps('  - ssh: { run: ls, codes: ["{{ vars.code }}"] }')],
  ['steps within a step', withSteps('  - ssh: ls\n    rescue: [ { assert: "true" } ]\n    undo: []')],
  [
    'a secret',
    `version: 1\nname: p\nvars: { a: { secret: true, default: { env: A } } }\nsteps: [preflight: ]`,
  ],
  ['nodes by label', `version: 1\nname: p\nnodes: { select: role=edge }\nsteps: [preflight: ]`],
])('%s fits', (_, text) => {
  expect([fits(text), validate.errors]).toEqual([true, null]);
});

test.each([
  ['two actions', withSteps('  - preflight:\n    deactivate:')],
  ['no action', withSteps('  - name: x')],
  ['an unknown action', withSteps('  - shh: ls')],
  ['an unknown parameter', withSteps('  - ssh: { run: ls, cods: [0] }')],
  ['a number without a unit', withSteps('  - pause: 30')],
  ['a text where a number stands', withSteps('  - ssh: { run: ls, codes: [one] }')],
  ['a template where none can stand', withSteps('  - ssh: ls\n    timeout: "{{ vars.t }}"')],
  ['a key that means nothing there', withSteps('  - include: drain.yaml\n    when: "true"')],
  ['an unknown action within a step', withSteps('  - ssh: ls\n    rescue: [ { shh: ls } ]')],
  ['no steps', 'version: 1\nname: p\nsteps: []'],
  ['another version', 'version: 2\nname: p\nsteps: [preflight: ]'],
])('%s does not', (_, text) => {
  expect(fits(text)).toBe(false);
});
