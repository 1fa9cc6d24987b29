import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadPlaybook } from '../../src/playbook/load-playbook.ts';
import { playbookFolder, refusal, withSteps } from './playbook-folder.ts';

async function said(text: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  await using folder = await playbookFolder({ ...more, 'p.yaml': text });
  const error = await refusal(loadPlaybook('p.yaml', { cwd: folder.dir }));
  expect(error.code).toBe('usage');
  expect(error.hint).not.toBe('');
  return error.message.replaceAll(`${folder.dir}/`, '');
}

const VARS = 'vars:\n  program: { default: freeswitch }\n';

test.each([
  [
    'an unknown action',
    withSteps('  - shh: ls'),
    /^p\.yaml:4:5 steps\[0\]\.shh: This action is not known here\. Did you mean ssh\?$/,
  ],
  [
    'an unknown key',
    withSteps('  - ssh: ls\n    whn: "true"'),
    /^p\.yaml:5:5 steps\[0\]\.whn: This key is not known here\. Did you mean when\?$/,
  ],
  [
    'a parameter that is not known',
    withSteps('  - ssh: { run: ls, cods: [0] }'),
    /^p\.yaml:4:21 steps\[0\]\.ssh\.cods: This key is not known here\. Did you mean codes\?$/,
  ],
  [
    'two actions',
    withSteps('  - preflight:\n    deactivate:'),
    /^p\.yaml:5:5 .* has one action, and this has preflight and deactivate\./,
  ],
  [
    'no action',
    withSteps('  - name: x'),
    /^p\.yaml:4:5 steps\[0\]: This step has no action\. Write one of preflight, /,
  ],
  [
    'an action without its colon',
    withSteps('  - preflight'),
    /^p\.yaml:4:5 steps\[0\]: A colon is missing behind the action: write preflight:$/,
  ],
  [
    'a duration without a unit',
    withSteps('  - ssh: ls\n    timeout: 5'),
    /^p\.yaml:5:14 steps\[0\]\.timeout: A duration needs a unit: write 5s/,
  ],
  [
    'a key that means nothing there',
    withSteps('  - preflight:\n    disruptive: true'),
    /^p\.yaml:5:5 .*: The action preflight takes no disruptive\./,
  ],
  [
    'an unknown variable',
    `version: 1\nname: p\n${VARS}steps:\n  - ssh: "ls {{ vars.progam }}"`,
    /^p\.yaml:6:22 .*progam is not known in vars\. Did you mean program\?/,
  ],
  [
    'a name in a block',
    withSteps('  - ssh:\n      run: |\n        echo\n        echo {{ befor.x }}'),
    /^p\.yaml:7:17 .*befor is not known here\./,
  ],
  [
    'a name that is registered later',
    withSteps('  - assert: later.ok\n  - ssh: ls\n    register: later'),
    /^p\.yaml:4:13 .*later is not known here\./,
  ],
  [
    'a field that an action does not have',
    withSteps('  - ssh: ls\n    register: first\n  - assert: first.stdot == ""'),
    /^p\.yaml:6:19 .*stdot is not known in first\. Did you mean stdout\?/,
  ],
  [
    'a name that is a word of the expressions',
    withSteps('  - ssh: ls\n    register: list\n  - assert: "1 == 1"'),
    /^p\.yaml:5:\d+ .*list is a word of the expressions\. Choose another name\./,
  ],
  [
    'a name registered twice',
    withSteps('  - ssh: ls\n    register: a\n  - ssh: ls\n    register: a'),
    /^p\.yaml:6:5 .*The name a is registered twice, first at p\.yaml:4:5\./,
  ],
  [
    'a condition that is none',
    withSteps('  - ssh: ls\n    when: node.name'),
    /^p\.yaml:5:11 .*A condition has to be true or false/,
  ],
  [
    'a condition in braces',
    withSteps('  - ssh: ls\n    when: "{{ policy.hold }}"'),
    /^p\.yaml:5:11 when: An expression stands here without braces: write policy\.hold\.$/,
  ],
  [
    'a value inside quotes of a shell line',
    withSteps(`  - ssh: 'ls "{{ node.name }}"'`),
    /^p\.yaml:4:\d+ .*A value cannot be put /,
  ],
  [
    'another version',
    'version: 2\nname: p',
    'p.yaml:1:10 version: This fsha reads version 1 only: write version: 1.',
  ],
  ['no steps', 'version: 1\nname: p', 'p.yaml:1:1 steps: This key is missing: a list of steps is expected.'],
  [
    'an unknown key at the top',
    'version: 1\nname: p\nstep: []\nsteps: [preflight: ]',
    /^p\.yaml:3:1 step: This key is not known here\. Did you mean steps\?$/,
  ],
  [
    'a variable of no known type',
    'version: 1\nname: p\nvars: { a: { type: strng, default: x } }\nsteps: [preflight: ]',
    /^p\.yaml:3:20 vars\.a\.type: "strng" is not known here\. Did you mean string\?$/,
  ],
  [
    'a bare secret',
    'version: 1\nname: p\nvars: { a: { secret: true, default: hunter2 } }\nsteps: [preflight: ]',
    /^p\.yaml:3:37 vars\.a\.default: The default of a secret says where it is/,
  ],
  [
    'a file that is not there',
    withSteps('  - include: none.yaml'),
    /^p\.yaml:4:14 .*The playbook none\.yaml does not exist\./,
  ],
  ['no YAML', 'version: 1\n\tname: p', /^p\.yaml:2:1 A tab cannot be used as indentation/],
])('%s', async (_, text, expected) => {
  const message = await said(text);
  if (typeof expected === 'string') expect(message).toBe(expected);
  else expect(message).toMatch(expected);
  expect(message.split('\n')).toHaveLength(1);
  expect(message).not.toContain('hunter2');
});

