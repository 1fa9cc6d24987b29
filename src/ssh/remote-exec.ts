/** One command on an SSH connection. */
import type { ClientChannel } from 'ssh2';
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import type { CommandResult } from '../workflow/ports.ts';
import { CappedText } from './capped-text.ts';
import type { SshConnection } from './connection.ts';

/** How long output may still come after the exit status: a daemon that keeps stdout open would hold the channel for ever. */
const LINGER = 1_000;

interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** The connection went away under a command. */
export function outcomeUnknown(label: string, reason: string): FshaError {
  return new FshaError(
    'connection.lost',
    `${label}: the connection was lost while a command ran (${reason}); its outcome is unknown`,
    'Look at the host before you repeat it: the command may still be running there.',
  );
}

export interface RemoteCommand {
  /** One shell line. */
  readonly command: string;
  /** What it reads; undefined: nothing. */
  readonly stdin?: string | Uint8Array | undefined;
}

/**
 * Runs one shell line and waits for its exit status. When `ended` fires the channel is closed and
 * nobody hears the result.
 *
 * @param onClosed called once when the server has closed the channel, which may be long after
 * @throws FshaError `connection.lost`, or `ssh.exec` where the server does not start it
 */
export function runCommand(
  connection: SshConnection,
  { command, stdin }: RemoteCommand,
  ended: AbortSignal,
  onClosed: () => void,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const stdout = new CappedText();
    const stderr = new CappedText();
    let exit: Exit | null = null;
    let channel: ClientChannel | null = null;
    let linger: NodeJS.Timeout | undefined;
    let settled = false;

    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      clearTimeout(linger);
      ended.removeEventListener('abort', onAbort);
      stopWatching();
      return true;
    };
    const fail = (error: FshaError): void => {
      if (settle()) reject(error);
    };
    const succeed = (result: Exit): void => {
      if (settle()) resolve({ ...result, stdout: stdout.text(), stderr: stderr.text() });
    };
    const onAbort = (): void => {
      channel?.close();
      fail(outcomeUnknown(connection.label, 'the wait was ended'));
    };
    const onLost = (reason: string): void => {
      // What had come before is still on its way through the streams.
      if (exit === null) fail(outcomeUnknown(connection.label, reason));
      else waitForRest(exit, 0);
      onClosed();
    };
    const waitForRest = (result: Exit, ms: number): void => {
      clearTimeout(linger);
      linger = setTimeout(() => {
        channel?.close();
        succeed(result);
      }, ms);
    };
    const collect = (into: CappedText) => (chunk: Buffer) => {
      into.push(chunk);
      if (exit !== null && !settled) waitForRest(exit, LINGER);
    };

    const onOpen = (open: ClientChannel): void => {
      channel = open;
      open.on('error', () => undefined);
      open.on('data', collect(stdout));
      open.stderr.on('data', collect(stderr));
      open.on('exit', (code: number | null, signal?: string) => {
        exit = { exitCode: code, signal: signal === undefined ? null : printable(signal, 40) };
        if (!settled) waitForRest(exit, LINGER);
      });
      open.on('close', () => {
        if (exit === null) fail(outcomeUnknown(connection.label, 'the session ended without an exit status'));
        else succeed(exit);
        onClosed();
      });
      if (stdin === undefined) open.end();
      else open.end(stdin);
      if (settled) open.close();
    };

    const stopWatching = connection.whenLost(onLost);
    if (ended.aborted) {
      onClosed();
      onAbort();
      return;
    }
    ended.addEventListener('abort', onAbort, { once: true });
    try {
      connection.client.exec(command, (error, open) => {
        if (error === undefined) {
          onOpen(open);
          return;
        }
        fail(execError(error, connection));
        onClosed();
      });
    } catch (error) {
      fail(notStarted(connection.label, error));
      onClosed();
    }
  });
}

function execError(error: Error & { reason?: unknown }, { label, lost }: SshConnection): FshaError {
  if (lost !== null) return outcomeUnknown(label, lost);
  const opening = error.reason !== undefined;
  return new FshaError(
    'ssh.exec',
    `${label}: the server ${opening ? 'opens no session' : 'does not run the command'} (${printable(error.message)})`,
    opening
      ? 'Check MaxSessions in sshd_config and the limits of the account.'
      : 'Check that the account may run commands.',
    error,
  );
}

function notStarted(label: string, error: unknown): FshaError {
  return new FshaError(
    'connection.lost',
    `${label}: the connection was lost before a command could be sent; it was not started`,
    'Check the network, then try again.',
    error,
  );
}
