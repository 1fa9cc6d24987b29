import { spawn } from 'node:child_process';

const STOP_TIMEOUT_MS = 10_000;
const LOG_LIMIT = 20_000;

/** One listener for however many processes a lab has. */
const killAtExit = new Set<() => void>();
const killAll = (): void => {
  for (const kill of killAtExit) kill();
};

/** A process of the lab's, started with this program's own Node. */
export interface LabProcess {
  readonly pid: number;
  /** SIGTERM, after 10 s SIGKILL; resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * Starts a script and resolves when `isReady` says so of one of its lines (JSON, one object a line).
 * @throws when it ends before, or is not ready within `timeoutMs`; nothing is left of it then
 */
export async function startLabProcess(
  script: string,
  args: readonly string[],
  isReady: (line: Readonly<Record<string, unknown>>) => boolean,
  timeoutMs: number,
): Promise<LabProcess> {
  // A Ctrl-C in the terminal is meant for the program that owns the lab: it ends the lab in its own order.
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let log = '';
  const append = (text: string): void => {
    log = (log + text).slice(-LOG_LIMIT);
  };
  const killNow = (): void => {
    child.kill('SIGKILL');
  };
  if (killAtExit.size === 0) process.once('exit', killAll);
  killAtExit.add(killNow);

  async function stop(): Promise<void> {
    killAtExit.delete(killNow);
    if (killAtExit.size === 0) process.off('exit', killAll);
    child.kill('SIGTERM');
    const timer = setTimeout(killNow, STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  let pending = '';
  const ready = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    void ended.then(() => {
      clearTimeout(timer);
      resolve(false);
    });
    child.stderr.setEncoding('utf8').on('data', append);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      append(text);
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      if (!lines.some((line) => line.startsWith('{') && isReady(readObject(line)))) return;
      clearTimeout(timer);
      resolve(true);
    });
    child.once('error', (error) => append(error.message));
  });
  if (!(await ready)) {
    await stop();
    throw new Error(`${script} ${args.join(' ')} did not come up within ${timeoutMs} ms: ${log.trim()}`);
  }
  return { pid: child.pid ?? 0, stop };
}

function readObject(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
