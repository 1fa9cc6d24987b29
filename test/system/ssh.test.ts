/** SSH to real OpenSSH servers, with real keys and a real agent. */
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { Secret } from '../../src/domain/secret.ts';
import { makeSshWorld, PORT, type Sshd, type SshWorld } from '../ssh/real-sshd.ts';
import { never, startTcp } from '../ssh/spoof-server.ts';
import { until } from '../support/until.ts';

let world: SshWorld;
let sshd: Sshd;
let key: string;

const saying = (text: string | RegExp): unknown =>
  typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text);

beforeAll(async () => {
  world = await makeSshWorld();
  key = await world.makeKey('id_ed25519');
  sshd = await world.startSshd({ host: world.address(1), hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
});

afterAll(() => world.end());

describe('commands', () => {
  test('give exit status, output and errors as they are', async () => {
    const host = world.host(sshd, { target: { identityFile: key } });
    await expect(host.run(`echo 'grüß dich'; echo no >&2; exit 42`, 5_000, never)).resolves.toEqual({
      exitCode: 42,
      signal: null,
      stdout: 'grüß dich\n',
      stderr: 'no\n',
    });
    await expect(host.run('kill -TERM $$', 5_000, never)).resolves.toMatchObject({
      exitCode: null,
      signal: 'SIGTERM',
    });
    await expect(host.run('cat; echo done', 5_000, never)).resolves.toMatchObject({ stdout: 'done\n' });
    await expect(host.run('no-such-command', 5_000, never)).resolves.toMatchObject({ exitCode: 127 });
    const long = await host.run('head -c 3000000 /dev/zero', 10_000, never);
    expect(long.stdout.length).toBe(65_536);
  });

  test('more than eight of them take turns on one connection', async () => {
    const host = world.host(sshd, { target: { identityFile: key } });
    const results = await Promise.all(
      Array.from({ length: 24 }, (_, index) => host.run(`echo ${index}`, 20_000, never)),
    );
    expect(results.map(({ stdout }) => stdout.trim())).toEqual(
      Array.from({ length: 24 }, (_, index) => `${index}`),
    );
  });

  test('may leave a daemon behind that keeps stdout open', async () => {
    const host = world.host(sshd, { target: { identityFile: key } });
    const result = await host.run('sleep 8 & echo started', 7_000, never);
    expect(result).toMatchObject({ exitCode: 0, stdout: 'started\n' });
  });

  test('run on where their time is over', async () => {
    const host = world.host(sshd, { target: { identityFile: key } });
    const file = join(world.dir, 'went-on');
    await expect(host.run(`sleep 1; echo yes > ${file}`, 300, never)).rejects.toMatchObject({
      code: 'timeout',
    });
    await until('the command goes on', async () => (await readFile(file, 'utf8')) === 'yes\n');
  });

  test('whose server is killed have an unknown outcome; the next login connects anew', async () => {
    const host = world.host(sshd, { target: { identityFile: key } });
    await expect(host.run('kill -9 $PPID; sleep 1', 10_000, never)).rejects.toMatchObject({
      code: 'connection.lost',
      message: saying('its outcome is unknown'),
    });
    await expect(host.run('echo again', 5_000, never)).resolves.toMatchObject({ stdout: 'again\n' });
  });

  test('beyond what the server allows are refused', async () => {
    const strict = await world.startSshd({ host: world.address(2), directives: ['MaxSessions 0'] });
    await expect(
      world.host(strict, { target: { identityFile: key } }).run('true', 5_000, never),
    ).rejects.toMatchObject({
      code: 'ssh.exec',
    });
  });
});

describe('keys', () => {
  test.each([
    ['RSA', { type: 'rsa' }],
    ['RSA in PEM', { type: 'rsa', more: ['-m', 'PEM'] }],
    ['ECDSA', { type: 'ecdsa' }],
    ['ECDSA of 521 bits', { type: 'ecdsa', more: ['-b', '521'] }],
    ['ed25519', { type: 'ed25519' }],
  ] as const)('%s', async (name, options) => {
    const file = await world.makeKey(`key ${name}`, options);
    await world.host(sshd, { target: { identityFile: file } }).login(never);
  });

  test.each([
    ['encrypted', {}],
    ['encrypted PEM', { type: 'rsa', more: ['-m', 'PEM'] }],
  ] as const)('%s, with the right passphrase, a wrong one and none', async (name, options) => {
    const file = await world.makeKey(`key ${name}`, { ...options, passphrase: 'open sesame' });
    const login = (passphrase?: string): Promise<void> =>
      world
        .host(sshd, {
          target: {
            identityFile: file,
            ...(passphrase === undefined ? {} : { passphrase: new Secret(passphrase) }),
          },
        })
        .login(never);
    await login('open sesame');
    await expect(login('open barley')).rejects.toMatchObject({
      code: 'ssh.key',
      message: saying('does not open with the passphrase'),
    });
    await expect(login()).rejects.toMatchObject({
      code: 'ssh.key',
      message: saying('is encrypted and no passphrase is given'),
    });
  });

  test('that others can read are refused, as ssh refuses them', async () => {
    const file = await world.makeKey('id_open');
    await chmod(file, 0o644);
    await expect(world.host(sshd, { target: { identityFile: file } }).login(never)).rejects.toMatchObject({
      code: 'ssh.key',
      message: saying('can be read by others (mode 0644)'),
      hint: saying('chmod 600'),
    });
  });

  test('that are none', async () => {
    const file = join(world.dir, 'rubbish');
    await writeFile(file, 'hello', { mode: 0o600 });
    await expect(world.host(sshd, { target: { identityFile: file } }).login(never)).rejects.toMatchObject({
      code: 'ssh.key',
    });
  });

  test('of the agent: the first that fits, an encrypted one without its passphrase, RSA', async () => {
    const strange = await world.makeStrangersKey('stranger-in-agent');
    const rsa = await world.makeKey('rsa-in-agent', { type: 'rsa' });
    const SSH_AUTH_SOCK = await world.startAgent(strange, rsa);
    const env = { PATH: process.env['PATH'], SSH_AUTH_SOCK };
    await expect(world.host(sshd, { env }).run('echo in', 5_000, never)).resolves.toMatchObject({
      stdout: 'in\n',
    });

    const encrypted = await world.makeKey('encrypted-in-agent');
    const second = await world.startAgent(encrypted);
    await world.keygen('-q', '-p', '-P', '', '-N', 'secret', '-f', encrypted);
    await rename(`${encrypted}.pub`, `${encrypted}.elsewhere`);
    const target = { identityFile: encrypted };
    await world.host(sshd, { env: { ...env, SSH_AUTH_SOCK: second }, target }).login(never);
  });

  test('named go before those of the agent, which a server would not bear', async () => {
    const strangers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => world.makeStrangersKey(`many-${index}`)),
    );
    const SSH_AUTH_SOCK = await world.startAgent(...strangers);
    const env = { PATH: process.env['PATH'], SSH_AUTH_SOCK };
    await world.host(sshd, { env, target: { identityFile: key } }).login(never);
    await expect(world.host(sshd, { env }).login(never)).rejects.toMatchObject({
      code: 'ssh.auth',
      message: saying('Too many authentication failures'),
      hint: saying('IdentitiesOnly'),
    });
  });

  test('that nobody knows: what was tried is named, by names', async () => {
    const strange = await world.makeStrangersKey('stranger');
    const inAgent = await world.makeStrangersKey('other-stranger');
    const fingerprint = (await world.keygen('-lf', inAgent)).split(' ')[1] ?? '';
    const env = { PATH: process.env['PATH'], SSH_AUTH_SOCK: await world.startAgent(inAgent) };
    await expect(
      world.host(sshd, { env, target: { identityFile: strange } }).login(never),
    ).rejects.toMatchObject({
      code: 'ssh.auth',
      message: saying(`tried ~/stranger, ED25519 ${fingerprint} from the agent`),
    });
  });

  test('none at all', async () => {
    const configFile = join(world.dir, 'no_keys');
    await writeFile(configFile, `IdentityFile ${join(world.dir, 'nothing')}\n`);
    await expect(world.host(sshd, { configFile }).login(never)).rejects.toMatchObject({
      code: 'ssh.auth',
      message: saying('there is no key to log in with'),
    });
  });
});

