import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findInventory } from '../../src/inventory/find-inventory.ts';
import { inventoryFolder, refusal } from './inventory-folder.ts';

describe('findInventory', () => {
  it('takes the flag, then the variable, then the working directory, then XDG, then ~/.config', async () => {
    await using folder = await inventoryFolder();
    const { path } = folder;
    const home = join(path, 'home');
    const inConfig = await folder.write('home/.config/fsha/fsha.yaml', '');
    expect(await findInventory(undefined, {}, path, home)).toBe(inConfig);
    const inXdg = await folder.write('xdg/fsha/fsha.yaml', '');
    expect(await findInventory(undefined, { XDG_CONFIG_HOME: join(path, 'xdg') }, path, home)).toBe(inXdg);
    const here = await folder.write('fsha.yaml', '');
    expect(await findInventory(undefined, { XDG_CONFIG_HOME: join(path, 'xdg') }, path, home)).toBe(here);
    const byVariable = await folder.write('variable.yaml', '');
    expect(await findInventory(undefined, { FSHA_CONFIG: 'variable.yaml' }, path, home)).toBe(byVariable);
    const byFlag = await folder.write('flag.yaml', '');
    expect(await findInventory('flag.yaml', { FSHA_CONFIG: 'variable.yaml' }, path, home)).toBe(byFlag);
    expect(await findInventory(byFlag, {}, '/', home)).toBe(byFlag);
  });

  it('takes an empty variable for none, and a relative XDG directory for none', async () => {
    await using folder = await inventoryFolder();
    const here = await folder.write('home/.config/fsha/fsha.yaml', '');
    const env = { FSHA_CONFIG: '', XDG_CONFIG_HOME: 'relative' };
    expect(await findInventory(undefined, env, folder.path, join(folder.path, 'home'))).toBe(here);
  });

  it('goes past a directory of that name', async () => {
    await using folder = await inventoryFolder();
    await mkdir(join(folder.path, 'fsha.yaml'));
    const found = await folder.write('xdg/fsha/fsha.yaml', '');
    expect(
      await findInventory(undefined, { XDG_CONFIG_HOME: join(folder.path, 'xdg') }, folder.path, '/nowhere'),
    ).toBe(found);
  });

  it('does not look further when what was named is not there', async () => {
    await using folder = await inventoryFolder();
    await folder.write('fsha.yaml', '');
    const byFlag = await refusal(findInventory('other.yaml', {}, folder.path, '/nowhere'));
    expect(byFlag.message).toBe(
      `The inventory that --config names, ${folder.path}/other.yaml, does not exist.`,
    );
    const byVariable = await refusal(
      findInventory(undefined, { FSHA_CONFIG: 'x/y' }, folder.path, '/nowhere'),
    );
    expect(byVariable.message).toBe(
      `The inventory that $FSHA_CONFIG names, ${folder.path}/x/y, does not exist.`,
    );
    const empty = await refusal(findInventory('', {}, folder.path, '/nowhere'));
    expect(empty).toMatchObject({ code: 'inventory', message: 'The path that --config names is empty.' });
    const directory = await refusal(findInventory('.', {}, folder.path, '/nowhere'));
    expect(directory.message).toContain('is a directory');
  });

  it('says everywhere it looked', async () => {
    await using folder = await inventoryFolder();
    const error = await refusal(
      findInventory(undefined, {}, folder.path, `${folder.path}/home`, `${folder.path}/etc/fsha.yaml`),
    );
    expect(error.code).toBe('inventory');
    expect(error.message).toBe(
      `No inventory was found: ${folder.path}/fsha.yaml does not exist, ` +
        `${folder.path}/home/.config/fsha/fsha.yaml does not exist, ${folder.path}/etc/fsha.yaml does not exist.`,
    );
    expect(error.hint).toContain('--config FILE');
  });
});
