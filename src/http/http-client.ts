/** HTTP for playbooks, over axios. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { FshaError, interrupted, type ErrorCode } from '../domain/errors.ts';
import { roughDuration } from '../domain/duration.ts';
import { printable } from '../domain/text.ts';
import type { HttpPort, HttpReply, HttpRequest } from '../workflow/outside-ports.ts';

/** A client that keeps nothing between two requests; axios is loaded with the first. */
export function createHttpClient(): HttpPort {
  return { request };
}

async function request(asked: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
  const url = webUrl(asked.url);
  // Without the path: that of a webhook is its password.
  const where = `${asked.method} ${printable(url.origin)}`;
  if (signal.aborted) throw interrupted(where);
  mustBeHeaders(asked.headers, where);
  const { default: axios } = await import('axios');
  const deadline = AbortSignal.timeout(Math.max(1, Math.round(asked.timeout)));
  const either = AbortSignal.any([signal, deadline]);
  try {
    const answer = await send(axios.create(), asked, url, either);
    return { status: answer.status, headers: plainHeaders(answer), body: answer.data.toString('utf8') };
  } catch (error) {
    // Not a cause of anything: axios's errors carry the headers and the body that were sent.
    if (hasFired(signal)) throw interrupted(where);
    if (error instanceof FshaError) throw error;
    if (deadline.aborted)
      throw new FshaError(
        'timeout',
        `${where} was not answered completely within ${roughDuration(asked.timeout)}; its outcome is unknown`,
        'Look at the server before it is repeated.',
      );
    throw failure(where, error, asked.maxBytes);
  }
}

/** axios would leave out what HTTP cannot carry, and send the rest. @throws FshaError `usage` */
function mustBeHeaders(headers: HttpRequest['headers'], where: string): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new FshaError(
        'usage',
        `${where}: the header ${printable(name, 60)} has characters that HTTP cannot carry`,
        'Look for a line break in it.',
      );
    }
  }
}

/** What was asked before an await is not asked again by the compiler. */
function hasFired(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** @throws FshaError `usage` where it is no URL of the web, or one with a password in it, which would end in logs */
function webUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new FshaError(
      'usage',
      `"${printable(text.split('?')[0] ?? '', 80)}" is not an http or https URL`,
      'Give it whole: https://HOST/PATH.',
    );
  if (url.username !== '' || url.password !== '')
    throw new FshaError(
      'usage',
      `the URL of ${printable(url.host)} has a user or a password in it`,
      'Send them in a header: Authorization.',
    );
  return url;
}

function send(
  http: AxiosInstance,
  asked: HttpRequest,
  url: URL,
  signal: AbortSignal,
): Promise<AxiosResponse<Buffer>> {
  return http.request<Buffer>({
    url: url.href,
    method: asked.method,
    adapter: 'http',
    headers: { 'User-Agent': 'fsha', ...asked.headers },
    ...(asked.body === null ? {} : { data: Buffer.from(asked.body, 'utf8') }),
    // HTTP_PROXY is for the web; a proxy in between would also see the credentials.
    proxy: false,
    maxRedirects: asked.redirects,
    beforeRedirect: (options: Record<string, unknown>) => {
      const to = `${String(options['protocol'])}//${String(options['host'])}`;
      // Another origin would get headers that were meant for this one.
      if (to !== url.origin)
        throw new FshaError(
          'protocol',
          `${printable(url.host)} redirects to ${printable(to)}`,
          'fsha follows redirects within one origin only: ask there directly.',
        );
    },
    maxContentLength: asked.maxBytes,
    signal,
    responseType: 'arraybuffer',
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    validateStatus: () => true,
  });
}

function plainHeaders(answer: AxiosResponse): Readonly<Record<string, string>> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers as Record<string, unknown>)) {
    // Session cookies are credentials.
    if (name.toLowerCase() !== 'set-cookie' && (typeof value === 'string' || typeof value === 'number'))
      plain[name.toLowerCase()] = String(value);
  }
  return plain;
}

const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ECONNREFUSED: ['connect.refused', 'the connection was refused'],
  ENOTFOUND: ['connect.name', 'the name does not resolve'],
  EAI_AGAIN: ['connect.name', 'the name does not resolve now'],
  EHOSTUNREACH: ['connect.unreachable', 'there is no way to the host'],
  ENETUNREACH: ['connect.unreachable', 'there is no way to the network'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['connect.tls', 'its certificate is self-signed'],
  SELF_SIGNED_CERT_IN_CHAIN: ['connect.tls', 'a certificate of its chain is self-signed'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['connect.tls', 'its certificate cannot be verified'],
  CERT_HAS_EXPIRED: ['connect.tls', 'its certificate has expired'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['connect.tls', 'its certificate is for another name'],
  ERR_FR_TOO_MANY_REDIRECTS: ['protocol', 'it redirects too often'],
  HPE_INVALID_CONSTANT: ['protocol', 'what answers is not HTTP'],
};

function failure(where: string, error: unknown, maxBytes: number): FshaError {
  const code = textOf(error, 'code');
  const found = CODES[code];
  if (found !== undefined)
    return new FshaError(found[0], `${where}: ${found[1]}`, 'Check address, port and certificate.');
  if (textOf(error, 'message').includes('maxContentLength'))
    return new FshaError(
      'protocol',
      `${where}: the answer is longer than ${maxBytes} bytes`,
      'Ask for less of it.',
    );
  if (code === 'ERR_BAD_RESPONSE' || code.startsWith('HPE_') || code.startsWith('Z_'))
    return new FshaError(
      'protocol',
      `${where}: the answer is not whole or not HTTP (${printable(code, 40)})`,
    );
  return new FshaError(
    'connection.lost',
    `${where}: the connection was lost before the whole answer came (${printable(code === '' ? 'no reason given' : code, 40)}); the outcome is unknown`,
    'Look at the server before it is repeated.',
  );
}

function textOf(error: unknown, key: 'code' | 'message'): string {
  if (typeof error !== 'object' || error === null) return '';
  const value = (error as Readonly<Record<string, unknown>>)[key];
  return typeof value === 'string' ? value : '';
}
