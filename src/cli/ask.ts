/** Questions that have to be answered before something is done that cannot be undone. */
import { createInterface } from 'node:readline/promises';
import { FshaError } from '../domain/errors.ts';
import type { Call } from './command.ts';

/**
 * Asks on the terminal; `--yes` answers.
 * @param flag what would have answered it
 * @throws FshaError `refused` where nobody is there to answer, or the answer was another one than yes; `interrupted` for
 *   Ctrl-C at the question
 */
export async function confirm({ host, globals }: Call, what: string, flag = '--yes'): Promise<void> {
  if (globals.yes) return;
  if (host.stdin.isTTY !== true || host.stderr.isTTY !== true || globals.json) {
    throw new FshaError(
      'refused',
      `${what}, and nobody is here to be asked`,
      `Say ${flag} if that is meant.`,
    );
  }
  const reader = createInterface({ input: host.stdin, output: host.stderr });
  // Without these readline takes the keys for an error: Ctrl-C is a wish to stop, the end of input is no answer.
  const stopped = new AbortController();
  reader.on('SIGINT', () => stopped.abort());
  const ended = new Promise<string>((resolve) => reader.once('close', () => resolve('')));
  const answered = reader
    .question(`fsha: ${what}. Type yes to go on: `, { signal: stopped.signal })
    .catch(() => {
      if (stopped.signal.aborted)
        throw new FshaError('interrupted', `${what}: not confirmed`, 'Nothing was changed.');
      return '';
    });
  try {
    const answer = await Promise.race([answered, ended]);
    if (answer.trim().toLowerCase() === 'yes') return;
  } finally {
    reader.close();
  }
  throw new FshaError('refused', `${what}: not confirmed`, 'Nothing was changed.');
}
