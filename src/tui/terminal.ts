/** Whether a screen can be shown where fsha runs. */

interface Stream {
  readonly isTTY?: boolean;
}

export interface Surroundings {
  readonly stdout: Stream;
  readonly stdin: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the process is in the foreground of its terminal: one in the background is stopped when it sets raw mode. */
  readonly foreground: () => boolean;
}

/**
 * True for a terminal that can be drawn on and that gives its keys to this process. NO_COLOR is no reason against it: it
 * takes the colours away, not the screen.
 */
export function canShowScreen({ stdout, stdin, env, foreground }: Surroundings): boolean {
  const term = env['TERM'] ?? '';
  return (
    stdout.isTTY === true &&
    stdin.isTTY === true &&
    term !== '' &&
    term !== 'dumb' &&
    ['', '0', 'false'].includes(env['CI'] ?? '') &&
    foreground()
  );
}
