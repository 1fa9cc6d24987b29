import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPlaybook, listPlaybooks } from '../../src/playbook/find-playbook.ts';
import { loadPlaybook } from '../../src/playbook/load-playbook.ts';
import { newPlaybookText, writeNewFile } from '../../src/playbook/new-playbook.ts';
import { playbookFolder, refusal } from './playbook-folder.ts';

async function folders() {
  const folder = await playbookFolder({
    'here/playbooks/drain.yaml': '',
    'here/playbooks/No Name.yaml': '',
    'here/playbooks/folder.yaml/file': '',
    'etc/playbooks/upgrade.yml': '',
    'etc/playbooks/drain.yaml': '',
    'fsha/playbooks/drain.yaml': '',
    'fsha/playbooks/rolling-restart.yaml': '',
  });
  const at = (path: string): string => join(folder.dir, path);
  return { folder, at, where: { cwd: at('here'), inventory: at('etc/fsha.yaml'), dist: at('fsha/dist') } };
}

test('the nearest of one name is taken; what is no playbook is left out', async () => {
  const { folder, at, where } = await folders();
  await using _ = folder;
  expect(await listPlaybooks(where)).toEqual([
    { name: 'drain', path: at('here/playbooks/drain.yaml'), from: 'here' },
    { name: 'rolling-restart', path: at('fsha/playbooks/rolling-restart.yaml'), from: 'fsha' },
    { name: 'upgrade', path: at('etc/playbooks/upgrade.yml'), from: 'inventory' },
  ]);
});

test.each([
  ['drain', 'here/playbooks/drain.yaml'],
  ['upgrade', 'etc/playbooks/upgrade.yml'],
  ['rolling-restart', 'fsha/playbooks/rolling-restart.yaml'],
  ['drain.yaml', 'here/drain.yaml'],
  ['../x/drain', 'x/drain'],
])('%s', async (wanted, path) => {
  const { folder, at, where } = await folders();
  await using _ = folder;
  expect(await findPlaybook(wanted, where)).toBe(at(path));
});

test('a name that is not there: where it was looked for, and the nearest one', async () => {
  const { folder, at, where } = await folders();
  await using _ = folder;
  const error = await refusal(findPlaybook('drian', where));
  expect(error.message).toBe(
    `There is no playbook "drian" in ${['here', 'etc', 'fsha'].map((one) => at(`${one}/playbooks`)).join(', ')}.`,
  );
  expect(error.hint).toContain('Did you mean drain?');
});

test('a new playbook can be used as it is, and replaces none', async () => {
  await using folder = await playbookFolder({});
  const path = join(folder.dir, 'mine.yaml');
  await writeNewFile(path, newPlaybookText('mine'));
  expect((await loadPlaybook(path, { cwd: folder.dir })).name).toBe('mine');
  expect((await refusal(writeNewFile(path, ''))).message).toMatch(/mine\.yaml is there already\.$/);
});
