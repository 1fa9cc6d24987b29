import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimNetwork } from '../../src/lab/network.ts';

const PROCESSES = 5;
const CLAIMS = 10;

let directory: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fsha-network-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

/** A process that claims ten networks at once, says which, and holds them until its stdin ends. */
async function claimer(script: string): Promise<string[]> {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return JSON.parse(line) as string[];
}

test('50 claims at once in 5 processes never meet', async () => {
  const source = fileURLToPath(new URL('../../src/lab/network.ts', import.meta.url));
  await build({
    entryPoints: [source],
    outfile: join(directory, 'network.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
  const script = join(directory, 'claim.mjs');
  await writeFile(
    script,
    `import { claimNetwork } from './network.mjs';
     const claims = await Promise.all(Array.from({ length: ${CLAIMS} }, () => claimNetwork()));
     console.log(JSON.stringify(claims.map(({ prefix }) => prefix)));
     process.stdin.resume();`,
  );
  const prefixes = (await Promise.all(Array.from({ length: PROCESSES }, () => claimer(script)))).flat();
  expect(prefixes).toHaveLength(PROCESSES * CLAIMS);
  expect(new Set(prefixes).size).toBe(PROCESSES * CLAIMS);
  for (const prefix of prefixes) expect(prefix).toMatch(/^127\.[1-9]\d{0,2}\.\d{1,3}$/);
});

test('claims of one process never meet either, and a network names its hosts', async () => {
  const held = await claimNetwork();
  expect(held.host(11)).toBe(`${held.prefix}.11`);
  await held.release();
  const others = await Promise.all(Array.from({ length: 20 }, () => claimNetwork()));
  expect(new Set(others.map(({ prefix }) => prefix)).size).toBe(20);
  await Promise.all(others.map((network) => network.release()));
});
