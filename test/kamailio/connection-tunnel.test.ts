import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { makeCertificates } from './support/certificates.ts';
import { proxyAt, quiet } from './support/proxy-under-test.ts';
import { spoofRpc } from './support/spoof-rpc.ts';
import { thrownBy } from './support/thrown.ts';

/** A stream with none of a socket's own methods, as an SSH channel is. */
function tunnelTo(port: number): Duplex {
  const socket = connectTcp(port, '127.0.0.1');
  const tunnel = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, encoding, done) => void socket.write(chunk as Buffer, encoding, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    if (!tunnel.push(chunk)) socket.pause();
  });
  socket.on('end', () => tunnel.push(null));
  socket.on('close', () => tunnel.destroy());
  socket.on('error', (error) => tunnel.destroy(error));
  return tunnel;
}

describe('through a stream that is no socket', () => {
  it('reads and writes, one stream for one look', async () => {
    const spoof = await spoofRpc();
    const opened: Duplex[] = [];
    const connect = (): Promise<Duplex> => {
      const tunnel = tunnelTo(spoof.port);
      opened.push(tunnel);
      return Promise.resolve(tunnel);
    };
    const proxy = proxyAt('http://10.9.8.7:8080/RPC', { connect });
    expect(await proxy.observe(quiet())).toMatchObject({ trouble: null, sets: { known: true } });
    await proxy.setState('d', { set: 1, uri: 'sip:10.0.1.10:5080', duid: null }, quiet());
    expect(spoof.requests[0]?.headers.host).toBe('10.9.8.7:8080');
    expect(opened).toHaveLength(2);
    await expect.poll(() => opened.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('speaks TLS on it', async () => {
    const made = makeCertificates();
    const spoof = await spoofRpc(undefined, { ...made.server });
    const connect = (): Promise<Duplex> => Promise.resolve(tunnelTo(spoof.port));
    const proxy = proxyAt({ url: 'https://localhost:8443/RPC', tls: { ca: made.ca } }, { connect });
    expect(await proxy.observe(quiet())).toMatchObject({ trouble: null, sets: { known: true } });
    expect(await thrownBy(proxyAt('https://localhost:8443/RPC', { connect }).login(quiet()))).toMatchObject({
      code: 'connect.tls',
    });
  });

  it('opens it to the host and port of the URL', async () => {
    const spoof = await spoofRpc();
    const asked: [string, number][] = [];
    const connect = (host: string, port: number): Promise<Duplex> => {
      asked.push([host, port]);
      return Promise.resolve(tunnelTo(spoof.port));
    };
    for (const url of ['http://10.9.8.7/RPC', 'http://[::1]:8080/RPC', 'http://rpc.invalid:81/RPC']) {
      await proxyAt(url, { connect }).login(quiet());
    }
    expect(asked).toEqual([
      ['10.9.8.7', 80],
      ['::1', 8080],
      ['rpc.invalid', 81],
    ]);
  });

  it('passes on why there is no tunnel', async () => {
    const connect = (): Promise<Duplex> =>
      Promise.reject(new FshaError('ssh.auth', 'lb-1 refused the key', 'Add it.'));
    const proxy = proxyAt('http://127.0.0.1:8080/RPC', { connect });
    expect(await thrownBy(proxy.login(quiet()))).toMatchObject({ code: 'ssh.auth', hint: 'Add it.' });
    expect(await proxy.observe(quiet())).toMatchObject({ trouble: { code: 'ssh.auth' } });
  });

  it('does not wait for a tunnel that never opens, and closes one that opens too late', async () => {
    const spoof = await spoofRpc();
    let open: (tunnel: Duplex) => void = () => undefined;
    let signalled = false;
    const connect = (_host: string, _port: number, signal: AbortSignal): Promise<Duplex> => {
      signal.addEventListener('abort', () => (signalled = true));
      return new Promise((resolve) => (open = resolve));
    };
    const proxy = proxyAt('http://127.0.0.1:8080/RPC', {
      connect,
      timeouts: { connect: 100, request: 5_000 },
    });
    expect(await thrownBy(proxy.login(quiet()))).toMatchObject({ code: 'connect.timeout' });
    expect(signalled).toBe(true);
    const late = tunnelTo(spoof.port);
    open(late);
    await expect.poll(() => late.destroyed).toBe(true);
    expect(spoof.requests).toEqual([]);
  });

  it('notices a tunnel that breaks while an answer is awaited', async () => {
    const spoof = await spoofRpc(() => true);
    let tunnel: Duplex | undefined;
    const connect = (): Promise<Duplex> => Promise.resolve((tunnel = tunnelTo(spoof.port)));
    const login = thrownBy(proxyAt('http://127.0.0.1:8080/RPC', { connect }).login(quiet()));
    await expect.poll(() => spoof.requests.length).toBe(1);
    tunnel?.destroy();
    expect(await login).toMatchObject({ code: 'connection.lost' });
  });
});
