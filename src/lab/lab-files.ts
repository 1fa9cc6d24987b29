import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** @returns the path */
export async function writeJson(directory: string, name: string, content: object): Promise<string> {
  return writeSecret(directory, name, `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * For the owner alone: most of what the lab writes has a password in it or beside it.
 * @returns the path
 */
export async function writeSecret(directory: string, name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}
