import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunEvent } from '../../../src/domain/run-events.ts';

const LAUNCHER = fileURLToPath(new URL('../../../bin/fsha.js', import.meta.url));

export interface FshaResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/**
 * Runs fsha as its users do, as a process of its own with no terminal, from the bundle in FSHA_DIST.
 * @throws when it has not ended after `timeoutMs`; it is killed then
 */
export function runFsha(args: readonly string[], timeoutMs: number): Promise<FshaResult> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') {
        reject(new Error(`fsha ${args.join(' ')} did not end within ${timeoutMs} ms:\n${stdout}\n${stderr}`));
      } else resolve({ exitCode, stdout, stderr, ms: performance.now() - began });
    });
  });
}

/** Reads NDJSON: one object a line, a line break after each, nothing else. */
export function readEvents(ndjson: string): readonly RunEvent[] {
  if (ndjson !== '' && !ndjson.endsWith('\n')) throw new Error('the last line of the NDJSON is not whole');
  return ndjson
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RunEvent);
}
