/** Playbooks in a folder of their own, for tests. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FshaError } from '../../src/domain/errors.ts';

export async function playbookFolder(files: Readonly<Record<string, string>>) {
  const dir = await mkdtemp(join(tmpdir(), 'fsha-playbook-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

/** What a promise is refused with. */
export async function refusal(promise: Promise<unknown>): Promise<FshaError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FshaError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** A playbook whose first step stands in line 4. */
export function withSteps(steps: string): string {
  return `version: 1\nname: p\nsteps:\n${steps}\n`;
}
