import { spawn } from 'node:child_process';

const LOG_LIMIT = 2_000_000;

/** One listener for all servers of this process. */
const atExit = new Set<() => void>();
process.on('exit', () => {
  for (const end of atExit) end();
});
const STOP_TIMEOUT_MS = 5_000;

export interface ServerProcess {
  readonly pid: number;
  /** Whether it has ended, by itself or not. */
  readonly ended: boolean;
  /** Resolves when it has ended: its exit code, or the signal that ended it. */
  readonly end: Promise<number | string>;
  /** Its standard output and error. */
  log(): string;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, after 5 s SIGKILL, then SIGKILL for whatever it left in its process group. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Where it comes from, for the error when it is not there. */
  readonly debianPackage?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** It gets a standard input that ends when this process does. */
  readonly endsWithStdin?: boolean;
}

/**
 * Starts a program in a process group of its own that ends with this process.
 * @throws when it cannot be started, naming the Debian package where it should come from
 */
export async function startServer(
  command: string,
  args: readonly string[],
  options: ServerOptions = {},
): Promise<ServerProcess> {
  const child = spawn(command, args, {
    stdio: [options.endsWithStdin === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let log = '';
  const append = (chunk: Buffer): void => {
    log = (log + chunk.toString('utf8')).slice(-LOG_LIMIT);
  };
  child.stdout?.on('data', append);
  child.stderr?.on('data', append);
  const end = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      const hint = options.debianPackage === undefined ? '' : ` (Debian package ${options.debianPackage})`;
      reject(new Error(`${command}${hint} could not be started: ${error.message}`));
    });
  });
  const pid = child.pid ?? 0;
  const killGroup = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // Nothing is left of it.
    }
  };
  const killNow = (): void => killGroup('SIGKILL');
  atExit.add(killNow);
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;

  return {
    pid,
    end,
    get ended() {
      return ended();
    },
    log: () => log,
    signal: (signal) => child.kill(signal),
    async stop() {
      atExit.delete(killNow);
      if (!ended()) child.kill('SIGTERM');
      const timer = setTimeout(killNow, STOP_TIMEOUT_MS);
      await end;
      clearTimeout(timer);
      killNow();
    },
  };
}
