/** A new file is on the disk only once its directory is, and those above it that were made for it. */
import { open, readlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openJournal } from '../../src/journal/journal-file.ts';
import { makeStateDirectory } from '../../src/journal/shared-directory.ts';
import { temporaryDirectory } from './temporary-directory.ts';

afterEach(() => vi.restoreAllMocks());

/** The paths of what is synced from here on, in order; it is synced all the same. */
async function watchSyncs(directory: string): Promise<string[]> {
  const handle = await open(directory);
  const methods = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  // Called below on the handle that it belongs to.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const { sync } = methods;
  const synced: string[] = [];
  vi.spyOn(methods, 'sync').mockImplementation(async function (this: FileHandle) {
    synced.push(await readlink(`/proc/self/fd/${this.fd}`));
    await sync.call(this);
  });
  return synced;
}

test('a state directory that is made: everything above it, with what was there before', async () => {
  const top = await temporaryDirectory();
  const synced = await watchSyncs(top);
  await makeStateDirectory(join(top, 'a', 'b', 'c'));
  expect(synced).toEqual([join(top, 'a', 'b'), join(top, 'a'), top]);
});

test('a journal that is opened: its directory and the state directory, each time', async () => {
  const dir = await temporaryDirectory();
  for (const run of ['20261122-213134-k3f9', '20261122-213135-k3f9']) {
    const synced = await watchSyncs(dir);
    const journal = await openJournal({ dir, run, cluster: 'voice' });
    await journal.close();
    expect(synced).toEqual([join(dir, 'runs'), dir]);
    vi.restoreAllMocks();
  }
});
