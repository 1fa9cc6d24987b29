/** Where a playbook is: a path, or a name that is looked up in a few folders. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FshaError } from '../domain/errors.ts';
import { nearestKey } from '../domain/nearest-key.ts';
import { quoted, saidFile } from '../yaml/said-back.ts';

export interface PlaybookFolders {
  readonly cwd: string;
  /** The path of the inventory, where there is one: playbooks/ beside it. */
  readonly inventory: string | null;
  /** Where the bundle lies: fsha's own playbooks are in the folder beside it. */
  readonly dist: string;
}

export interface FoundPlaybook {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly from: 'here' | 'inventory' | 'fsha';
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/**
 * @param wanted a path (with a / or ending in .yaml or .yml), or the name of a playbook
 * @returns an absolute path
 * @throws FshaError `usage` that says where it looked, and which name was probably meant
 */
export async function findPlaybook(wanted: string, folders: PlaybookFolders): Promise<string> {
  if (wanted.includes('/') || /\.ya?ml$/.test(wanted)) return resolve(folders.cwd, wanted);
  const found = await listPlaybooks(folders);
  const named = found.find(({ name }) => name === wanted);
  if (named !== undefined) return named.path;
  const nearest = nearestKey(
    wanted,
    found.map(({ name }) => name),
  );
  const looked = foldersOf(folders).map(([, folder]) => saidFile(folder));
  throw new FshaError(
    'usage',
    `There is no playbook ${quoted(wanted)} in ${looked.join(', ')}.`,
    nearest === undefined
      ? 'fsha playbook list shows those that are there; a path names any other.'
      : `Did you mean ${nearest}? fsha playbook list shows them all.`,
  );
}

/** Every playbook that has a name: of one that is there twice the one that is taken. By name. */
export async function listPlaybooks(folders: PlaybookFolders): Promise<readonly FoundPlaybook[]> {
  const found = new Map<string, FoundPlaybook>();
  for (const [from, folder] of foldersOf(folders)) {
    for (const file of await filesIn(folder)) {
      const name = basename(file).replace(/\.ya?ml$/, '');
      if (NAME.test(name) && !found.has(name)) found.set(name, { name, path: join(folder, file), from });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function foldersOf({ cwd, inventory, dist }: PlaybookFolders): readonly [FoundPlaybook['from'], string][] {
  const all: [FoundPlaybook['from'], string][] = [
    ['here', join(cwd, 'playbooks')],
    ...(inventory === null
      ? []
      : [['inventory', join(dirname(inventory), 'playbooks')] satisfies [FoundPlaybook['from'], string]]),
    ['fsha', join(dirname(resolve(dist)), 'playbooks')],
  ];
  return all.filter(([, folder], index) => all.findIndex(([, other]) => other === folder) === index);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
    const areFiles = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).isFile()));
    return names.filter((_, index) => areFiles[index] === true);
  } catch {
    // A folder that is not there, or not to be read, has none.
    return [];
  }
}