test('a cycle of includes is refused with its chain', async () => {
  expect(
    await said(withSteps('  - include: a/q.yaml'), { 'a/q.yaml': withSteps('  - include: ../p.yaml') }),
  ).toBe(
    'a/q.yaml:4:14 steps[0].include: These playbooks include each other without end: p.yaml → a/q.yaml → p.yaml.',
  );
});

test('all problems are told at once, in the order of the files', async () => {
  const message = await said(withSteps('  - include: q.yaml\n  - nonsense: 1'), {
    'q.yaml': withSteps('  - ssh:\n  - pause: 5'),
  });
  expect(message.split('\n').map((line) => line.split(' ')[0])).toEqual([
    'p.yaml:5:5',
    'q.yaml:4:5',
    'q.yaml:5:12',
  ]);
});

test('steps of an included file stand in place of the include, with their own positions', async () => {
  await using folder = await playbookFolder({
    'p.yaml': withSteps('  - include: q.yaml\n  - assert: seen.ok'),
    'q.yaml': `version: 1\nname: q\n${VARS}steps:\n  - ssh: [ls, "{{ vars.program }}"]\n    register: seen\n`,
  });
  const playbook = await loadPlaybook('p.yaml', { cwd: folder.dir });
  expect(playbook.steps.map(({ action, at }) => [action, at])).toEqual([
    ['ssh', { file: 'q.yaml', line: 6, column: 5 }],
    ['assert', { file: 'p.yaml', line: 5, column: 5 }],
  ]);
  expect(playbook.steps[0]?.params).toEqual({ run: ['ls', '{{ vars.program }}'] });
  expect(playbook.steps[0]?.places['run[1]']).toEqual({ file: 'q.yaml', line: 6, column: 15 });
  expect(playbook.vars.map(({ name }) => name)).toEqual(['program']);
  expect(playbook.files.map(({ path }) => path)).toEqual([`${folder.dir}/p.yaml`, `${folder.dir}/q.yaml`]);
});

const SHIPPED = fileURLToPath(new URL('../../playbooks/', import.meta.url));

test('every playbook that fsha brings can be used, under the name of its file', async () => {
  // Below them are parts that only others include: those give them their values.
  const files = (await readdir(SHIPPED)).filter((file) => file.endsWith('.yaml'));
  expect(files).toContain('rolling-restart.yaml');
  for (const file of files) {
    const { name, description } = await loadPlaybook(file, { cwd: SHIPPED });
    expect([`${name}.yaml`, description !== '']).toEqual([file, true]);
  }
});
