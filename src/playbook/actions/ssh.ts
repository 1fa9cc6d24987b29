import { FshaError } from '../../domain/errors.ts';
import { shownText } from '../../domain/playbook/shown-text.ts';
import { shellQuote } from '../../domain/shell-quote.ts';
import { printable } from '../../domain/text.ts';
import type { RunAction } from '../../workflow/action-port.ts';
import type { Action } from '../action.ts';
import { hostOf, onHost } from './on-host.ts';
import { Params, withoutSecret } from './read-params.ts';
import { isVariableName } from './remote-line.ts';

export const ssh: Action = {
  name: 'ssh',
  summary: "Runs a command on the node's host.",
  params: {
    kind: 'fields',
    fields: {
      run: {
        kind: 'either',
        required: true,
        of: [
          { kind: 'text', lines: true, shell: true, expected: 'a line for a shell' },
          { kind: 'list', of: { kind: 'text', lines: true, empty: true }, least: 1, most: 1000 },
        ],
        description:
          'A list of words, each passed on as it is; or a line for sh, in which inserted values are quoted.',
      },
      stdin: {
        kind: 'text',
        lines: true,
        empty: true,
        description: 'What the command reads. May hold secrets.',
      },
      env: {
        kind: 'map',
        of: { kind: 'text', empty: true },
        description:
          'Variables of its environment, one line each. May hold secrets: they do not show on the host.',
      },
      codes: {
        kind: 'list',
        of: { kind: 'integer', minimum: 0, maximum: 255 },
        least: 1,
        description: 'The exit codes that are success; 0 where nothing is said.',
      },
      on: {
        kind: 'text',
        description: "A node or proxy whose host it is run on, in place of the step's own node.",
      },
      sudo: { kind: 'boolean', description: 'Run it as root, by sudo -n.' },
      reads: {
        kind: 'boolean',
        literal: true,
        description:
          'It changes nothing: nothing is announced, and it may be run again after an interruption.',
      },
      retry: {
        kind: 'boolean',
        literal: true,
        description:
          "With reads: tried again every 2 s until it succeeds or the step's time is over; for a host that comes back.",
      },
    },
  },
  short: 'run',
  result: {
    code: { type: 'integer', description: 'The exit code; -1 where a signal ended it.' },
    stdout: {
      type: 'string',
      description: 'What it wrote, 64 KiB at most, without the line break at its end.',
    },
    stderr: { type: 'string', description: 'The same of its errors.' },
  },
  changes: ({ reads }) => (reads === true ? 'nothing' : 'node'),
  timeout: 60_000,
  check: ({ env, reads, retry }) => [
    ...Object.keys(typeof env === 'object' && env !== null ? env : {})
      .filter((name) => !isVariableName(name))
      .map((name) => ({
        path: ['env', name],
        text: 'This is no name of a variable: letters, digits and "_", not a digit first.',
      })),
    ...(retry === true && reads !== true
      ? [
          {
            path: ['retry'],
            text: 'Only what changes nothing is tried again: write reads: true, or leave it out.',
          },
        ]
      : []),
  ],
};

/** What a host says that is not up, or not up yet. That it does not let us in, or is another one, is no matter of time. */
const NOT_UP = /^(?:connect\.(?:refused|timeout|unreachable)|connection\.lost|timeout)$/;
/** Between two tries: ms. */
const RETRY_EVERY = 2_000;

export const runSsh: RunAction = async (params, node, around) => {
  if (!new Params(params, around.name).flag('retry')) return runOnce(params, node, around);
  const { clock } = around.world;
  for (;;) {
    const mayWait = around.deadline - clock.now() > RETRY_EVERY;
    try {
      const result = await runOnce(params, node, around);
      if (result.ok || !mayWait) return result;
    } catch (error) {
      if (!(error instanceof FshaError) || !NOT_UP.test(error.code) || !mayWait) throw error;
    }
    await clock.sleep(RETRY_EVERY, around.signal);
  }
};

const runOnce: RunAction = async (params, node, around) => {
  const read = new Params(params, around.name);
  const command = read.value('run');
  const script = typeof command === 'string' ? command : `exec ${shellWords(read)}`;
  withoutSecret(script, around.mask, () =>
    read.wrong(
      'run',
      'has a secret in it, and what is in a command line is seen by every user of the host',
      'Give it by env or stdin.',
    ),
  );
  const env = read.texts('env');
  const names = Object.keys(env);
  const unfit = names.find((name) => !isVariableName(name) || /[\r\n\0]/.test(env[name] ?? ''));
  if (unfit !== undefined)
    throw read.wrong(`env.${printable(unfit, 60)}`, 'has a line break in it, or is no name of a variable');
  const result = await onHost(
    {
      on: hostOf(read.textOr('on', null), node),
      script,
      env: names,
      sudo: read.flag('sudo'),
      stdin: [...names.map((name) => `${env[name] ?? ''}\n`), read.textOr('stdin', '')].join(''),
    },
    around,
  );
  const code = result.exitCode ?? -1;
  const stdout = shownText(result.stdout);
  const stderr = shownText(result.stderr);
  const ok = read.integers('codes', [0]).includes(code);
  return { ok, code, stdout, stderr, said: saidOf(result.signal, code, stderr) };
};

function shellWords(read: Params): string {
  const words = read.words('run');
  if (words.length === 0 || words[0] === '') throw read.wrong('run', 'has no command in it');
  try {
    return shellQuote(words);
  } catch (error) {
    if (error instanceof TypeError) throw new FshaError('usage', `a word of run contains a NUL byte`);
    throw error;
  }
}

function saidOf(signal: string | null, code: number, stderr: string): string {
  const last = stderr.slice(stderr.lastIndexOf('\n') + 1);
  const end = signal === null ? `exit status ${code}` : `ended by ${signal}`;
  return code === 0 || last === '' ? end : `${end}: ${printable(last, 300)}`;
}