describe('host keys', () => {
  test.each(['rsa', 'ecdsa', 'ed25519'] as const)(
    'of a host that is known by its %s key only',
    async (type) => {
      const knownHostsFile = join(world.dir, `only_${type}`);
      await writeFile(knownHostsFile, `${sshd.hostKeys.get(type) ?? ''}\n`);
      await world.host(sshd, { target: { identityFile: key, knownHostsFile } }).login(never);
    },
  );

  test('of a host that has nothing but RSA', async () => {
    const old = await world.startSshd({ host: world.address(3), hostKeyTypes: ['rsa'] });
    await world.host(old, { target: { identityFile: key } }).login(never);
  });

  test('in a hashed known_hosts', async () => {
    const knownHostsFile = join(world.dir, 'hashed');
    await writeFile(knownHostsFile, await readFile(world.knownHosts));
    await world.keygen('-H', '-f', knownHostsFile);
    expect(await readFile(knownHostsFile, 'utf8')).not.toContain(sshd.host);
    await world.host(sshd, { target: { identityFile: key, knownHostsFile } }).login(never);
  });

  test('that nobody knows: the fingerprint is the one that ssh-keygen prints', async () => {
    const knownHostsFile = join(world.dir, 'empty');
    await writeFile(knownHostsFile, '');
    const single = join(world.dir, 'single.pub');
    await writeFile(single, (sshd.hostKeys.get('ed25519') ?? '').split(' ').slice(1).join(' '));
    const fingerprint = (await world.keygen('-lf', single)).split(' ')[1] ?? 'none';
    await expect(
      world.host(sshd, { target: { identityFile: key, knownHostsFile } }).login(never),
    ).rejects.toMatchObject({
      code: 'ssh.host-key-unknown',
      message: saying(`ED25519 ${fingerprint} is not known`),
    });
  });

  test('that have changed since, also under a standing fsha', async () => {
    const address = world.address(4);
    const before = await world.startSshd({ host: address });
    const host = world.host(before, { target: { identityFile: key } });
    await host.login(never);
    await before.stop();
    await until('nobody listens any more', () =>
      host.login(never).then(
        () => false,
        (error: unknown) => error instanceof FshaError && error.code === 'connect.refused',
      ),
    );
    const known = await readFile(world.knownHosts, 'utf8');
    const after = await world.startSshd({ host: address });
    await expect(host.login(never)).rejects.toMatchObject({ code: 'ssh.host-key-changed' });
    await writeFile(world.knownHosts, known);
    const line = known.split('\n').findIndex((each) => each.startsWith(`[${address}]`)) + 1;
    await expect(world.host(after, { target: { identityFile: key } }).login(never)).rejects.toMatchObject({
      code: 'ssh.host-key-changed',
      message: saying(`${world.knownHosts}:${line}`),
    });
  });
});

