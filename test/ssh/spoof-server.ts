/** SSH servers inside the test process, for behaviour that no real sshd shows on demand. */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server as TcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type TcpipRequestInfo } from 'ssh2';
import type { SshTarget, Timeouts } from '../../src/domain/cluster.ts';
import { createHost, type HostOptions } from '../../src/ssh/host.ts';
import type { HostPort } from '../../src/workflow/ports.ts';
import { until as waitUntil } from '../support/until.ts';

export const TIMEOUTS: Timeouts = { connect: 3_000, request: 3_000, keepalive: 5_000 };

export interface KeyPair {
  readonly private: string;
  readonly public: string;
}

export function newKey(): KeyPair {
  // One in three hundred of ssh2's own keys is malformed (1.17); OpenSSH's never are.
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(key.private) instanceof Error)) return key;
  }
}

export function fingerprintOf(key: KeyPair): string {
  const blob = Buffer.from(key.public.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

export interface SpoofOptions {
  readonly hostKey?: KeyPair;
  readonly banner?: string;
  readonly authenticate?: (context: AuthContext) => void;
  readonly exec?: (command: string, channel: ServerChannel, connection: Connection) => void;
  /** Refuses to run commands. */
  readonly refuseExec?: boolean;
  readonly tcpip?: (accept: () => ServerChannel, reject: () => void, info: TcpipRequestInfo) => void;
}

export interface Spoof {
  readonly port: number;
  readonly hostKey: KeyPair;
  /** Connections that were opened so far. */
  opened(): number;
  /** Connections that are open now. */
  open(): number;
  commands: string[];
  close(): Promise<void>;
  /** Destroys the TCP connections there are. */
  cut(): void;
}

/** Takes any key and answers every command with exit 0, unless told otherwise. */
export async function startSpoof(options: SpoofOptions = {}): Promise<Spoof> {
  const hostKey = options.hostKey ?? newKey();
  const commands: string[] = [];
  const banner = options.banner === undefined ? {} : { banner: options.banner };
  const ssh = new ssh2.Server({ hostKeys: [hostKey.private], ...banner }, (connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', options.authenticate ?? acceptKeys);
    connection.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec, rejectExec, info) => {
        commands.push(info.command);
        if (options.refuseExec === true) {
          rejectExec();
          return;
        }
        const channel = acceptExec();
        channel.on('error', () => undefined);
        (options.exec ?? succeed)(info.command, channel, connection);
      });
    });
    connection.on('tcpip', (accept, reject, info) => {
      options.tcpip?.(accept, reject, info);
    });
  });
  const tcp = await startTcp((socket) => ssh.injectSocket(socket));
  return { ...tcp, hostKey, commands };
}

export function acceptKeys(context: AuthContext): void {
  if (context.method === 'publickey') context.accept();
  else context.reject(['publickey']);
}

function succeed(_command: string, channel: ServerChannel): void {
  channel.exit(0);
  channel.end();
}

export interface Tcp {
  readonly port: number;
  opened(): number;
  open(): number;
  close(): Promise<void>;
  cut(): void;
}

/** A TCP server on a free port of the loopback. */
export async function startTcp(onConnection: (socket: Socket) => void): Promise<Tcp> {
  const sockets = new Set<Socket>();
  let opened = 0;
  const server: TcpServer = createServer((socket) => {
    opened++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port,
    cut,
    opened: () => opened,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

/** A home folder with one key and a known_hosts; removed by `remove`. */
export interface Home {
  readonly dir: string;
  readonly key: KeyPair;
  readonly knownHosts: string;
  trust(port: number, ...keys: KeyPair[]): Promise<void>;
  remove(): Promise<void>;
}

export async function makeHome(): Promise<Home> {
  const dir = await mkdtemp(join(tmpdir(), 'fsha-ssh-'));
  const key = newKey();
  await writeFile(join(dir, 'id'), key.private, { mode: 0o600 });
  const knownHosts = join(dir, 'known_hosts');
  await writeFile(knownHosts, '');
  return {
    dir,
    key,
    knownHosts,
    trust: (port, ...keys) =>
      writeFile(knownHosts, keys.map((each) => `[127.0.0.1]:${port} ${each.public}\n`).join('')),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

type HostChanges = Partial<Omit<HostOptions, 'target'>> & { readonly target?: Partial<SshTarget> };

/** A host as fsha sees it, without a user configuration: there is no `ssh` in its PATH. */
export function hostAt(home: Home, port: number, more: HostChanges = {}): HostPort {
  const { target, ...options } = more;
  return createHost({
    where: 'node-1',
    timeouts: TIMEOUTS,
    env: { PATH: '/nonexistent' },
    home: home.dir,
    ...options,
    target: {
      host: '127.0.0.1',
      port,
      user: 'ops',
      identityFile: join(home.dir, 'id'),
      knownHostsFile: home.knownHosts,
      ...target,
    },
  });
}

/** Waits until `condition` holds. @throws Error after 10 s */
export async function until(condition: () => boolean): Promise<void> {
  await waitUntil('what the test waits for', condition, 10_000);
}

export const never = new AbortController().signal;
// Many waits at a time hang on it.
setMaxListeners(0, never);
