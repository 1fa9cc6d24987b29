/** A terminal as a user has it: tmux with a server of its own, an interactive shell in it, and fsha in its PATH. */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { descendants, type ProcessEntry, processEntry, signalEntry } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { LAUNCHER } from './fsha.ts';

const run = promisify(execFile);

export interface TerminalOptions {
  /** The inventory that `fsha` finds by itself. */
  readonly config: string;
  /** Default 80 and 24. */
  readonly columns?: number;
  readonly rows?: number;
  /** Of the shell, over what a login has: TERM, PATH, a UTF-8 locale. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Rows as they stand on the screen, without blanks at their ends. */
export type Screen = readonly string[];

/** What the terminal itself was told. */
export interface TerminalState {
  readonly isAlternate: boolean;
  readonly hasCursor: boolean;
  /** Of lines that are too long. */
  readonly wraps: boolean;
}

export interface Terminal {
  /** Types a command line and Enter, once the shell asks for one. */
  run(line: string): Promise<void>;
  /** Presses keys by tmux's names (`+`, `Enter`, `Escape`, `C-c`, `PageDown`), one after the other. */
  press(...keys: readonly string[]): Promise<void>;
  /** Typed as it is, all at once. */
  type(text: string): Promise<void>;
  screen(): Promise<Screen>;
  /** The screen in one text once `wanted` is on it. @throws with the last screen, when that takes longer than `limitMs` */
  sees(wanted: RegExp, limitMs?: number): Promise<string>;
  /** The screen with its colours and styles as escape sequences. */
  styled(): Promise<string>;
  /** Everything on the ordinary screen, what has scrolled away included; lines that the terminal wrapped are whole. */
  scrollback(): Promise<string>;
  /** Every byte that was written to the terminal so far. While it takes nothing: what has come of it until now. */
  written(): Promise<string>;
  state(): Promise<TerminalState>;
  /** Written to the terminal by somebody else than what runs on it. */
  print(text: string): void;
  resize(columns: number, rows: number): Promise<void>;
  /** `stty -a`, which any program on this terminal would see. */
  stty(): Promise<string>;
  /** `$?` of the last command; waits until it has ended and the shell asks for the next one. */
  status(limitMs?: number): Promise<number>;
  /** The newest process of that program that was started from this shell. */
  child(name?: string): Promise<ProcessEntry>;
  /** Nothing is read from the terminal any more, and it takes nothing more, until `resume`: a link that is dead. */
  stall(): Promise<void>;
  resume(): void;
  /** The terminal goes away, as a window that is closed or a connection that is lost. */
  close(): Promise<void>;
}

/** What the shell writes before each line that it reads: how the last command ended, too. */
const PROMPT = '[$?] user$ ';
const CONF = [
  'set -g status off',
  'set -g escape-time 0',
  'set -g default-terminal tmux-256color',
  'set -g history-limit 2000',
  '',
].join('\n');
const LIMIT = 30_000;

/** An operating system command that no terminal knows. */
const MARK = 7777;
const MARKS = new RegExp(`\\u001b\\]${MARK};\\d+\\u001b\\\\`, 'g');

let terminals = 0;

/** Opens a terminal, which goes away with the test. @throws where tmux does not come up */
export async function openTerminal(options: TerminalOptions): Promise<Terminal> {
  const { columns = 80, rows = 24 } = options;
  const directory = await mkdtemp(join(tmpdir(), 'fsha-terminal-'));
  terminals += 1;
  const socket = `fsha-${process.pid}-${terminals}`;
  const env = await environment(directory, options);
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (await run('tmux', ['-u', '-L', socket, '-f', join(directory, 'tmux.conf'), ...args], { env })).stdout;
  await writeFile(join(directory, 'tmux.conf'), CONF);
  await tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), 'exec sh -i');
  const [tty = '', shell = '', server = ''] = (
    await tmux('display-message', '-p', '#{pane_tty} #{pane_pid} #{pid}')
  )
    .trim()
    .split(' ');
  const serverEntry = processEntry(Number(server));
  if (serverEntry === undefined) throw new Error('tmux has no server');
  const rawFile = join(directory, 'written');
  await writeFile(rawFile, '');
  const close = async (): Promise<void> => {
    signalEntry(serverEntry, 'SIGCONT');
    await tmux('kill-server').catch(() => undefined);
    await until('tmux is gone', () => processEntry(serverEntry.pid)?.startedAt !== serverEntry.startedAt);
  };
  onTestFinished(async () => {
    // A run that a failed test left would hold its node in the next one.
    for (const entry of descendants(Number(shell))) signalEntry(entry, 'SIGTERM');
    await until('what was begun here is over', () => descendants(Number(shell)).length === 0, 20_000).catch(
      () => descendants(Number(shell)).forEach((entry) => signalEntry(entry, 'SIGKILL')),
    );
    await close();
    await rm(directory, { recursive: true, force: true });
  });
  await tmux('pipe-pane', '-O', `exec cat >> '${rawFile}'`);

  const capture = (...args: readonly string[]): Promise<string> => tmux('capture-pane', '-p', ...args);
  const sees = async (wanted: RegExp, limitMs = LIMIT): Promise<string> => {
    let seen = '';
    try {
      return await until(
        `the screen has ${String(wanted)}`,
        async () => {
          seen = await capture();
          return wanted.test(seen) ? seen : undefined;
        },
        limitMs,
      );
    } catch (error) {
      throw new Error(`${String(wanted)} is not on the screen:\n${seen}`, { cause: error });
    }
  };
  const press = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await tmux('send-keys', key);
  };
  const type = async (text: string): Promise<void> => {
    await tmux('send-keys', '-l', text);
  };
  const status = async (limitMs = LIMIT): Promise<number> => {
    const seen = await until(
      'the shell asks for the next line',
      async () => /\[(\d+)\] user\$$/.exec((await capture()).trimEnd()) ?? undefined,
      limitMs,
    );
    return Number(seen[1]);
  };
  let marks = 0;
  const written = async (): Promise<string> => {
    // tmux hands its copy to a process that writes it down in its own time, long after the screen shows it perhaps. A mark
    // that comes behind all else and that terminals ignore tells that everything is there.
    const mark = `\u001b]${MARK};${(marks += 1)}\u001b\\`;
    const isMarked = processEntry(serverEntry.pid)?.state !== 'T' && print(tty, mark);
    const copy = await until('what was written is written down', async () => {
      const text = await readFile(rawFile, 'utf8');
      return !isMarked || text.includes(mark) ? { text } : undefined;
    });
    return copy.text.replaceAll(MARKS, '');
  };
  await status();

  return {
    run: async (line) => {
      await status();
      await type(line);
      // Behind a line that is typed the shell does not ask.
      await until('the line is typed', async () =>
        (await capture('-J', '-S', '-')).trimEnd().endsWith(line.trimEnd()),
      );
      await press('Enter');
    },
    press,
    type,
    screen: async () => (await capture()).split('\n').slice(0, -1),
    sees,
    styled: () => capture('-e'),
    scrollback: () => capture('-J', '-S', '-'),
    written,
    state: async () => {
      const [alternate, cursor, wrap] = (
        await tmux('display-message', '-p', '#{alternate_on} #{cursor_flag} #{wrap_flag}')
      )
        .trim()
        .split(' ');
      return { isAlternate: alternate === '1', hasCursor: cursor === '1', wraps: wrap === '1' };
    },
    print: (text) => {
      if (!print(tty, text)) throw new Error('the terminal takes nothing');
    },
    resize: async (newColumns, newRows) => {
      await tmux('resize-window', '-x', String(newColumns), '-y', String(newRows));
    },
    stty: async () => (await run('stty', ['-a', '-F', tty])).stdout,
    status,
    child: async (name = 'node') =>
      until(`${name} runs`, () => descendants(Number(shell)).findLast((entry) => entry.name === name)),
    stall: async () => {
      process.kill(serverEntry.pid, 'SIGSTOP');
      await until('tmux is stopped', () => processEntry(serverEntry.pid)?.state === 'T');
      // What is under way inside of the terminal makes room once more.
      await until('it takes nothing more', async () => {
        const taken = fill(tty);
        await delay(50);
        return taken === 0;
      });
    },
    resume: () => process.kill(serverEntry.pid, 'SIGCONT'),
    close,
  };
}

