import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from '../scripts/build.mjs';

/**
 * Builds the bundle into a folder of this run's own and hands its path to the tests as FSHA_DIST, so that two runs in
 * one checkout never see each other's half-written files. It lies below node_modules because modesl stays unbundled
 * and has to be found from there.
 */
export async function setup(): Promise<() => Promise<void>> {
  const outdir = fileURLToPath(new URL(`../node_modules/.fsha-test/${process.pid}`, import.meta.url));
  await mkdir(outdir, { recursive: true });
  await bundle(outdir);
  process.env['FSHA_DIST'] = outdir;
  return () => rm(outdir, { recursive: true, force: true });
}
