/**
 * fsha in a process that has loaded it before: the same bundle, one command after another. Most of what a short command costs is
 * its start, and tests of faults run hundreds. Whatever is killed, is sent a signal or is itself what the test is about has a
 * process of its own: see `fsha.ts`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FshaResult } from './fsha.ts';

const CHILD = fileURLToPath(new URL('warm-fsha-child.mjs', import.meta.url));

interface Answer {
  readonly id: number;
  readonly result: FshaResult;
}

let child: ChildProcess | undefined;
let asked = 0;

/** It goes with this process: its end of the pipe is closed then. */
function warm(): ChildProcess {
  if (child?.connected === true) return child;
  child = fork(CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  child.setMaxListeners(50);
  child.unref();
  return child;
}

/**
 * Runs a command of fsha to its end.
 * @param env over the environment of this process
 * @throws when it has not ended after `timeoutMs`, or the process it runs in has; a later command gets a new one then
 */
export function runWarmFsha(
  args: readonly string[],
  timeoutMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<FshaResult> {
  const process = warm();
  const id = (asked += 1);
  return new Promise<FshaResult>((resolve, reject) => {
    const over = (): void => {
      clearTimeout(late);
      process.off('message', answered).off('exit', gone);
    };
    const fail = (why: string): void => {
      over();
      process.kill('SIGKILL');
      reject(new Error(`fsha ${args.join(' ')}: ${why}`));
    };
    const answered = (message: unknown): void => {
      const answer = message as Answer;
      if (answer.id !== id) return;
      over();
      resolve(answer.result);
    };
    const gone = (): void => fail('the process it ran in has ended');
    const late = setTimeout(() => fail(`it did not end within ${timeoutMs} ms`), timeoutMs);
    process.on('message', answered).once('exit', gone);
    process.send({ id, args, env });
  });
}
