import { createRequire } from 'node:module';

/** fsha's own version. The package file lies one folder above the bundle, and two above this source file. */
export const version: string = readVersion();

function readVersion(): string {
  const require = createRequire(import.meta.url);
  for (const path of ['../package.json', '../../package.json', '../../../package.json']) {
    try {
      const manifest = require(path) as { name?: string; version?: string };
      if (manifest.name === 'fsha' && manifest.version !== undefined) return manifest.version;
    } catch {
      // Not there: the next place.
    }
  }
  return 'unknown';
}
