import { describe, expect, test } from 'vitest';
import type { SshTarget } from '../../src/domain/cluster.ts';
import { Secret } from '../../src/domain/secret.ts';
import { type Hop, hopText, parseJump, planRoute } from '../../src/ssh/route.ts';
import { parseConfigOutput } from '../../src/ssh/ssh-config.ts';
import { never } from './spoof-server.ts';

/** What ssh -G would say, by host; a host that is not here is as it was asked for. */
type Configured = Readonly<Record<string, string>>;

function plan(
  target: SshTarget,
  configured: Configured | null = {},
  env: Record<string, string> = {},
): Promise<Hop[]> {
  return planRoute(
    target,
    {
      where: 'node-1',
      env,
      home: '/home/me',
      localUser: 'me',
      readConfig: ({ host, port, user }) => {
        if (configured === null) return Promise.resolve(null);
        const own = configured[host] ?? '';
        // The first value counts, as in ssh.
        return Promise.resolve(
          parseConfigOutput(
            `${port ? `port ${port}\n` : ''}${user ? `user ${user}\n` : ''}${own}\nhostname ${host}\nport 22\nuser me\n`,
          ),
        );
      },
    },
    never,
  );
}

async function texts(...args: Parameters<typeof plan>): Promise<string[]> {
  return (await plan(...args)).map(hopText);
}

describe('the way to a host', () => {
  test.each<[string, SshTarget, Configured | null, string[]]>([
    ['without any configuration', { host: 'n1' }, null, ['me@n1:22']],
    [
      'as the inventory says',
      { host: 'n1', port: 2222, user: 'ops' },
      { n1: 'port 1\nuser x' },
      ['ops@n1:2222'],
    ],
    [
      'as the configuration says',
      { host: 'n1' },
      { n1: 'hostname 10.0.1.10\nport 2\nuser x' },
      ['x@10.0.1.10:2'],
    ],
    [
      'jump of the configuration',
      { host: 'n1' },
      { n1: 'proxyjump a,b@b:2', a: 'user x' },
      ['x@a:22', 'b@b:2', 'me@n1:22'],
    ],
    [
      'jump of the inventory wins',
      { host: 'n1', jump: ['c'] },
      { n1: 'proxyjump a' },
      ['me@c:22', 'me@n1:22'],
    ],
    ['no jump, says the inventory', { host: 'n1', jump: [] }, { n1: 'proxyjump a' }, ['me@n1:22']],
    [
      'the first jump has a jump',
      { host: 'n1', jump: ['a', 'b'] },
      { a: 'proxyjump z', b: 'proxyjump y' },
      ['me@z:22', 'me@a:22', 'me@b:22', 'me@n1:22'],
    ],
    ['IPv6', { host: '::1', jump: ['ops@[fe80::1]:23'] }, {}, ['ops@[fe80::1]:23', 'me@[::1]:22']],
    [
      'an inventory jump outweighs a ProxyCommand',
      { host: 'n1', jump: ['a'] },
      { n1: 'proxycommand nc' },
      ['me@a:22', 'me@n1:22'],
    ],
  ])('%s', async (_name, target, configured, expected) => {
    await expect(texts(target, configured)).resolves.toEqual(expected);
  });

  test.each<[string, SshTarget, Configured]>([
    ['a ProxyCommand', { host: 'n1' }, { n1: 'proxycommand nc %h %p' }],
    ['a circle', { host: 'n1', jump: ['a'] }, { a: 'proxyjump b', b: 'proxyjump a' }],
    ['an option for a host', { host: '-oProxyCommand=id' }, {}],
    ['an option for a user', { host: 'n1', user: '-oProxyCommand=id' }, {}],
    ['an option for a jump host', { host: 'n1', jump: ['-Jx'] }, {}],
    ['a space in a host', { host: 'n1 n2' }, {}],
    ['an empty jump host', { host: 'n1', jump: ['a@'] }, {}],
    ['a port that is none', { host: 'n1', jump: ['a:99999'] }, {}],
  ])('%s is refused', async (_name, target, configured) => {
    await expect(plan(target, configured)).rejects.toMatchObject({ code: 'ssh.config' });
  });
});

test.each([
  ['bastion', { host: 'bastion', port: undefined, user: undefined }],
  ['ops@bastion:2222', { host: 'bastion', port: 2222, user: 'ops' }],
  ['ssh://ops@bastion:2222', { host: 'bastion', port: 2222, user: 'ops' }],
  ['[::1]', { host: '::1', port: undefined, user: undefined }],
])('jump host %s', (text, expected) => {
  expect(parseJump(text, 'node-1')).toEqual(expected);
});

describe('what is used to log in', () => {
  test('without any configuration: the usual places', async () => {
    const [hop] = await plan({ host: 'n1' }, null, { SSH_AUTH_SOCK: '/run/agent' });
    expect(hop).toMatchObject({
      agent: '/run/agent',
      identitiesOnly: false,
      hostKeyAlias: null,
      passphrase: null,
      userKnownHostsFiles: ['/home/me/.ssh/known_hosts'],
      identityFiles: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => ({
        path: `/home/me/.ssh/${name}`,
        required: false,
      })),
    });
  });

  test('the inventory outweighs the configuration, for jump hosts too', async () => {
    const passphrase = new Secret('x');
    const target: SshTarget = {
      host: 'n1',
      jump: ['a'],
      identityFile: '~/k',
      knownHostsFile: '~/kh',
      passphrase,
    };
    const hops = await plan(target, { n1: 'identityfile /other\nuserknownhostsfile /other' });
    for (const hop of hops) {
      expect(hop).toMatchObject({
        passphrase,
        identityFiles: [{ path: '/home/me/k', required: true }],
        userKnownHostsFiles: ['/home/me/kh'],
      });
    }
  });

  test('paths of the configuration have their tokens replaced', async () => {
    const configured = {
      n1: 'hostname 10.0.1.10\nuser ops\nport 2222\nhostkeyalias al\nidentityfile ~/.ssh/%r@%h:%p-%n-%u-%%-%Z\nuserknownhostsfile ${X}/k',
    };
    const [hop] = await plan({ host: 'n1' }, configured, { X: '/x' });
    expect(hop).toMatchObject({
      hostKeyAlias: 'al',
      identityFiles: [{ path: '/home/me/.ssh/ops@10.0.1.10:2222-n1-me-%-%Z' }],
      userKnownHostsFiles: ['/x/k'],
    });
  });

  test.each([
    ['', '/run/agent'],
    ['identityagent SSH_AUTH_SOCK', '/run/agent'],
    ['identityagent $MINE', '/run/mine'],
    ['identityagent $NONE', null],
    ['identityagent none', null],
    ['identityagent ~/agent', '/home/me/agent'],
  ])('agent: "%s" is %s', async (configured, agent) => {
    const [hop] = await plan(
      { host: 'n1' },
      { n1: configured },
      { SSH_AUTH_SOCK: '/run/agent', MINE: '/run/mine' },
    );
    expect(hop?.agent).toBe(agent);
  });
});
