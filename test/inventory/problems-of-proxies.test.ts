import { describe, it } from 'vitest';
import { expectProblem, proxy, rest } from './problem-rows.ts';
import type { ProblemRow } from './problem-rows.ts';

const ROWS: readonly ProblemRow[] = [
  [
    'another scheme',
    proxy("rpc: 'ftp://10.0.1.5/RPC'"),
    '4:16 proxies.lb-1.rpc: This is not a URL that begins with http:// or https:// and a host.',
  ],
  [
    'no URL',
    proxy('rpc: 10.0.1.5:8080'),
    '4:16 proxies.lb-1.rpc: This is not a URL that begins with http:// or https:// and a host.',
  ],
  [
    'a URL with credentials',
    proxy("rpc: 'http://fsha:hunter2@10.0.1.5/RPC'"),
    '4:16 proxies.lb-1.rpc: This URL has a user or a password in it. Remove them: username and password are keys of their own.',
  ],
  [
    'Redis with credentials',
    rest("redis: { url: 'redis://:hunter2@10.0.1.7' }"),
    '8:15 redis.url: This URL has a user or a password in it. Remove them: username and password are keys of their own.',
  ],
  [
    'no RPC',
    proxy('frTimer: 5s'),
    '4:3 proxies.lb-1.rpc: This key is missing: a URL that begins with http:// or https:// is expected.',
  ],
  [
    'a bad network',
    proxy("rpc: 'http://a', networks: [10.0.1.0/33]"),
    '4:39 proxies.lb-1.networks[0]: "10.0.1.0/33" is not a network: write an address and a length, such as 10.0.1.0/24.',
  ],
  [
    'a network without length',
    proxy("rpc: 'http://a', networks: [10.0.1.5]"),
    '4:39 proxies.lb-1.networks[0]: The length of the network is missing: for this address alone write 10.0.1.5/32.',
  ],
  [
    'a username alone',
    proxy("rpc: 'http://a', username: x"),
    '4:28 proxies.lb-1.username: There is a username without a password.',
  ],
  [
    'a password alone',
    proxy("rpc: 'http://a', password: { literal: hunter2 }"),
    '4:28 proxies.lb-1.password: There is a password without a username.',
  ],
  [
    'a username with a colon',
    proxy("rpc: 'http://a', username: 'fsha:hunter2', password: { literal: x }"),
    '4:38 proxies.lb-1.username: This is not a user name.',
  ],
  [
    'a Redis username alone',
    rest("redis: { url: 'redis://h', username: x }"),
    '8:28 redis.username: There is a username without a password.',
  ],
  [
    'token and password',
    proxy(
      "rpc: 'http://a', username: x, password: { literal: p }, token: { header: H, value: { literal: t } }",
    ),
    '4:67 proxies.lb-1.token: A proxy takes a token, or a username and a password, not both.',
  ],
  [
    'a header that is none',
    proxy("rpc: 'http://a', token: { header: 'a b', value: { literal: t } }"),
    '4:45 proxies.lb-1.token.header: This is not the name of an HTTP header.',
  ],
  [
    'a certificate without key',
    proxy("rpc: 'https://a', tls: { cert: c.pem }"),
    /^4:36 proxies.lb-1.tls.cert: There is a client certificate without its key\./,
  ],
  [
    'a key without certificate',
    proxy("rpc: 'https://a', tls: { key: k.pem }"),
    /^4:36 proxies.lb-1.tls.key: There is a key without its client certificate\./,
  ],
  [
    'via: ssh without ssh',
    proxy("rpc: 'http://a', via: ssh"),
    '4:33 proxies.lb-1.via: via: ssh needs to know the host: add ssh: { host: … }.',
  ],
  [
    'via: ssh without a host',
    proxy("rpc: 'http://a', via: ssh, ssh: { user: ops }"),
    '4:38 proxies.lb-1.ssh.host: This key is missing: via: ssh needs to know the host.',
  ],
  [
    'one RPC twice',
    { proxies: "  a: { rpc: 'http://h:80/RPC' }\n  b: { rpc: 'http://H/RPC' }" },
    '5:13 proxies.b.rpc: This is the RPC of proxies.a too: one Kamailio under two names.',
  ],
  ['no proxies', { proxies: '  {}' }, '3:1 proxies: There is no proxy here: at least one is needed.'],
  ['nothing under proxies', { proxies: '' }, '3:1 proxies: Nothing stands here: a map is expected.'],
];

describe('problems of proxies', () => {
  it.each(ROWS)('%s', async (_what, parts, said) => {
    await expectProblem(parts, said);
  });
});
