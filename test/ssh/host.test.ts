import { createServer as createUnixServer } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerChannel } from 'ssh2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHost } from '../../src/ssh/host.ts';
import type { HostPort } from '../../src/workflow/ports.ts';
import {
  acceptKeys,
  fingerprintOf,
  type Home,
  hostAt,
  makeHome,
  never,
  newKey,
  type Spoof,
  type SpoofOptions,
  startSpoof,
  startTcp,
  type Tcp,
  TIMEOUTS,
  until,
} from './spoof-server.ts';

let home: Home;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  home = await makeHome();
  cleanups.push(() => home.remove());
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function spoof(options: SpoofOptions = {}): Promise<Spoof> {
  const server = await startSpoof(options);
  cleanups.push(() => server.close());
  await home.trust(server.port, server.hostKey);
  return server;
}

async function tcp(...args: Parameters<typeof startTcp>): Promise<Tcp> {
  const server = await startTcp(...args);
  cleanups.push(() => server.close());
  return server;
}

function connectTo(port: number, ...more: [Parameters<typeof hostAt>[2]?]): HostPort {
  const host = hostAt(home, port, ...more);
  cleanups.push(() => host.close());
  return host;
}

describe('commands', () => {
  test('give their exit status, stdout and stderr, whatever the status is', async () => {
    const server = await spoof({
      exec: (_command, channel) => {
        channel.stderr.write('not a good day');
        channel.write('läuft\n');
        channel.exit(3);
        channel.end();
      },
    });
    const result = await connectTo(server.port).run('systemctl status', 2_000, never);
    expect(result).toEqual({ exitCode: 3, signal: null, stdout: 'läuft\n', stderr: 'not a good day' });
    expect(server.commands).toEqual(['systemctl status']);
  });

  test('ended by a signal have no exit code', async () => {
    const server = await spoof({
      exec: (_command, channel) => {
        channel.exit('TERM', false, '');
        channel.end();
      },
    });
    await expect(connectTo(server.port).run('x', 2_000, never)).resolves.toMatchObject({
      exitCode: null,
      signal: 'SIGTERM',
    });
  });

  test('get an end of input at once', async () => {
    const server = await spoof({
      exec: (_command, channel) => {
        channel.resume().on('end', () => {
          channel.exit(0);
          channel.end();
        });
      },
    });
    await expect(connectTo(server.port).run('cat', 2_000, never)).resolves.toMatchObject({ exitCode: 0 });
  });

  test('have their output cut at 64 KiB, not within a character', async () => {
    const server = await spoof({
      exec: (_command, channel) => {
        channel.write(`a${'ü'.repeat(200_000)}`);
        channel.stderr.write('x'.repeat(100_000));
        channel.exit(0);
        channel.end();
      },
    });
    const { stdout, stderr } = await connectTo(server.port).run('x', 5_000, never);
    expect(stdout).toBe(`a${'ü'.repeat(32_767)}`);
    expect(stderr).toBe('x'.repeat(65_536));
  });

  test('that leave a daemon with stdout behind are done when their exit status is there', async () => {
    const server = await spoof({
      exec: (_command, channel) => {
        channel.write('started');
        channel.exit(0);
      },
    });
    await expect(connectTo(server.port).run('x', 10_000, never)).resolves.toMatchObject({
      exitCode: 0,
      stdout: 'started',
    });
  });

  test('whose time is over are left, with the channel closed', async () => {
    let closed = false;
    const server = await spoof({
      exec: (_command, channel) => void channel.resume().on('close', () => (closed = true)),
    });
    const host = connectTo(server.port);
    await host.login(never);
    await expect(host.run('sleep 100', 200, never)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/^node-1: .*within 200 ms; its outcome is unknown$/) as unknown,
    });
    await until(() => closed);
  });

  test('end with the signal of whoever waits', async () => {
    const server = await spoof({ exec: () => undefined });
    const host = connectTo(server.port);
    const controller = new AbortController();
    const running = host.run('sleep 100', 5_000, controller.signal);
    const settled = expect(running).rejects.toMatchObject({ code: 'interrupted' });
    await until(() => server.commands.length === 1);
    controller.abort();
    await settled;
  });

  test('under which the connection breaks have an unknown outcome and are not sent again', async () => {
    const server = await spoof({ exec: () => server.cut() });
    const host = connectTo(server.port);
    await expect(host.run('restart', 5_000, never)).rejects.toMatchObject({
      code: 'connection.lost',
      message: expect.stringContaining('outcome is unknown') as unknown,
    });
    await host.login(never);
    expect(server.commands).toEqual(['restart']);
    expect(server.opened()).toBe(2);
  });

  test('whose session ends without a status have an unknown outcome', async () => {
    const server = await spoof({ exec: (_command, channel) => channel.close() });
    await expect(connectTo(server.port).run('x', 5_000, never)).rejects.toMatchObject({
      code: 'connection.lost',
    });
  });

  test('whose status came before the connection broke are done', async () => {
    const server = await spoof({
      exec: (_command, channel, connection) => {
        channel.write('ok');
        channel.exit(7);
        channel.end();
        connection.end();
      },
    });
    await expect(connectTo(server.port).run('x', 5_000, never)).resolves.toMatchObject({
      exitCode: 7,
      stdout: 'ok',
    });
  });

  test('that the server does not start are an error of their own', async () => {
    const server = await spoof({ refuseExec: true });
    await expect(connectTo(server.port).run('x', 5_000, never)).rejects.toMatchObject({ code: 'ssh.exec' });
  });

  test('share a connection, eight at a time', async () => {
    const waiting: ServerChannel[] = [];
    let most = 0;
    const server = await spoof({
      exec: (_command, channel) => {
        waiting.push(channel);
        most = Math.max(most, waiting.length);
      },
    });
    const host = connectTo(server.port);
    const running = Array.from({ length: 20 }, (_, index) => host.run(`${index}`, 10_000, never));
    for (let done = 0; done < 20; done++) {
      await until(() => waiting.length === Math.min(8, 20 - done));
      const channel = waiting.shift();
      channel?.exit(0);
      channel?.end();
    }
    await Promise.all(running);
    expect(most).toBe(8);
    expect(server.opened()).toBe(1);
  });

  test('that never get a channel were not started, and say so', async () => {
    const server = await spoof({ exec: () => undefined });
    const host = connectTo(server.port);
    const controller = new AbortController();
    const running = Array.from({ length: 8 }, () =>
      host.run('x', 10_000, controller.signal).catch(() => undefined),
    );
    await until(() => server.commands.length === 8);
    await expect(host.run('y', 100, never)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('was not started') as unknown,
    });
    controller.abort();
    await Promise.all(running);
  });
});

