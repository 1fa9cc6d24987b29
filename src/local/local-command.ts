/** A command of the user's on this machine. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatDuration } from '../domain/duration.ts';
import { FshaError, interrupted } from '../domain/errors.ts';
import type { CommandResult, LocalCommand } from '../workflow/ports.ts';
import { OutputEnd } from './output-end.ts';
import { beginShell, type Exit, settlesWithin } from './process-group.ts';

/** Milliseconds without a byte after which a pipe that somebody else keeps open is left, and the most this may take. */
const QUIET = 250;
const QUIET_MOST = 1_000;

/** How long a timer of Node's can run: 2^31 - 1 ms. */
const LONGEST = 2_147_483_647;

export function createLocalCommand(): LocalCommand {
  return { run };
}

/**
 * Runs `/bin/sh -c command` in a process group of its own. Of stdout and stderr the last 64 KiB each are kept; what it
 * leaves in the background goes on, unheard. After `timeout` (ms), or when the signal fires, every process of the group
 * gets SIGTERM, and 2 s later SIGKILL.
 *
 * @throws FshaError `timeout`, `interrupted`, both only when the command is gone or 3 s after its SIGKILL; `hook.failed`
 */
async function run(
  command: string,
  env: Readonly<Record<string, string>>,
  timeout: number,
  signal: AbortSignal,
): Promise<CommandResult> {
  if (signal.aborted) throw interrupted(WHAT);
  const group = await beginShell(command, env);
  const stdout = new OutputEnd(group.stdout);
  const stderr = new OutputEnd(group.stderr);
  try {
    const ended = await firstOf(group.exited, timeout, signal);
    if (ended === 'timeout' || ended === 'abort') {
      await group.end();
      if (ended === 'abort') throw interrupted(WHAT);
      throw new FshaError(
        'timeout',
        `the command on this machine took longer than ${formatDuration(timeout)} and was ended`,
      );
    }
    await heardOut([stdout, stderr]);
    return { exitCode: ended.code, signal: ended.signal, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.stop();
    stderr.stop();
  }
}

const WHAT = 'the command on this machine';

function firstOf(
  exited: Promise<Exit>,
  timeout: number,
  signal: AbortSignal,
): Promise<Exit | 'timeout' | 'abort'> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve('abort');
    const timer = setTimeout(resolve, Math.min(timeout, LONGEST), 'timeout');
    signal.addEventListener('abort', onAbort, { once: true });
    // It may have fired while the shell was begun.
    if (signal.aborted) onAbort();
    exited.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  });
}

/**
 * What the command wrote is in the pipes when it ends, and they end with it, unless it has left somebody behind who
 * keeps them open.
 */
async function heardOut(outputs: readonly OutputEnd[]): Promise<void> {
  const received = (): number => outputs.reduce((sum, output) => sum + output.received, 0);
  const all = Promise.all(outputs.map((output) => output.ended));
  const deadline = performance.now() + QUIET_MOST;
  let before = -1;
  while (performance.now() < deadline && received() !== before) {
    before = received();
    if (await settlesWithin(QUIET, () => all)) return;
    // On a busy machine the time is up before the pipes were looked at.
    await nextTurn();
  }
}
