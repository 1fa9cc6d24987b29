/** Frames as text files. `UPDATE_GOLDEN=1` writes them anew; read the difference before it is committed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';

const FOLDER = new URL('./golden/', import.meta.url);

/** Compares with `golden/<name>.txt`; a file that is missing fails. */
export function expectGolden(name: string, text: string): void {
  const file = new URL(`${name}.txt`, FOLDER);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  expect(existsSync(file), `${name}.txt is missing: UPDATE_GOLDEN=1 writes it`).toBe(true);
  expect(`${text}\n`).toBe(readFileSync(file, 'utf8'));
}
