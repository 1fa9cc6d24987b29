import { expect, test } from 'vitest';
import { onlyNode } from '../../src/cli/look-at-node.ts';
import { withoutSecrets } from '../../src/cli/without-secrets.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import { Secret } from '../../src/domain/secret.ts';

const cluster = {
  nodes: [{ esl: { password: new Secret('ClueCon') }, ssh: { passphrase: new Secret('pass phrase') } }],
  proxies: [{ rpc: { token: { header: 'X-Token', value: new Secret('0123456789') } } }],
  postgres: { dsn: new Secret('postgres://fsha:p%40w@db/fsha') },
  redis: { password: new Secret('p@ss/word+1') },
  other: [
    new Secret("pgsql://hostaddr=10.0.0.9 dbname=fs user=fs password='it\\'s one' options=''"),
    new Secret('host=db password=bare user=fs'),
  ],
} as unknown as Cluster;

test.each([
  ['the very secret', 'ClueCon', false],
  ['with a newline, as $(cat FILE) does not but a file has', 'ClueCon\n', false],
  ['a long one inside of something', 'curl -H "X-Token: 0123456789"', false],
  ['a DSN', 'postgres://fsha:p%40w@db/fsha', false],
  ['the password of a DSN, as PGPASSWORD has it', 'p@w', false],
  ['the password of a DSN, as it stands there', 'p%40w', false],
  ['the quoted password of a DSN of words', "it's one", false],
  ['the password of a DSN of words', 'bare', false],
  ['as URLs have it', 'redis://:p%40ss%2Fword%2B1@10.0.1.7:6379', false],
  ['a short one inside of something, which may be chance', '/srv/ClueCon/bin', true],
  ['anything else', '/usr/bin:/bin', true],
])('%s', (_, value, stays) => {
  const env = withoutSecrets(cluster, { PATH: '/bin', X: value, UNSET: undefined });
  expect(env).toEqual(stays ? { PATH: '/bin', X: value } : { PATH: '/bin' });
});

test('a command for one node keeps those of the rest from what it starts, too', () => {
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error('there is no node');
  const env = withoutSecrets(onlyNode(cluster, node), { TOKEN: '0123456789', A: 'b' });
  expect(env).toEqual({ A: 'b' });
});
