/** Looks for secrets in files: their names, and all that is in them. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Leak, leaksIn, type Marker } from './secret-markers.ts';

export interface SearchedTree {
  /** Paths of all files below it, folders and links included, without its own. */
  readonly entries: readonly string[];
  readonly leaks: readonly Leak[];
}

/** Everything below a folder; nothing where there is none. A file that goes meanwhile is none. */
export function searchTree(
  folder: string,
  markers: readonly Marker[],
  isLookedInto: (path: string) => boolean = () => true,
): SearchedTree {
  const entries = pathsBelow(folder).map((path) => path.slice(folder.length + 1));
  const leaks = entries.flatMap((entry) => {
    const path = join(folder, entry);
    if (!isLookedInto(entry)) return [];
    return [...leaksIn(`the name of ${path}`, entry, markers), ...leaksIn(path, contentOf(path), markers)];
  });
  return { entries, leaks };
}

function pathsBelow(folder: string): readonly string[] {
  return orNothing(() => readdirSync(folder), []).flatMap((name) => {
    const path = join(folder, name);
    const isFolder = orNothing(() => lstatSync(path).isDirectory(), false);
    return isFolder ? [path, ...pathsBelow(path)] : [path];
  });
}

/** Bytes as characters: nothing is lost where a file is no text. */
function contentOf(path: string): string {
  return orNothing(() => {
    const kind = lstatSync(path);
    if (kind.isSymbolicLink()) return readlinkSync(path);
    return kind.isFile() ? readFileSync(path, 'latin1') : '';
  }, '');
}

function orNothing<T>(look: () => T, nothing: T): T {
  try {
    return look();
  } catch {
    return nothing;
  }
}
