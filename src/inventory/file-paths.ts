/** Paths as an inventory writes them. */
import { dirname, join, resolve } from 'node:path';

/** Turns `~/…` and what is relative to the inventory's directory into an absolute path. */
export function pathResolver(inventoryPath: string, home: string): (written: string) => string {
  const directory = dirname(resolve(inventoryPath));
  return (written) => {
    if (written === '~') return home;
    return written.startsWith('~/') ? join(home, written.slice(2)) : resolve(directory, written);
  };
}
