import { build } from 'esbuild';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bundles the writing process into `directory`, readable for every user, and returns its path. */
export async function writerBundle(directory: string): Promise<string> {
  const outfile = join(directory, 'writer.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./writer-process.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  await chmod(directory, 0o755);
  return outfile;
}