describe('a connection', () => {
  test('is opened once for everybody who asks at the same time', async () => {
    const server = await spoof();
    const host = connectTo(server.port);
    await Promise.all([host.login(never), host.login(never), host.run('x', 2_000, never)]);
    await host.login(never);
    expect(server.opened()).toBe(1);
  });

  test('goes on being opened for the others when one of them gives up', async () => {
    const server = await spoof();
    const host = connectTo(server.port);
    const controller = new AbortController();
    const first = expect(host.login(controller.signal)).rejects.toMatchObject({ code: 'interrupted' });
    const second = host.login(never);
    controller.abort();
    await Promise.all([first, second]);
  });

  test('is given up when nobody wants it any more, and opened anew for the next', async () => {
    const silent = await tcp((socket) => void socket.resume());
    const host = connectTo(silent.port);
    const controller = new AbortController();
    const first = expect(host.login(controller.signal)).rejects.toMatchObject({ code: 'interrupted' });
    await until(() => silent.open() === 1);
    controller.abort();
    await first;
    await expect(host.login(never)).rejects.toMatchObject({ code: 'connect.timeout' });
    expect(silent.opened()).toBe(2);
    await until(() => silent.open() === 0);
  });

  test('whose other side falls silent is noticed by its keepalives', async () => {
    const server = await spoof({ exec: () => undefined });
    const pairs: { pause(): void }[] = [];
    const { connect } = await import('node:net');
    const wire = await tcp((socket) => {
      const onward = connect(server.port, '127.0.0.1');
      onward.on('error', () => undefined);
      socket.pipe(onward).pipe(socket);
      socket.on('close', () => onward.destroy());
      pairs.push({ pause: () => void (socket.unpipe(), onward.unpipe(), socket.pause(), onward.pause()) });
    });
    await home.trust(wire.port, server.hostKey);
    const host = connectTo(wire.port, { timeouts: { ...TIMEOUTS, keepalive: 100 } });
    await host.login(never);
    const running = expect(host.run('x', 15_000, never)).rejects.toMatchObject({
      code: 'connection.lost',
      message: expect.stringContaining('no answer to keepalives') as unknown,
    });
    await until(() => server.commands.length === 1);
    pairs.forEach((pair) => pair.pause());
    await running;
  });

  test('is closed for good by close(), also under a command', async () => {
    const server = await spoof({ exec: () => undefined });
    const host = connectTo(server.port);
    const running = expect(host.run('x', 5_000, never)).rejects.toMatchObject({ code: 'connection.lost' });
    await until(() => server.commands.length === 1);
    await host.close();
    await running;
    await until(() => server.open() === 0);
    await expect(host.login(never)).rejects.toMatchObject({ code: 'interrupted' });
    await host.close();
  });

  test('leaves no socket and no timer behind', async () => {
    const count = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap' || kind === 'Timeout')
        .length;
    const before = count();
    const server = await spoof({ exec: () => undefined });
    const hosts = Array.from({ length: 3 }, () => connectTo(server.port));
    await Promise.all(hosts.map((host) => host.login(never)));
    const running = hosts.map((host) => host.run('x', 60_000, never).catch(() => undefined));
    await until(() => server.commands.length === 3);
    await Promise.all(hosts.map((host) => host.close()));
    await Promise.all(running);
    await server.close();
    // One timer is that of the wait itself.
    await until(() => count() <= before + 1);
  });

  test('that is being opened is ended by close()', async () => {
    const silent = await tcp((socket) => void socket.resume());
    const host = connectTo(silent.port);
    const opening = expect(host.login(never)).rejects.toMatchObject({ code: 'interrupted' });
    await until(() => silent.open() === 1);
    await host.close();
    await opening;
    await until(() => silent.open() === 0);
  });
});

