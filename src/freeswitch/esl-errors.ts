/** What can go wrong with ESL, in sentences. `where` names the node and its address, as in `node-1 (10.0.1.10:8021)`. */
import { roughDuration } from '../domain/duration.ts';
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import { FramingError } from './frame-reader.ts';

const UNKNOWN_OUTCOME = 'Whether it was carried out is unknown: look at the node before doing it again.';
const LISTENS =
  'Check that FreeSWITCH runs there, that mod_event_socket is loaded, and that listen-ip and listen-port in event_socket.conf.xml fit; where it listens on 127.0.0.1 only, set esl.via to ssh.';

/** What `connect` rejected with, as an error of fsha's; what is one already stays as it is. */
export function connectFailure(where: string, thrown: unknown): unknown {
  if (thrown instanceof FshaError) return thrown;
  switch (systemCode(thrown)) {
    case undefined:
      return thrown;
    case 'ECONNREFUSED':
      return new FshaError('connect.refused', `ESL of ${where} refused the connection.`, LISTENS, thrown);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NONAME':
      return new FshaError(
        'connect.name',
        `The host name of ${where} has no address.`,
        'Check esl.host in the inventory, and the name service of this machine.',
        thrown,
      );
    case 'ETIMEDOUT':
      return new FshaError(
        'connect.timeout',
        `ESL of ${where} did not answer the connection.`,
        'Check the address, and firewalls on the way.',
        thrown,
      );
    case 'ECONNRESET':
    case 'EPIPE':
      return lostBeforeLogin(where, thrown);
    default:
      return new FshaError(
        'connect.unreachable',
        `ESL of ${where} cannot be reached (${printable(systemCode(thrown) ?? '', 40)}).`,
        'Check the address, and the route from this machine to it.',
        thrown,
      );
  }
}

/** Codes of system calls and resolvers (`ECONNREFUSED`); those of Node itself (`ERR_…`) tell of a bug. */
function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return undefined;
  return thrown.code.startsWith('E') && !thrown.code.startsWith('ERR_') ? thrown.code : undefined;
}

export function connectTimeout(where: string, ms: number, connected: boolean): FshaError {
  return connected
    ? new FshaError(
        'connect.timeout',
        `ESL of ${where} took the connection, but did not let fsha log in within ${roughDuration(ms)}.`,
        'Check that esl.port is the port of mod_event_socket and not of another service, and that FreeSWITCH is not overloaded.',
      )
    : new FshaError(
        'connect.timeout',
        `ESL of ${where} could not be connected to within ${roughDuration(ms)}.`,
        'Check the address and firewalls on the way; a slow link needs a longer timeouts.connect.',
      );
}

export function lostBeforeLogin(where: string, cause?: unknown): FshaError {
  return new FshaError(
    'connection.lost',
    `ESL of ${where} closed the connection before fsha was logged in.`,
    'FreeSWITCH may be starting or stopping; else check that esl.port is the port of mod_event_socket.',
    cause,
  );
}

export function wrongPassword(where: string): FshaError {
  return new FshaError(
    'esl.auth',
    `ESL of ${where} does not accept the password.`,
    'Make esl.password of the inventory the same as password in event_socket.conf.xml on the node.',
  );
}

export function rejectedByAcl(where: string): FshaError {
  return new FshaError(
    'esl.acl',
    `ESL of ${where} rejects the address of this machine.`,
    'Allow it by apply-inbound-acl in event_socket.conf.xml on the node, or set esl.via to ssh, so that the node connects to itself.',
  );
}

/** @param what what came, or what is wrong with it, as in "a line that is not a header"; parts of it may be from the wire */
export function notEsl(where: string, what: string, excerpt = ''): FshaError {
  const shown = excerpt === '' ? '' : `: "${printable(excerpt.trimEnd(), 60)}"`;
  return new FshaError(
    'protocol',
    `What ESL of ${where} sent is not ESL: ${printable(what)}${shown}.`,
    /^(SSH-|HTTP\/|220 )/.test(excerpt)
      ? 'Another service answers there: check esl.port in the inventory (mod_event_socket listens on 8021 by default).'
      : 'Check that esl.port is the port of mod_event_socket; if it is, please report this with the version of FreeSWITCH.',
  );
}

/** Why a connection that had been logged in is gone. */
export function connectionFailure(where: string, thrown: unknown): FshaError {
  if (thrown instanceof FshaError) return thrown;
  if (thrown instanceof FramingError) return notEsl(where, thrown.message);
  return new FshaError('connection.lost', `The ESL connection to ${where} was lost.`, '', thrown);
}

/** A command that was on its way when the connection ended, or one that had not been sent by then. */
export function commandLost(where: string, command: string, sent: boolean, why: FshaError): FshaError {
  const what = `"${printable(command, 80)}"`;
  return sent
    ? new FshaError(
        'connection.lost',
        `The ESL connection to ${where} ended before ${what} was answered.`,
        UNKNOWN_OUTCOME,
        why,
      )
    : new FshaError(
        'connection.lost',
        `The ESL connection to ${where} ended before ${what} was sent.`,
        'It was not carried out.',
        why,
      );
}

export function commandTimeout(where: string, command: string, ms: number, sent: boolean): FshaError {
  const what = `"${printable(command, 80)}"`;
  return sent
    ? new FshaError(
        'timeout',
        `ESL of ${where} did not answer ${what} within ${roughDuration(ms)}.`,
        UNKNOWN_OUTCOME,
      )
    : new FshaError(
        'timeout',
        `ESL of ${where} was busy with other commands for ${roughDuration(ms)}, so that ${what} was not sent.`,
        'It was not carried out.',
      );
}

/** An `-ERR` or `-USAGE` in place of an answer. */
export function commandRefused(where: string, command: string, reply: string): FshaError {
  const line = reply.trim();
  return new FshaError(
    'esl.error',
    `${where} answered "${printable(command, 80)}" with: ${printable(line)}`,
    /permission denied/i.test(line)
      ? 'The ESL user may not run it: check esl-allowed-api of that user on the node.'
      : '',
  );
}

/** A command, an argument or a password that would be more than one line on the wire. */
export function notOneLine(where: string, what: string, code: 'usage' | 'secret'): FshaError {
  return new FshaError(
    code,
    `${what} for ${where} contains a line break or a NUL character, so it was not sent.`,
    'ESL takes what follows a line break for another command: remove it.',
  );
}
