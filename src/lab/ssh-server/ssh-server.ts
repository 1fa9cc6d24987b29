import { timingSafeEqual } from 'node:crypto';
import { createServer, createConnection, isIPv4, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type PublicKeyAuthContext } from 'ssh2';
import { RunningCommands } from './command-channel.ts';
import type { LabSshKeys } from './ssh-keys.ts';

export interface LabSshServer {
  readonly host: string;
  readonly port: number;
  /** Of the commands that run at this moment. */
  commandPids(): readonly number[];
  /** Ends connections and commands. */
  close(): Promise<void>;
}

/**
 * An SSH server in this process that lets one user in, with one key: it runs commands with `sh -c` as the user of this
 * process, and forwards TCP connections to 127.0.0.0/8, nothing else.
 * @throws when the address cannot be bound
 */
export async function startLabSshServer(options: {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keys: LabSshKeys;
}): Promise<LabSshServer> {
  const { host, port, user, keys } = options;
  const commands = new RunningCommands();
  const sockets = new Set<Socket>();
  const accepted = ssh2.utils.parseKey(keys.user.public);
  if (accepted instanceof Error) throw accepted;

  const ssh = new ssh2.Server({ hostKeys: [keys.host.private], ident: 'fsha-lab' }, (connection) => {
    // A connection that broke has nothing left to say.
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => admit(context, user, accepted));
    connection.on('ready', () => serve(connection, commands, sockets));
  });
  const server = createServer((socket) => {
    track(socket, sockets);
    ssh.injectSocket(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    host,
    port,
    commandPids: () => commands.pids,
    close: () =>
      new Promise((resolve) => {
        commands.kill();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function admit(context: AuthContext, user: string, accepted: ParsedKey): void {
  if (context.method !== 'publickey' || context.username !== user) {
    context.reject(['publickey']);
    return;
  }
  const known = accepted.getPublicSSH();
  const same =
    context.key.algo === accepted.type &&
    context.key.data.length === known.length &&
    timingSafeEqual(context.key.data, known);
  // Without a signature the client only asks whether that key would do.
  if (same && (context.signature === undefined || isSigned(context, accepted))) context.accept();
  else context.reject(['publickey']);
}

function isSigned(context: PublicKeyAuthContext, key: ParsedKey): boolean {
  if (context.blob === undefined || context.signature === undefined) return false;
  // Where ssh2's types promise a boolean, it returns an Error for a signature that cannot be read.
  const verdict: unknown = key.verify(context.blob, context.signature, context.hashAlgo);
  return verdict === true;
}

function serve(connection: Connection, commands: RunningCommands, sockets: Set<Socket>): void {
  connection.on('session', (acceptSession) => {
    const session = acceptSession();
    session.on('exec', (accept, _reject, info) => commands.begin(info.command, accept()));
  });
  connection.on('tcpip', (accept, reject, info) => {
    const target = info.destIP === 'localhost' ? '127.0.0.1' : info.destIP;
    if (!isIPv4(target) || !target.startsWith('127.')) {
      reject();
      return;
    }
    const socket = createConnection({ host: target, port: info.destPort, noDelay: true });
    track(socket, sockets);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      const channel = accept();
      channel.on('error', () => socket.destroy());
      channel.on('close', () => socket.destroy());
      socket.on('error', () => channel.destroy());
      socket.pipe(channel).pipe(socket);
    });
  });
}

function track(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}
