/** The user's own ssh configuration, as the `ssh` program itself understands it (`ssh -G`, ssh(1)). */
import { execFile } from 'node:child_process';
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import { bounded } from './deadline.ts';
import { SharedWork } from './shared-work.ts';
import { toldOf } from './told-of.ts';

/** What is effective for one host. Paths may still begin with `~` or contain tokens such as `%h`. */
export interface UserConfig {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  /** null: the configuration does not say. */
  readonly identityAgent: string | null;
  readonly identitiesOnly: boolean;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | null;
  /** `[user@]host[:port]` or `ssh://…`, in the order in which they are passed. */
  readonly proxyJump: readonly string[];
  readonly proxyCommand: string | null;
}

/** What is asked for. Left out: as the configuration says. */
export interface ConfigQuestion {
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
}

/** Answers null where there is no `ssh` on this machine. */
export type ConfigReader = (question: ConfigQuestion, signal: AbortSignal) => Promise<UserConfig | null>;

type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigReaderOptions {
  /** Names the host in errors. */
  readonly where: string;
  readonly env: Environment;
  /** Instead of the user's and the system's files, as `ssh -F`. */
  readonly configFile?: string | undefined;
  /** Milliseconds; a `Match exec` in the configuration may take its time. */
  readonly timeout: number;
  /** Left out: ssh is asked each time. */
  readonly answers?: ConfigAnswers;
}

const OUTPUT_LIMIT = 1 << 20;

/** What ssh has answered in this process, for everybody who asks the same, also while it is being asked. */
export class ConfigAnswers {
  readonly #answers = new Map<string, UserConfig | null>();
  readonly #asking = new Map<string, SharedWork<UserConfig | null>>();

  /** @throws as {@link askSsh}; an error is no answer, and is asked for again */
  async ask(args: readonly string[], env: Environment, signal: AbortSignal): Promise<UserConfig | null> {
    const key = JSON.stringify(args);
    const before = this.#answers.get(key);
    if (before !== undefined) return before;
    let asking = this.#asking.get(key);
    if (asking === undefined || asking.isGivenUp) {
      asking = new SharedWork((ended) => askSsh(args, env, ended));
      this.#asking.set(key, asking);
    }
    try {
      const answer = await asking.join(signal, 'reading the ssh configuration');
      this.#answers.set(key, answer);
      return answer;
    } finally {
      if (this.#asking.get(key) === asking) this.#asking.delete(key);
    }
  }
}

/**
 * Reads `key value` lines as `ssh -G` prints them; unknown keys are normal.
 * @throws FshaError `ssh.config` for a port that is none
 */
export function parseConfigOutput(text: string): UserConfig {
  const all = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const gap = line.search(/\s/);
    if (gap < 1) continue;
    const name = line.slice(0, gap).toLowerCase();
    const values = all.get(name);
    const value = line.slice(gap).trim();
    if (values === undefined) all.set(name, [value]);
    else values.push(value);
  }
  const list = (key: string): string[] => all.get(key) ?? [];
  const one = (key: string): string | null => list(key)[0] ?? null;
  const given = (key: string): string | null => {
    const value = one(key);
    return value === null || value === '' || value.toLowerCase() === 'none' ? null : value;
  };
  return {
    hostname: one('hostname') ?? '',
    port: portOf(one('port') ?? '22'),
    user: one('user') ?? '',
    identityFiles: list('identityfile').filter(isPath),
    certificateFiles: list('certificatefile').filter(isPath),
    identityAgent: one('identityagent'),
    identitiesOnly: one('identitiesonly') === 'yes',
    userKnownHostsFiles: splitPaths(one('userknownhostsfile') ?? ''),
    globalKnownHostsFiles: splitPaths(one('globalknownhostsfile') ?? ''),
    hostKeyAlias: given('hostkeyalias'),
    proxyJump: (given('proxyjump') ?? '').split(',').filter((jump) => jump !== ''),
    proxyCommand: given('proxycommand'),
  };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new FshaError(
    'ssh.config',
    `ssh says that the port is "${printable(text, 40)}", which is none`,
    'Correct Port in the ssh configuration; "ssh -G HOST" shows it.',
  );
}

function isPath(text: string): boolean {
  return text !== '' && text.toLowerCase() !== 'none';
}

/** `ssh -G` prints several paths on one line without quotes (9.2): what does not begin like a path continues one. */
function splitPaths(text: string): string[] {
  const paths: string[] = [];
  for (const word of text.split(' ')) {
    const last = paths.length - 1;
    if (/^[/~%$]/.test(word) || last < 0) paths.push(word);
    else paths[last] = `${paths[last] ?? ''} ${word}`;
  }
  return paths.filter(isPath);
}

/**
 * Asks the `ssh` found in PATH, without a shell.
 *
 * @throws FshaError `ssh.config` where ssh rejects the configuration or takes too long
 */
export function userConfigReader(options: ConfigReaderOptions): ConfigReader {
  const answers = options.answers ?? new ConfigAnswers();
  return ({ host, port, user }, signal) => {
    const args = ['-G'];
    if (options.configFile !== undefined) args.push('-F', options.configFile);
    if (port !== undefined) args.push('-p', `${port}`);
    if (user !== undefined) args.push('-l', user);
    args.push('--', host);
    const bounds = {
      ms: options.timeout,
      signal,
      what: 'reading the ssh configuration',
      late: () =>
        new FshaError(
          'ssh.config',
          `${options.where}: "ssh -G ${printable(host)}" did not end within ${options.timeout} ms`,
          'Run it by hand; a "Match exec" in the ssh configuration may be waiting for something.',
        ),
    };
    return bounded(bounds, async (ended) => {
      try {
        return await answers.ask(args, options.env, ended);
      } catch (error) {
        throw toldOf(options.where, error);
      }
    });
  };
}

async function askSsh(
  args: readonly string[],
  env: Environment,
  signal: AbortSignal,
): Promise<UserConfig | null> {
  const output = await outputOfSsh(args, env, signal);
  return output === null ? null : parseConfigOutput(output);
}

function outputOfSsh(args: readonly string[], env: Environment, signal: AbortSignal): Promise<string | null> {
  const settings = { env: { ...env }, signal, killSignal: 'SIGKILL' as const, maxBuffer: OUTPUT_LIMIT };
  return new Promise((resolve, reject) => {
    const child = execFile('ssh', args, settings, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
      } else if (error.code === 'ENOENT') {
        resolve(null);
      } else {
        const said = printable(stderr.trim().split('\n').at(-1) ?? '') || printable(error.message);
        const message = `ssh does not accept its own configuration: ${said}`;
        reject(
          new FshaError('ssh.config', message, 'Mend the ssh configuration; "ssh -G HOST" checks it.', error),
        );
      }
    });
    child.stdin?.end();
  });
}