async function environment(
  directory: string,
  { config, env = {} }: TerminalOptions,
): Promise<NodeJS.ProcessEnv> {
  await symlink(LAUNCHER, join(directory, 'fsha'));
  await writeFile(join(directory, 'shell-start'), `PS1='${PROMPT}'\n`);
  return {
    HOME: directory,
    // For its socket, which it never removes.
    TMUX_TMPDIR: directory,
    LANG: 'C.UTF-8',
    ENV: join(directory, 'shell-start'),
    PATH: `${directory}:${process.env['PATH'] ?? ''}`,
    FSHA_CONFIG: config,
    FSHA_DIST: process.env['FSHA_DIST'] ?? '',
    ...env,
  };
}

/** @returns whether it took it: one that was stopped takes nothing */
function print(tty: string, text: string): boolean {
  const end = openSync(tty, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const bytes = Buffer.from(text);
    const taken = writeSync(end, bytes);
    if (taken < bytes.length) throw new Error('the terminal took only a part');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
    throw error;
  } finally {
    closeSync(end);
  }
}

/** NUL is nothing to a terminal. @returns how many it took, until it took no more */
function fill(tty: string): number {
  const end = openSync(tty, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  let taken = 0;
  try {
    for (const size of [1024, 1]) {
      try {
        for (;;) taken += writeSync(end, Buffer.alloc(size));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      }
    }
  } finally {
    closeSync(end);
  }
  return taken;
}
