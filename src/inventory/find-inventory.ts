/** Where the inventory is. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FshaError } from '../domain/errors.ts';
import { saidFile } from '../yaml/said-back.ts';

/**
 * Finds the inventory: the file of `--config`, else of `$FSHA_CONFIG`; else the first that is there of `./fsha.yaml`,
 * `$XDG_CONFIG_HOME/fsha/fsha.yaml` (`~/.config` where that is not set) and `/etc/fsha/fsha.yaml`.
 *
 * @param flag what `--config` says
 * @param system the file of last resort
 * @returns an absolute path
 * @throws FshaError `inventory` that lists where it looked
 */
export async function findInventory(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  home: string,
  system = '/etc/fsha/fsha.yaml',
): Promise<string> {
  if (flag !== undefined) return named(resolve(cwd, flag), '--config', flag === '');
  // An empty variable is one that was meant to be unset.
  if (env['FSHA_CONFIG']) return named(resolve(cwd, env['FSHA_CONFIG']), '$FSHA_CONFIG', false);
  const xdg = env['XDG_CONFIG_HOME'];
  const configuration = xdg?.startsWith('/') === true ? xdg : join(home, '.config');
  const candidates = [join(cwd, 'fsha.yaml'), join(configuration, 'fsha', 'fsha.yaml'), system];
  const looked: string[] = [];
  for (const candidate of candidates) {
    const trouble = await whyNot(candidate);
    if (trouble === undefined) return candidate;
    looked.push(`${saidFile(candidate)} ${trouble}`);
  }
  throw new FshaError(
    'inventory',
    `No inventory was found: ${looked.join(', ')}.`,
    'Write one (docs/inventory.md describes it), or name it with --config FILE or in $FSHA_CONFIG.',
  );
}

async function named(path: string, by: string, empty: boolean): Promise<string> {
  const trouble = empty ? 'is empty' : await whyNot(path);
  if (trouble === undefined) return path;
  const what = empty ? `The path that ${by} names` : `The inventory that ${by} names, ${saidFile(path)},`;
  throw new FshaError(
    'inventory',
    `${what} ${trouble}.`,
    'Name a file that is there, or leave it out to have fsha look for one.',
  );
}

/** Why nothing can be loaded there, or undefined. What is there and cannot be read is found: to load it says why not. */
async function whyNot(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'is a directory' : undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
    return code === 'EACCES' ? 'cannot be looked at: permission denied' : `cannot be looked at: ${code}`;
  }
}