describe('what is no SSH server', () => {
  const short = { timeouts: { ...TIMEOUTS, connect: 400 } };

  test('nobody listens', async () => {
    const gone = await tcp((socket) => void socket.resume());
    await gone.close();
    await expect(connectTo(gone.port).login(never)).rejects.toMatchObject({ code: 'connect.refused' });
  });

  test('a name that nobody has', async () => {
    const host = connectTo(22, {
      target: { host: 'does-not-exist.invalid' },
      timeouts: { ...TIMEOUTS, connect: 15_000 },
    });
    await expect(host.login(never)).rejects.toMatchObject({ code: 'connect.name' });
  });

  test('a server that says nothing', async () => {
    const silent = await tcp((socket) => void socket.resume());
    await expect(connectTo(silent.port, short).login(never)).rejects.toMatchObject({
      code: 'connect.timeout',
      message: expect.stringContaining('handshake') as unknown,
    });
    await until(() => silent.open() === 0);
  });

  test('a server that says half of a greeting, byte by byte', async () => {
    const slow = await tcp((socket) => {
      const timer = setInterval(() => socket.write('S'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    await expect(connectTo(slow.port, short).login(never)).rejects.toMatchObject({ code: 'connect.timeout' });
  });

  test('an HTTP server', async () => {
    const http = await tcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
    await expect(connectTo(http.port).login(never)).rejects.toMatchObject({ code: 'protocol' });
  });

  test('a server that closes at once', async () => {
    const closing = await tcp((socket) => socket.end());
    await expect(connectTo(closing.port).login(never)).rejects.toMatchObject({ code: 'protocol' });
  });

  test('a flood without an end of line', async () => {
    const flood = await tcp((socket) => socket.resume().write('x'.repeat(100_000)));
    await expect(connectTo(flood.port).login(never)).rejects.toMatchObject({ code: 'protocol' });
    await until(() => flood.open() === 0);
  });

  test('a greeting, then rubbish', async () => {
    const rubbish = await tcp((socket) =>
      socket.resume().write(`SSH-2.0-rubbish\r\n${'\u0007'.repeat(4_000)}`),
    );
    await expect(connectTo(rubbish.port).login(never)).rejects.toMatchObject({ code: 'protocol' });
    await until(() => rubbish.open() === 0);
  });
});

describe('host keys', () => {
  test('that nobody knows are refused with fingerprint and what to do', async () => {
    const server = await spoof();
    await home.trust(server.port);
    await expect(connectTo(server.port).login(never)).rejects.toMatchObject({
      code: 'ssh.host-key-unknown',
      message: expect.stringContaining(fingerprintOf(server.hostKey)) as unknown,
      hint: expect.stringContaining(
        `ssh-keyscan -p ${server.port} 127.0.0.1 >> ${home.knownHosts}`,
      ) as unknown,
    });
    expect(server.commands).toEqual([]);
  });

  test('that have changed are refused, naming file and line', async () => {
    const server = await spoof();
    await writeFile(home.knownHosts, `# mine\n[127.0.0.1]:${server.port} ${newKey().public}\n`);
    await expect(connectTo(server.port).login(never)).rejects.toMatchObject({
      code: 'ssh.host-key-changed',
      message: expect.stringContaining(`${home.knownHosts}:2`) as unknown,
      hint: expect.stringContaining(
        `ssh-keygen -R '[127.0.0.1]:${server.port}' -f '${home.knownHosts}'`,
      ) as unknown,
    });
  });

  test('that are revoked are refused although they are known', async () => {
    const server = await spoof();
    const name = `[127.0.0.1]:${server.port}`;
    await writeFile(
      home.knownHosts,
      `${name} ${server.hostKey.public}\n@revoked * ${server.hostKey.public}\n`,
    );
    await expect(connectTo(server.port).login(never)).rejects.toMatchObject({ code: 'ssh.host-key-revoked' });
  });

  test('of an authority do not count, and the hint says so', async () => {
    const server = await spoof();
    await writeFile(home.knownHosts, `@cert-authority * ${server.hostKey.public}\n`);
    await expect(connectTo(server.port).login(never)).rejects.toMatchObject({
      code: 'ssh.host-key-unknown',
      hint: expect.stringContaining(
        `@cert-authority line speaks of this host (${home.knownHosts}:1)`,
      ) as unknown,
    });
  });

  test('known by the name without the port are trusted, others there mean nothing', async () => {
    const server = await spoof();
    await writeFile(home.knownHosts, `127.0.0.1 ${server.hostKey.public}\n`);
    await connectTo(server.port).login(never);
    await writeFile(home.knownHosts, `127.0.0.1 ${newKey().public}\n`);
    await expect(connectTo(server.port).login(never)).rejects.toMatchObject({ code: 'ssh.host-key-unknown' });
  });

  test('that change under a run are refused even where both are known', async () => {
    const [before, after] = [newKey(), newKey()];
    const first = await startSpoof({ hostKey: before });
    const second = await startSpoof({ hostKey: after });
    cleanups.push(
      () => first.close(),
      () => second.close(),
    );
    let target = first.port;
    const { connect } = await import('node:net');
    const wire = await tcp((socket) => {
      const onward = connect(target, '127.0.0.1');
      onward.on('error', () => undefined);
      onward.on('close', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    });
    await home.trust(wire.port, before, after);
    const host = connectTo(wire.port);
    await host.login(never);
    target = second.port;
    first.cut();
    await until(() => wire.open() === 0);
    await expect(host.login(never)).rejects.toMatchObject({ code: 'ssh.host-key-changed' });
  });
});

describe('logins', () => {
  /** A server that keeps the methods that it was asked for. */
  async function listening(): Promise<{ server: Spoof; seen: string[] }> {
    const seen: string[] = [];
    const server = await spoof({
      authenticate: (context) => {
        seen.push(context.method);
        acceptKeys(context);
      },
    });
    return { server, seen };
  }

  test('offer a key at once', async () => {
    const { server, seen } = await listening();
    await connectTo(server.port).login(never);
    // Asked whether it is any good, then signed with.
    expect(seen).toEqual(['publickey', 'publickey']);
  });

  test('ask what is taken where there is no key', async () => {
    const { server, seen } = await listening();
    const target = { host: '127.0.0.1', port: server.port, user: 'ops', knownHostsFile: home.knownHosts };
    const host = createHost({
      where: 'node-1',
      timeouts: TIMEOUTS,
      env: { PATH: '/nonexistent' },
      home: home.dir,
      target,
    });
    cleanups.push(() => host.close());
    await expect(host.login(never)).rejects.toMatchObject({
      code: 'ssh.auth',
      message: expect.stringContaining('there is no key to log in with') as unknown,
    });
    expect(seen).toEqual(['none']);
  });

  test('that are refused name what was tried', async () => {
    const server = await spoof({
      banner: 'Only for\u001b[31m staff',
      authenticate: (context) => context.reject(['publickey']),
    });
    await expect(connectTo(server.port).login(never)).rejects.toMatchObject({
      code: 'ssh.auth',
      message: expect.stringMatching(/tried ~\/id; it says "Only for\ufffd\[31m staff"$/) as unknown,
    });
    await until(() => server.open() === 0);
  });

  test('at a server that wants a password', async () => {
    const server = await spoof({
      authenticate: (context) => context.reject(['password', 'keyboard-interactive']),
    });
    await expect(connectTo(server.port).login(never)).rejects.toMatchObject({
      code: 'ssh.auth',
      message: expect.stringContaining('takes no keys, only password, keyboard-interactive') as unknown,
    });
  });

  test('at a server that wants a password beside the key', async () => {
    const server = await spoof({
      authenticate: (context) => {
        if (context.method === 'publickey' && context.signature !== undefined)
          context.reject(['password'], true);
        else if (context.method === 'publickey') context.accept();
        else context.reject(['publickey']);
      },
    });
    await expect(connectTo(server.port).login(never)).rejects.toMatchObject({
      code: 'ssh.auth',
      message: expect.stringContaining('the server wants password too') as unknown,
    });
  });

  test('with a key that is not there', async () => {
    const server = await spoof();
    const host = connectTo(server.port, { target: { identityFile: join(home.dir, 'other') } });
    await expect(host.login(never)).rejects.toMatchObject({
      code: 'ssh.key',
      message: expect.stringContaining('~/other does not exist') as unknown,
    });
    expect(server.opened()).toBe(0);
  });

  test('that the server cuts off', async () => {
    const server = await spoof({ authenticate: () => server.cut() });
    await expect(connectTo(server.port).login(never)).rejects.toMatchObject({ code: 'connection.lost' });
  });

  test('where the agent does not answer end in time', async () => {
    const server = await spoof();
    const path = join(home.dir, 'agent');
    const agent = createUnixServer();
    await new Promise<void>((resolve) => agent.listen(path, resolve));
    let open = 0;
    agent.on('connection', (socket) => {
      open++;
      socket.resume();
      socket.on('error', () => undefined);
      socket.on('close', () => open--);
    });
    cleanups.push(() => new Promise((resolve) => agent.close(resolve)));
    const env = { PATH: '/nonexistent', SSH_AUTH_SOCK: path };
    const host = connectTo(server.port, { env, timeouts: { ...TIMEOUTS, connect: 500 } });
    await expect(host.login(never)).rejects.toMatchObject({
      code: 'connect.timeout',
      message: expect.stringContaining('agent') as unknown,
    });
    await until(() => open === 0);
  });

  test('where the agent is gone go on with the key files, and say so', async () => {
    const server = await spoof();
    const warnings: string[] = [];
    const env = { PATH: '/nonexistent', SSH_AUTH_SOCK: join(home.dir, 'gone') };
    await connectTo(server.port, { env, onWarning: (text) => warnings.push(text) }).login(never);
    expect(warnings).toEqual([expect.stringContaining('does not answer')]);
  });
});
