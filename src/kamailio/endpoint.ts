import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isIP } from 'node:net';
import type { Proxy, RpcEndpoint } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';

/** Where a proxy's RPC is, taken apart. Holds no secret but behind {@link Endpoint.headers} and the TLS key's Secret. */
export interface Endpoint {
  /** Names the proxy and its URL in messages; without query and user, where some put tokens. */
  readonly where: string;
  readonly url: string;
  readonly secure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly tls: RpcEndpoint['tls'];
  /** What kind of credentials are sent, for hints. */
  readonly credentials: 'none' | 'basic' | 'token';
  /** The headers that prove who asks. @throws FshaError `inventory` or `secret` for what HTTP cannot carry */
  readonly headers: () => Record<string, string>;
  /** What a server says, without the credentials that it was sent: what stands between may say back the whole request. */
  readonly unsaid: (text: string) => string;
}

/** @throws FshaError `inventory` where the URL is none of http or https */
export function endpointOf(proxy: Proxy): Endpoint {
  const { rpc } = proxy;
  const url = URL.canParse(rpc.url) ? new URL(rpc.url) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new FshaError(
      'inventory',
      `the rpc of ${proxy.name} is not an http or https URL`,
      'Give it as http://HOST:PORT/RPC in the inventory.',
    );
  }
  const secure = url.protocol === 'https:';
  url.username = '';
  url.password = '';
  const seenFrom = proxy.via === undefined ? '' : `, seen from ${proxy.via.host}`;
  return {
    where: printable(`${proxy.name} (${url.origin}${url.pathname}${seenFrom})`),
    url: url.href,
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    tls: rpc.tls,
    credentials: rpc.basic !== undefined ? 'basic' : rpc.token !== undefined ? 'token' : 'none',
    headers: () => ({ ...basicHeader(proxy.name, rpc), ...tokenHeader(proxy.name, rpc) }),
    unsaid: (text) =>
      credentialsOf(rpc, url).reduce((said, credential) => said.replaceAll(credential, '[secret]'), text),
  };
}

/** The name that TLS asks for; an address has none (RFC 6066). */
export function serverName(endpoint: Endpoint): string | undefined {
  return isIP(endpoint.host) === 0 ? endpoint.host : undefined;
}

function basicHeader(name: string, { basic }: RpcEndpoint): Record<string, string> {
  if (basic === undefined) return {};
  if (basic.username.includes(':')) {
    throw new FshaError(
      'inventory',
      `the RPC user name of ${name} has a colon, which Basic cannot carry`,
      'Give the user another name.',
    );
  }
  return { Authorization: `Basic ${basicPair(basic)}` };
}

function basicPair({ username, password }: NonNullable<RpcEndpoint['basic']>): string {
  return Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64');
}

/** Some put a token into the query of the URL. */
function credentialsOf({ basic, token }: RpcEndpoint, url: URL): readonly string[] {
  return [
    ...(basic === undefined ? [] : [basicPair(basic), basic.password.reveal()]),
    ...(token === undefined ? [] : [token.value.reveal()]),
    url.search.slice(1),
  ].filter((credential) => credential !== '');
}

function tokenHeader(name: string, { token }: RpcEndpoint): Record<string, string> {
  if (token === undefined) return {};
  try {
    validateHeaderName(token.header);
  } catch {
    throw new FshaError(
      'inventory',
      `the RPC token of ${name} is to be sent in a header named ${JSON.stringify(printable(token.header))}, which HTTP does not allow`,
      'Give a header name of letters, digits and hyphens.',
    );
  }
  const value = token.value.reveal();
  try {
    validateHeaderValue(token.header, value);
  } catch {
    throw new FshaError(
      'secret',
      `the RPC token of ${name} has characters that an HTTP header cannot carry`,
      'See whether the secret has a line break or a control character in it.',
    );
  }
  return { [token.header]: value };
}
