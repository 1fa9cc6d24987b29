/** Connections that failed, as errors the user can act on; never with the original error as cause. */
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import type { Endpoint } from './endpoint.ts';

type Reached = 'connecting' | 'tls' | 'connected';

const UNREACHABLE = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
]);
const NAMES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME', 'ENODATA']);

const HINTS = {
  refused: 'Check that Kamailio runs and listens there (listen=tcp:… and the modules xhttp and jsonrpcs).',
  timeout:
    'Check the address, the firewall and whether Kamailio runs; timeouts.connect sets how long fsha waits.',
  unreachable: 'Check the route and the firewall between this machine and the proxy.',
  name: 'Check the host name in the rpc URL and the name server.',
} as const;

/**
 * The error for a connection that failed in this way.
 * @param reached how far it got: a reset during the TLS handshake is about TLS, one afterwards a lost connection
 */
export function connectionFailure(endpoint: Endpoint, thrown: unknown, reached: Reached): FshaError {
  if (thrown instanceof FshaError) return thrown;
  const { where } = endpoint;
  const code = codeOf(thrown);
  const tls = tlsProblem(endpoint, code, thrown);
  if (tls !== undefined) return tls;
  if (code.startsWith('HPE_')) {
    return new FshaError(
      'protocol',
      `${where} does not answer in HTTP (${printable(code)})`,
      'Check the port in the rpc URL: it may be SIP, or https.',
    );
  }
  if (reached !== 'connected') {
    if (code === 'ECONNREFUSED')
      return new FshaError('connect.refused', `${where} refused the connection`, HINTS.refused);
    if (code === 'ETIMEDOUT') return connectTimeout(endpoint);
    if (UNREACHABLE.has(code))
      return new FshaError('connect.unreachable', `${where} cannot be reached (${code})`, HINTS.unreachable);
    if (NAMES.has(code))
      return new FshaError('connect.name', `the host name of ${where} is not known (${code})`, HINTS.name);
    if (reached === 'tls') {
      return new FshaError(
        'connect.tls',
        `${where} closed the connection during the TLS handshake`,
        'Check that the RPC speaks TLS on this port; if it does not, write http:// in the rpc URL.',
      );
    }
  }
  return connectionLost(endpoint, code);
}

export function connectTimeout(endpoint: Endpoint): FshaError {
  return new FshaError(
    'connect.timeout',
    `${endpoint.where} did not take the connection in time`,
    HINTS.timeout,
  );
}

/** Closed before an answer began: whether the request was carried out is not known. */
function connectionLost(endpoint: Endpoint, code: string): FshaError {
  return new FshaError(
    'connection.lost',
    `${endpoint.where} closed the connection without an answer${code === '' ? '' : ` (${printable(code)})`}`,
    `See the log of Kamailio: it may have been restarted, or its event_route[xhttp:request] drops the request.${clientCertificateHint(endpoint)}`,
  );
}

const VERIFY_HINTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'Renew the certificate of the proxy; check the clock of this machine too.',
  CERT_NOT_YET_VALID: 'Check the clocks of this machine and of the proxy.',
  CERT_REVOKED: 'Give the proxy a certificate that is not revoked.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'Use the name that the certificate was made for in the rpc URL, or make a certificate for this one.',
};
const VERIFY_CODES =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|CRL_|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED)/;
const OWN_CA = 'Give the certificate of the authority that signed it as tls.ca.';
// Alert 116 of TLS 1.3 asks for a certificate, 42 to 48 reject the one that was sent. TLS 1.2 asks by alert 40, which may mean anything.
const CLIENT_CERTIFICATE =
  /CERTIFICATE_REQUIRED|ALERT_(BAD|UNSUPPORTED|NO)_CERTIFICATE|ALERT_CERTIFICATE|ALERT_UNKNOWN_CA/;

/** Codes of what is thrown before anything is sent. */
const OWN_FILES = /^ERR_(OSSL_(PEM|EVP|X509|ASN1|UNSUPPORTED)|CRYPTO|TLS_INVALID)/;

function clientCertificateHint(endpoint: Endpoint): string {
  const asked = endpoint.secure && endpoint.tls?.cert === undefined;
  return asked ? ' If it asks for a client certificate, give tls.cert and tls.key.' : '';
}

function tlsProblem(endpoint: Endpoint, code: string, thrown: unknown): FshaError | undefined {
  const { where } = endpoint;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || VERIFY_CODES.test(code)) {
    const hint = VERIFY_HINTS[code] ?? OWN_CA;
    return new FshaError(
      'connect.tls',
      `the certificate of ${where} is not trusted (${printable(code)})`,
      hint,
    );
  }
  if (!/^(ERR_(TLS|SSL|OSSL|CRYPTO)_|EPROTO$)/.test(code)) return undefined;
  const detail = printable(thrown instanceof Error ? opensslReason(thrown.message) : code);
  if (
    CLIENT_CERTIFICATE.test(code.toUpperCase()) ||
    CLIENT_CERTIFICATE.test(detail.toUpperCase().replaceAll(' ', '_'))
  ) {
    const given = endpoint.tls?.cert !== undefined;
    return new FshaError(
      'connect.tls',
      `${where} ${given ? 'does not accept the client certificate' : 'wants a client certificate'} (${detail})`,
      given
        ? 'Check tls.cert and tls.key against the authority that Kamailio trusts.'
        : 'Give tls.cert and tls.key.',
    );
  }
  if (OWN_FILES.test(code)) {
    return new FshaError(
      'connect.tls',
      `the TLS files given for ${where} cannot be used (${detail})`,
      'Check tls.ca, tls.cert and tls.key: PEM, the key without a passphrase and belonging to the certificate.',
    );
  }
  return new FshaError(
    'connect.tls',
    `TLS with ${where} failed (${detail})`,
    `Check that the RPC speaks TLS on this port; if it does not, write http:// in the rpc URL.${clientCertificateHint(endpoint)}`,
  );
}

/** OpenSSL's messages are `80FF…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/…:`. */
function opensslReason(message: string): string {
  const parts = message.split(':');
  return parts[1] === 'error' ? parts[5] || message : message;
}

/** The code of a system or TLS error; of several addresses that all failed, that of the first. */
function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return '';
}
