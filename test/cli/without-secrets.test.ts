import { expect, test } from 'vitest';
import { withoutSecrets } from '../../src/cli/without-secrets.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import { Secret } from '../../src/domain/secret.ts';

const cluster = {
  nodes: [{ esl: { password: new Secret('ClueCon') }, ssh: { passphrase: new Secret('pass phrase') } }],
  proxies: [{ rpc: { token: { header: 'X-Token', value: new Secret('0123456789') } } }],
  postgres: { dsn: new Secret('postgres://fsha:pw@db/fsha') },
} as unknown as Cluster;

test.each([
  ['the very secret', 'ClueCon', false],
  ['with a newline, as $(cat FILE) does not but a file has', 'ClueCon\n', false],
  ['a long one inside of something', 'curl -H "X-Token: 0123456789"', false],
  ['a DSN', 'postgres://fsha:pw@db/fsha', false],
  ['a short one inside of something, which may be chance', '/srv/ClueCon/bin', true],
  ['anything else', '/usr/bin:/bin', true],
])('%s', (_, value, stays) => {
  const env = withoutSecrets(cluster, { PATH: '/bin', X: value, UNSET: undefined });
  expect(env).toEqual(stays ? { PATH: '/bin', X: value } : { PATH: '/bin' });
});
