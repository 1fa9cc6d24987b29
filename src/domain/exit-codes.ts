/** Exit codes: a public interface, listed in docs/exit-codes.md. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  refused: 3,
  locked: 4,
  expiredRestored: 5,
  expiredHeld: 6,
  restartFailed: 7,
  unhealthy: 8,
  unknown: 9,
  callsCut: 10,
  partly: 11,
  undone: 12,
  problems: 13,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Where several apply, the first in this list is the exit code of the run. */
const PRECEDENCE: readonly ExitCode[] = [
  EXIT.unknown,
  EXIT.hangup,
  EXIT.interrupted,
  EXIT.terminated,
  EXIT.partly,
  EXIT.restartFailed,
  EXIT.unhealthy,
  EXIT.expiredHeld,
  EXIT.expiredRestored,
  EXIT.undone,
  EXIT.callsCut,
];

/** The exit code of a run to which all of `codes` apply; 0 for none. */
export function firstExit(codes: Iterable<ExitCode>): ExitCode {
  const given = new Set(codes);
  // What changes nothing (a bug, bad usage, a refusal) stands alone: no run was there to give it company.
  for (const alone of [EXIT.bug, EXIT.usage, EXIT.refused, EXIT.locked, EXIT.problems]) {
    if (given.has(alone) && [...given].every((code) => code === alone || code === EXIT.done)) return alone;
  }
  return PRECEDENCE.find((code) => given.has(code)) ?? (given.has(EXIT.bug) ? EXIT.bug : EXIT.done);
}
