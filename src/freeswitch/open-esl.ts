/** The way to a logged-in ESL connection. */
import type { Duplex } from 'node:stream';
import type { Timeouts } from '../domain/cluster.ts';
import { interrupted, type FshaError } from '../domain/errors.ts';
import type { Secret } from '../domain/secret.ts';
import type { Clock } from '../workflow/ports.ts';
import { onAbort } from './abort-listener.ts';
import { startDeadline } from './cancellable-deadline.ts';
import type { EslConnection } from './esl-connection.ts';
import { connectFailure, connectTimeout, notOneLine } from './esl-errors.ts';
import { EslSession } from './esl-session.ts';

export interface EslSettings {
  /** Names node and address in messages: `node-1 (10.0.1.10:8021)`. */
  readonly where: string;
  /** A new stream to the port of mod_event_socket: a socket, or a channel through SSH. Must heed the signal. */
  readonly connect: (signal: AbortSignal) => Promise<Duplex>;
  readonly password: Secret;
  /** `connect`: from the first packet to logged in. */
  readonly timeouts: Pick<Timeouts, 'connect' | 'keepalive'>;
  readonly clock: Clock;
}

/**
 * Connects and logs in, all within `timeouts.connect`.
 * @throws FshaError `connect.refused`, `connect.timeout`, `connect.unreachable`, `connect.name`, `connection.lost`,
 * `esl.auth`, `esl.acl`, `protocol`, `secret` (a password of more than one line), `interrupted`, or what `connect` threw
 */
export async function openEsl(settings: EslSettings, signal: AbortSignal): Promise<EslConnection> {
  const { where, password, timeouts, clock } = settings;
  if (/[\r\n\0]/.test(password.reveal())) throw notOneLine(where, 'The ESL password', 'secret');
  if (signal.aborted) throw interrupted(`connecting to ESL of ${where}`);

  const attempt = new AbortController();
  const state: { reason: FshaError | null; session: EslSession | null } = { reason: null, session: null };
  const giveUp = (error: FshaError): void => {
    state.reason ??= error;
    state.session?.fail(error);
    attempt.abort();
  };
  const cancelAbort = onAbort(signal, () => giveUp(interrupted(`connecting to ESL of ${where}`)));
  const cancelDeadline = startDeadline(clock, timeouts.connect, () =>
    giveUp(connectTimeout(where, timeouts.connect, state.session !== null)),
  );
  try {
    const session = new EslSession(await dial(settings, attempt.signal), where, clock);
    state.session = session;
    // Given up in the very turn in which the stream came: nobody would end the login any more.
    if (state.reason !== null) session.fail(state.reason);
    await session.login(password);
    return session;
  } catch (error) {
    // Cut off by us, `connect` may say anything; the reason is ours.
    throw state.reason ?? error;
  } finally {
    cancelDeadline();
    cancelAbort();
  }
}

/** A stream from `connect`, even where that does not heed the signal; one that comes too late is destroyed. */
function dial({ where, connect, timeouts }: EslSettings, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const cancelAbort = onAbort(signal, () => reject(interrupted(`connecting to ESL of ${where}`)));
    connect(signal).then(
      (stream) => {
        cancelAbort();
        if (signal.aborted) {
          stream.on('error', () => undefined);
          stream.destroy();
          return;
        }
        tune(stream, timeouts.keepalive);
        resolve(stream);
      },
      (error: unknown) => {
        cancelAbort();
        const failure = connectFailure(where, error);
        reject(
          failure instanceof Error ? failure : new Error('connecting failed with something that is no Error'),
        );
      },
    );
  });
}

/** Sockets have these two, channels through SSH do not. */
interface Tunable {
  setNoDelay?: (on: boolean) => unknown;
  setKeepAlive?: (on: boolean, ms: number) => unknown;
}

function tune(stream: Duplex & Tunable, keepalive: number): void {
  stream.setNoDelay?.(true);
  stream.setKeepAlive?.(true, keepalive);
}