describe('tunnels', () => {
  test('carry bytes to where the host can go', async () => {
    const echo = await startTcp((socket) => void socket.pipe(socket));
    const tunnel = await world
      .host(sshd, { target: { identityFile: key } })
      .dial('127.0.0.1', echo.port, never);
    tunnel.end('hello '.repeat(100_000));
    await expect(text(tunnel)).resolves.toBe('hello '.repeat(100_000));
    await echo.close();
  });

  test('to where nobody listens, and to a name that nobody has', async () => {
    const host = world.host(sshd, { target: { identityFile: key } });
    await expect(host.dial(world.address(99), 1, never)).rejects.toMatchObject({ code: 'connect.refused' });
    await expect(host.dial('does-not-exist.invalid', 1, never)).rejects.toMatchObject({
      code: 'connect.name',
    });
    await expect(host.run('echo still', 5_000, never)).resolves.toMatchObject({ stdout: 'still\n' });
  });

  test.each(['AllowTcpForwarding no', 'PermitOpen 127.0.0.1:1', 'DisableForwarding yes'])(
    'are not allowed by %s',
    async (directive) => {
      const strict = await world.startSshd({
        host: world.address(10 + directive.length),
        directives: [directive],
      });
      const host = world.host(strict, { target: { identityFile: key } });
      await expect(host.dial('127.0.0.1', 9, never)).rejects.toMatchObject({
        code: 'ssh.permission',
        hint: saying('AllowTcpForwarding'),
      });
      await strict.stop();
    },
  );
});

