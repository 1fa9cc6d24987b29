/** What goes wrong between an open TCP connection and a login, as errors a user can act on. */
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import type { Hop } from './route.ts';

export type LoginPhase = 'handshake' | 'authentication';

/** What ssh2 puts on its errors beside the message. */
interface Ssh2Error extends Error {
  readonly level?: unknown;
  /** A number where the server disconnected with a reason, a string where the operating system spoke. */
  readonly code?: unknown;
}

/** @param label begins the message */
export function loginError(error: Ssh2Error, phase: LoginPhase, label: string): FshaError {
  if (error instanceof FshaError) return error;
  const said = printable(error.message);
  if (error.level === 'client-socket') return brokenError(label, reasonOf(error));
  if (phase === 'authentication') {
    if (typeof error.code === 'number') return disconnectedAtLogin(label, said, error);
    return brokenError(label, said);
  }
  if (error.level === 'handshake') {
    return new FshaError(
      'protocol',
      `${label}: the SSH handshake failed: ${said}`,
      'Compare the algorithms that the server offers (ssh -vv) with those of fsha: SHA-1 and DSA are not used.',
      error,
    );
  }
  if (typeof error.code === 'number') {
    return new FshaError(
      'protocol',
      `${label}: the server ended the handshake: ${said}`,
      'Look into the log of sshd.',
      error,
    );
  }
  return new FshaError(
    'protocol',
    `${label}: this does not speak SSH, or it closes connections before the handshake (${said})`,
    'Check address and port; a busy sshd does so too (MaxStartups).',
    error,
  );
}

function disconnectedAtLogin(label: string, said: string, error: Error): FshaError {
  const hint = /too many authentication failures/i.test(said)
    ? 'The agent holds more keys than the server lets one try: name the right one with "ssh.identityFile", and IdentitiesOnly in the ssh configuration.'
    : 'Look into the log of sshd.';
  return new FshaError('ssh.auth', `${label}: the server ended the login: ${said}`, hint, error);
}

/** The connection went away in the middle of the login. */
export function brokenError(label: string, reason: string): FshaError {
  return new FshaError(
    'connection.lost',
    `${label}: the connection was lost before the login was done (${reason})`,
    'Look into the log of sshd; limits such as MaxStartups, MaxAuthTries and LoginGraceTime end connections so.',
  );
}

/** A short clause that tells why a connection ended. */
export function reasonOf(error: Ssh2Error): string {
  if (error.level === 'client-timeout') return 'no answer to keepalives';
  return typeof error.code === 'string' ? error.code : printable(error.message);
}

export interface RefusedLogin {
  readonly hop: Hop;
  readonly label: string;
  readonly tried: readonly string[];
  readonly skipped: readonly string[];
  /** What the server would still take, as it says. */
  readonly methods: readonly string[];
  /** Whether it took a key and wants more. */
  readonly partial: boolean;
  /** What the server had to say before the login; empty for nothing. */
  readonly banner: string;
}

/** No key was good enough; names what was tried. */
export function refusedError(refused: RefusedLogin): FshaError {
  const { label, tried, skipped, methods, partial, hop } = refused;
  const accepts = methods.map((method) => printable(method, 40)).join(', ');
  if (partial) {
    return new FshaError(
      'ssh.auth',
      `${label}: the key was accepted, but the server wants ${accepts} too`,
      noPasswords(hop),
    );
  }
  if (methods.length > 0 && !methods.includes('publickey')) {
    return new FshaError('ssh.auth', `${label}: the server takes no keys, only ${accepts}`, noPasswords(hop));
  }
  if (tried.length === 0) {
    const message = `${label}: there is no key to log in with${passedOver(skipped)}`;
    const hint = 'Start an ssh agent and add a key, or name a key with "ssh.identityFile" in the inventory.';
    return new FshaError(skipped.length > 0 ? 'ssh.key' : 'ssh.auth', message, hint);
  }
  const said = refused.banner === '' ? '' : `; it says "${refused.banner}"`;
  const message = `${label}: the server accepted none of the keys: tried ${tried.join(', ')}${passedOver(skipped)}${said}`;
  return new FshaError('ssh.auth', message, keyHint(hop));
}

function passedOver(skipped: readonly string[]): string {
  return skipped.length === 0 ? '' : `; passed over ${skipped.join('; ')}`;
}

function noPasswords(hop: Hop): string {
  return `fsha logs in with keys alone: allow that for the user ${printable(hop.user)} in sshd_config.`;
}

function keyHint(hop: Hop): string {
  const hint = `Add the right public key to ~/.ssh/authorized_keys of ${printable(hop.user)} there, or name another user or key in the inventory ("ssh.user", "ssh.identityFile").`;
  return hop.certificates
    ? `${hint} The CertificateFile of the ssh configuration was not used: fsha cannot use user certificates.`
    : hint;
}
