import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const LAUNCHER = new URL('../../bin/fsha.js', import.meta.url).pathname;

/** What the launcher does with a `main` of this body. */
async function launched(body: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const dist = await mkdtemp(join(tmpdir(), 'fsha-launcher-'));
  onTestFinished(() => rm(dist, { recursive: true }));
  await writeFile(join(dist, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(dist, 'main.js'),
    `import { EventEmitter } from 'node:events';
     export const systemClock = {};
     export const machineId = () => null;
     const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
     export async function main(argv, host) { ${body} }`,
  );
  const child = spawn(process.execPath, [LAUNCHER], {
    env: { ...process.env, FSHA_DIST: dist },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr };
}

test('the exit code is that of the command', async () => {
  expect(await launched('return 6;')).toEqual({ code: 6, stderr: '' });
});

test.each([
  ['a rejection that nobody hears', 'void Promise.reject(new Error("lost"));'],
  ['an error of an emitter', 'setTimeout(() => new EventEmitter().emit("error", new Error("lost")), 1);'],
])('%s does not end a run', async (_, bug) => {
  expect(await launched(`${bug} await later(50); return 7;`)).toEqual({
    code: 7,
    stderr: 'fsha: a bug, the run goes on: lost\n',
  });
});
