/** Answers that are none, or no, as errors the user can act on. */
import { FshaError, type ErrorCode } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import type { Endpoint } from './endpoint.ts';

/** @param method the request whose whole answer did not come */
export function requestTimeout(endpoint: Endpoint, method: string, ms: number): FshaError {
  return new FshaError(
    'timeout',
    `${endpoint.where} did not answer ${method} completely within ${ms} ms`,
    'Check the load of the proxy and the network; timeouts.request sets how long fsha waits.',
  );
}

/** A body that is short, or longer than fsha takes: never half a list. */
export function brokenBody(endpoint: Endpoint, method: string, tooLong: boolean, limit: number): FshaError {
  return tooLong
    ? new FshaError(
        'protocol',
        `the answer of ${endpoint.where} to ${method} is longer than ${limit} bytes`,
        'Check that the rpc URL is that of Kamailio.',
      )
    : new FshaError(
        'protocol',
        `the answer of ${endpoint.where} to ${method} was cut short`,
        'If it comes again: a long dispatcher list needs a larger tcp_conn_wq_max in kamailio.cfg.',
      );
}

const METHOD_HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /^state update failed$/i,
    'The set has no such destination: the set and the URI, with its parameters, have to be as dispatcher.list shows them.',
  ],
  [
    /^method not found$/i,
    'This Kamailio does not have that command: check its version and whether the module is loaded.',
  ],
  [/^no destination sets$/i, 'The dispatcher list of this proxy is empty.'],
];

/** What Kamailio itself answered. */
export function refusedCall(endpoint: Endpoint, method: string, code: number, message: string): FshaError {
  const said = printable(endpoint.unsaid(message));
  const hint = METHOD_HINTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'See the log of Kamailio.';
  return new FshaError('rpc.error', `${endpoint.where} refused ${method}: ${code} ${said}`, hint);
}

export function wrongAnswer(endpoint: Endpoint, method: string, what: string, hint: string): FshaError {
  return new FshaError('protocol', `the answer of ${endpoint.where} to ${method} ${what}`, hint);
}

const NO_CREDENTIALS = 'Give username and password, or a token, for this proxy in the inventory.';

/** HTTP 401, 403 and 407. @param challenge the WWW-Authenticate header */
export function denied(endpoint: Endpoint, status: number, challenge: string): FshaError {
  const code: ErrorCode = 'rpc.auth';
  const message = `${endpoint.where} denied access (HTTP ${status})`;
  if (/^\s*digest/i.test(challenge)) {
    return new FshaError(
      code,
      message,
      'It asks for Digest, which fsha does not speak: use Basic or a token, or let this address in.',
    );
  }
  if (status === 401) {
    const hint =
      endpoint.credentials === 'none'
        ? NO_CREDENTIALS
        : `Check the ${endpoint.credentials === 'basic' ? 'username and password' : 'token'} of this proxy.`;
    return new FshaError(code, message, hint);
  }
  const certificate =
    endpoint.secure && endpoint.tls?.cert === undefined
      ? ', or give a client certificate (tls.cert, tls.key)'
      : '';
  return new FshaError(
    code,
    message,
    `Let the address fsha comes from in where event_route[xhttp:request] checks it, check username, password or token${certificate}.`,
  );
}
