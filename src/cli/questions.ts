/** Questions of a playbook: answered by `--answer NAME=…`, else by whoever sits at the terminal. */
import { createInterface } from 'node:readline/promises';
import { FshaError, interrupted } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import type { Questions } from '../workflow/action-port.ts';
import type { Call } from './command.ts';

/** `NAME=ANSWER`, each. @throws FshaError `usage` */
export function readAnswers(options: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    options.map((option) => {
      const [, name, answer] = /^([a-z][a-z0-9_-]*)=(.*)$/s.exec(option) ?? [];
      if (name === undefined || answer === undefined)
        throw new FshaError(
          'usage',
          `--answer ${JSON.stringify(printable(option, 60))} is not NAME=ANSWER`,
          'The name is what the step confirm calls answer.',
        );
      return [name, answer] as const;
    }),
  );
}

/**
 * To be asked before a run begins: a question that nobody will be there to answer stops it when half is done.
 * @param names of all questions of the playbook
 * @throws FshaError `refused` where there is no terminal, and one of them has no answer or `--step` asks, `usage` for an answer to nothing
 */
export function requireAnswers(
  call: Pick<Call, 'host' | 'globals' | 'options'>,
  names: readonly string[],
  answers: ReadonlyMap<string, string>,
): void {
  const strange = [...answers.keys()].find((name) => !names.includes(name));
  if (strange !== undefined)
    throw new FshaError(
      'usage',
      `the playbook asks nothing that is called ${strange}`,
      names.length === 0 ? 'Leave --answer out.' : `It asks: ${names.join(', ')}.`,
    );
  // A dry run asks nobody.
  if (hasTerminal(call) || call.globals.dryRun) return;
  if (call.options['step'] === true)
    throw new FshaError(
      'refused',
      '--step asks before each step, and nobody is here to be asked',
      'Leave it out, or run fsha at a terminal, without --json.',
    );
  const missing = [...new Set(names)].filter((name) => !answers.has(name));
  if (missing.length > 0)
    throw new FshaError(
      'refused',
      `the playbook asks for ${missing.join(', ')}, and nobody is here to be asked`,
      `Say ${missing.map((name) => `--answer ${name}=yes`).join(' ')} if that is meant.`,
    );
}

/** One question at a time, in the order in which they come. */
export function questions(
  call: Pick<Call, 'host' | 'globals'>,
  answers: ReadonlyMap<string, string>,
): Questions {
  let before: Promise<unknown> = Promise.resolve();
  return {
    ask: ({ name, text }, signal) => {
      const given = answers.get(name);
      if (given !== undefined) return Promise.resolve(given);
      if (!hasTerminal(call))
        return Promise.reject(
          new FshaError(
            'refused',
            `${printable(text)}: nobody is here to be asked`,
            `Say --answer ${name}=yes if that is meant.`,
          ),
        );
      const turn = before.then(() => askHere(call, text, signal));
      before = turn.catch(() => undefined);
      return turn;
    },
  };
}

function hasTerminal({ host, globals }: Pick<Call, 'host' | 'globals'>): boolean {
  return host.stdin.isTTY === true && host.stderr.isTTY === true && !globals.json;
}

async function askHere({ host }: Pick<Call, 'host'>, text: string, signal: AbortSignal): Promise<string> {
  if (signal.aborted) throw interrupted(printable(text));
  // The terminal stays as it is, so that Ctrl-C is the signal that it is everywhere else.
  const reader = createInterface({ input: host.stdin, output: host.stderr, terminal: false });
  // The end of input is no answer.
  const ended = new Promise<string>((resolve) => reader.once('close', () => resolve('')));
  const answered = reader
    .question(`fsha: ${printable(text, 500)} Type yes to go on: `, { signal })
    .catch(() => {
      if (signal.aborted) throw interrupted(printable(text));
      return '';
    });
  try {
    return await Promise.race([answered, ended]);
  } finally {
    reader.close();
  }
}
