/** A runbook as somebody writes it who has read docs/playbooks.md and nothing else: a dozen steps of many kinds, one after the other. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';

let lab: LabForFsha;
let dir: string;

beforeAll(async () => {
  lab = await startLabForFsha();
  dir = await mkdtemp(join(tmpdir(), 'fsha-whole-'));
});
afterAll(async () => {
  await lab.stop();
  await rm(dir, { recursive: true, force: true });
});

const runbook = (): string => `version: 1
name: kernel
description: Restart a node for a new kernel
vars:
  ticket: { required: true, description: The change }
  folder: { required: true }
steps:
  - preflight:
  - name: Kernel now
    ssh: { run: [uname, -r], reads: true }
    register: kernel
  - name: Which version
    esl: version
    register: version
  - name: A person agrees
    confirm: { question: 'Restart {{ node.name }} for {{ vars.ticket }}, kernel {{ kernel.stdout }}?', answer: agree }
  - name: Tell the chat
    notify: { text: '{{ node.name }} goes out for {{ vars.ticket }}', command: 'echo "$FSHA_TEXT" >> ${dir}/chat' }
  - deactivate:
  - wait_drained:
  - fence:
  - name: The new settings
    upload: { path: '{{ vars.folder }}/{{ node.name }}.conf', content: "ticket={{ vars.ticket }}\\n", mode: '0640' }
  - restart:
  - verify:
  - name: They are there
    ssh: { run: 'grep -qxF ticket={{ vars.ticket }} {{ vars.folder }}/{{ node.name }}.conf', reads: true }
  - activate:
  - name: Which version now
    esl: version
    register: after
  - name: The same version
    assert: { that: after.reply == version.reply, message: FreeSWITCH is another version now. }
`;

test('every step is done, in order, and the node is back', async () => {
  const path = join(dir, 'kernel.yaml');
  await writeFile(path, runbook());
  const vars = ['--var', 'ticket=CHG 1', '--var', `folder=${dir}`];
  const done = await lab.call('run', path, 'node-1', ...vars, '--answer', 'agree=yes');
  const said = done.stdout
    .split('\n')
    .flatMap((line) => /node-1: (.*?)(?:: done)? after/.exec(line)?.[1] ?? []);
  expect([done.exit, done.stderr]).toEqual([0, '']);
  expect(said).toEqual([
    'Kernel now',
    'Which version',
    'A person agrees',
    'Tell the chat',
    'out of service',
    'drained: no session left',
    'still empty with its inbound side paused',
    'The new settings',
    expect.stringContaining('new core_uuid'),
    'healthy',
    'They are there',
    'back in service',
    'Which version now',
    'The same version',
  ]);
  expect(await readFile(join(dir, 'chat'), 'utf8')).toBe('node-1 goes out for CHG 1\n');
  expect(await readFile(join(dir, 'node-1.conf'), 'utf8')).toBe('ticket=CHG 1\n');
  expect((await stat(join(dir, 'node-1.conf'))).mode & 0o777).toBe(0o640);
  expect(await lab.flags()).toEqual(ALL_IN);
});
