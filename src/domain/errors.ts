/**
 * One way for errors. Everything that can go wrong for a reason the user can act on is an {@link FshaError}; anything
 * else that is thrown is a bug in fsha and exits 1.
 */

/** What kind of trouble it is. Scripts read it in `error.code`; a code, once published, keeps its meaning. */
export type ErrorCode =
  // What the user wrote. Nothing was changed.
  | 'usage'
  | 'inventory'
  | 'secret'
  // A check or a question said no. Nothing was changed.
  | 'refused'
  | 'locked'
  // Reaching a server.
  | 'connect.refused'
  | 'connect.timeout'
  | 'connect.unreachable'
  | 'connect.name'
  | 'connect.tls'
  | 'connection.lost'
  | 'timeout'
  | 'protocol'
  // FreeSWITCH.
  | 'esl.auth'
  | 'esl.acl'
  | 'esl.error'
  // Kamailio.
  | 'rpc.auth'
  | 'rpc.error'
  // PostgreSQL and Redis, by playbooks.
  | 'sql.error'
  | 'redis.error'
  // SSH.
  | 'ssh.auth'
  | 'ssh.key'
  | 'ssh.host-key-unknown'
  | 'ssh.host-key-changed'
  | 'ssh.host-key-revoked'
  | 'ssh.config'
  | 'ssh.exec'
  | 'ssh.permission'
  // The run.
  | 'drain.expired'
  | 'drain.needed'
  | 'drain.held'
  | 'drain.drift'
  | 'effect.failed'
  | 'effect.unknown'
  | 'cut.refused'
  | 'restart.failed'
  | 'verify.failed'
  | 'activate.failed'
  | 'hook.failed'
  | 'action.failed'
  // An earlier process of the run began it, and nobody knows what it did.
  | 'step.unknown'
  | 'rolling.stopped'
  | 'journal'
  | 'lock.lost'
  | 'interrupted'
  // Warnings only.
  | 'calls.arriving'
  | 'calls.ghosts'
  | 'guard.over'
  | 'bug';

/** The part of an error that may be shown, journaled and sent: no cause, no stack, no secret. */
export interface ErrorInfo {
  readonly code: ErrorCode;
  readonly message: string;
  /** What to do about it, a whole sentence; empty where there is nothing to say. */
  readonly hint: string;
}

export class FshaError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly #original: unknown;

  /**
   * @param code what kind of trouble
   * @param message what happened and where, one sentence without secrets
   * @param hint what to do, one sentence
   * @param cause the original error; never printed, since libraries put credentials into theirs
   */
  constructor(code: ErrorCode, message: string, hint = '', cause?: unknown) {
    super(message);
    this.name = 'FshaError';
    this.code = code;
    this.hint = hint;
    this.#original = cause;
  }

  /** The original error, for a debugger. Private, so that no logger and no util.inspect finds it (Error.cause is shown). */
  original(): unknown {
    return this.#original;
  }

  toJSON(): ErrorInfo {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

/** The showable part of anything that was thrown. What is not an FshaError is a bug, and says so. */
export function errorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof FshaError) return thrown.toJSON();
  const message =
    thrown instanceof Error
      ? `${thrown.name}: ${thrown.message}`
      : 'something that is not an Error was thrown';
  return {
    code: 'bug',
    message,
    hint: 'This is a bug in fsha: please report it with the output of --verbose.',
  };
}

/** Whether anything thrown says that its wait was ended from outside (a signal, Ctrl-C, a closing program). */
export function isInterruption(thrown: unknown): boolean {
  return thrown instanceof FshaError && thrown.code === 'interrupted';
}

/** What an aborted wait throws, whoever aborted it. */
export function interrupted(what: string): FshaError {
  return new FshaError('interrupted', `${what} was interrupted`);
}
