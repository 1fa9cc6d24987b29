/** The shell line by which a step's command is run on a host: it ends by itself, and can be found again. Pure. */
import { shellQuote } from '../../domain/shell-quote.ts';

/** From SIGTERM to SIGKILL: seconds. */
const KILL_AFTER = 5;

export interface RemoteStep {
  /** What `sh` runs. */
  readonly script: string;
  /** `$1`, `$2`, … of it. */
  readonly args?: readonly string[];
  /** Variables whose values come first on its stdin, a line each, in this order. */
  readonly env?: readonly string[];
  /** Run as root, by `sudo -n`. */
  readonly sudo?: boolean;
  /** Ms after which the host ends it by itself. */
  readonly timeout: number;
  /** Found in the process list, and nowhere else: `fsha-step-` and letters, digits and hyphens. */
  readonly token: string;
}

/**
 * The values of variables come by stdin and not in the line: what is in a line is seen by every user of the host. `timeout`
 * ends it there even when nobody is connected any more; it is a process group of its own, which is ended as a whole.
 */
export function remoteLine({
  script,
  args = [],
  env = [],
  sudo = false,
  timeout,
  token,
}: RemoteStep): string {
  const reads = env.map((name) => `IFS= read -r ${name}; export ${name}\n`).join('');
  const words = [
    'timeout',
    '-k',
    `${KILL_AFTER}`,
    `${Math.ceil(timeout / 1_000)}`,
    'sh',
    '-c',
    reads + script,
  ];
  return `exec ${shellQuote([...(sudo ? ['sudo', '-n'] : []), ...words, token, ...args])}`;
}

/** The line that ends a step that was begun by {@link remoteLine}, with all that it began. */
export function endLine(token: string, sudo = false): string {
  // The brackets keep it from finding the shell that runs this very line.
  const pattern = `[${token.charAt(0)}]${token.slice(1)}`;
  return shellQuote([...(sudo ? ['sudo', '-n'] : []), 'pkill', '-TERM', '-f', pattern]);
}

/** Whether a shell takes it for the name of a variable. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name);
}