describe('jump hosts', () => {
  let bastion: Sshd;

  beforeAll(async () => {
    bastion = await world.startSshd({ host: world.address(50) });
  });

  test('as the inventory says, and several of them', async () => {
    const through = `${world.user}@${bastion.host}:${PORT}`;
    const again = `${world.user}@${sshd.host}:${PORT}`;
    const host = world.host(sshd, { target: { identityFile: key, jump: [through] } });
    await expect(host.run('echo $SSH_CONNECTION', 5_000, never)).resolves.toMatchObject({ exitCode: 0 });
    const far = world.host(sshd, { target: { identityFile: key, jump: [through, again, through] } });
    await expect(far.run('echo far', 10_000, never)).resolves.toMatchObject({ stdout: 'far\n' });
    const echo = await startTcp((socket) => socket.end('through'));
    await expect(text(await far.dial('127.0.0.1', echo.port, never))).resolves.toBe('through');
    await echo.close();
    expect(bastion.log()).toContain(`Accepted publickey`);
  });

  test('whose host key is not known are named', async () => {
    const knownHostsFile = join(world.dir, 'without_bastion');
    await writeFile(knownHostsFile, [...sshd.hostKeys.values()].join('\n'));
    const target = { identityFile: key, knownHostsFile, jump: [`${bastion.host}:${PORT}`] };
    await expect(world.host(sshd, { target }).login(never)).rejects.toMatchObject({
      code: 'ssh.host-key-unknown',
      message: saying(`SSH to jump host ${world.user}@${bastion.host}:${PORT}`),
    });
  });

  test('from which the host cannot be reached', async () => {
    const target = { identityFile: key, jump: [`${bastion.host}:${PORT}`], host: world.address(99) };
    await expect(world.host(sshd, { target }).login(never)).rejects.toMatchObject({
      code: 'connect.refused',
      message: saying(
        `jump host ${world.user}@${bastion.host}:${PORT}: from there, ${world.address(99)}:${PORT}`,
      ),
    });
  });

  test('that are killed take the connection with them, and say so', async () => {
    const host = world.host(sshd, { target: { identityFile: key, jump: [`${bastion.host}:${PORT}`] } });
    await host.login(never);
    const running = expect(host.run('sleep 9', 15_000, never)).rejects.toMatchObject({
      code: 'connection.lost',
      message: saying(`at jump host ${world.user}@${bastion.host}`),
    });
    await bastion.stop();
    await running;
  });
});

describe("the user's own ssh configuration", () => {
  test('gives host name, port, user, key, known_hosts, alias and jump host', async () => {
    const bastion = await world.startSshd({ host: world.address(60) });
    const hidden = join(world.dir, 'aliased_hosts');
    const own = (sshd.hostKeys.get('ed25519') ?? '').split(' ').slice(1).join(' ');
    await writeFile(hidden, `node-alias ${own}\n${bastion.hostKeys.get('ed25519') ?? ''}\n`);
    const configFile = join(world.dir, 'ssh_config');
    await writeFile(
      configFile,
      [
        'Host node-1.voice',
        `  HostName ${sshd.host}`,
        '  HostKeyAlias node-alias',
        '  ProxyJump the-bastion',
        'Host the-bastion',
        `  HostName ${bastion.host}`,
        'Host *',
        `  Port ${PORT}`,
        `  User ${world.user}`,
        `  IdentityFile ~/${basename(key)}`,
        '  IdentitiesOnly yes',
        `  UserKnownHostsFile ${hidden}`,
        '',
      ].join('\n'),
    );
    const { createHost } = await import('../../src/ssh/host.ts');
    const host = createHost({
      where: 'node-1',
      target: { host: 'node-1.voice' },
      timeouts: { connect: 10_000, request: 5_000, keepalive: 5_000 },
      env: { PATH: process.env['PATH'] },
      home: world.dir,
      configFile,
    });
    await expect(host.run('echo configured', 5_000, never)).resolves.toMatchObject({
      stdout: 'configured\n',
    });
    await host.close();
    await bastion.stop();
  });

  test.each([
    ['Bogus yes', /bad configuration option/i],
    ['ProxyCommand nc %h %p', /ProxyCommand, which fsha does not support/],
  ])('that cannot be followed: %s', async (line, message) => {
    const configFile = join(world.dir, 'bad_config');
    await writeFile(configFile, `Host *\n  ${line}\n`);
    await expect(world.host(sshd, { configFile }).login(never)).rejects.toMatchObject({
      code: 'ssh.config',
      message: saying(message),
    });
  });
});

test('a server that refuses connections', async () => {
  await expect(world.host({ host: world.address(98), port: PORT }).login(never)).rejects.toMatchObject({
    code: 'connect.refused',
    message: `node-1: SSH: ${world.address(98)}:${PORT} refused the connection`,
  });
});
