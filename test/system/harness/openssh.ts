import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  allStopped,
  descendants,
  processEntry,
  signalEntry,
  type ProcessEntry,
} from '../../support/processes.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);
const SSHD = '/usr/sbin/sshd';

/** What a user has: a key of its own, and the host keys of the servers that were started. */
export interface SshClientFiles {
  readonly directory: string;
  readonly user: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
}

export interface RealSshServer {
  readonly host: string;
  readonly port: number;
  readonly hostKeyFile: string;
  /** At level DEBUG1, of all its starts: every login, command and forwarded connection is in it. */
  log(): string;
  /** `host:port` of every connection that it was asked to forward. */
  forwarded(): readonly string[];
  /** How many connections it serves now, logged in or not. */
  sessions(): number;
  /** Cuts every connection that it serves, by SIGKILL: what was lost in the middle. Commands on the host go on. */
  killSessions(): void;
  /** New connections are refused, those that are up go on (as `systemctl stop ssh` leaves them). */
  refuse(): Promise<void>;
  /** New connections are accepted by the kernel and nothing is ever said; those that are up fall silent, too. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Listener and connections end, as when the host is switched off politely. */
  stop(): Promise<void>;
  /** Listens again on the same address with the host key that is known; nothing where it does so already. */
  start(): Promise<void>;
  /** Ends it and starts it with a host key that nobody knows. `start` brings the known one back. */
  startWithNewHostKey(): Promise<void>;
}

/** Makes the user's key pair and an empty known_hosts in `directory`. */
export async function makeSshClientFiles(directory: string): Promise<SshClientFiles> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const identityFile = join(directory, 'id_ed25519');
  const knownHostsFile = join(directory, 'known_hosts');
  await makeKey(identityFile, 'user');
  await writeFile(knownHostsFile, '');
  return { directory, user: userInfo().username, identityFile, knownHostsFile };
}

/**
 * Starts a real sshd on `host:port` with a host key of its own that lets the user of `client` in and forwards
 * connections, and adds its host key to the user's known_hosts.
 * @throws with sshd's log when it does not greet within 10 s
 */
export async function startSshd(client: SshClientFiles, host: string, port = 2222): Promise<RealSshServer> {
  const hostKeyFile = join(client.directory, `host-${host}-${port}`);
  const configuration = join(client.directory, `sshd-${host}-${port}.conf`);
  await makeKey(hostKeyFile, 'host');
  const hostKey = (await readFile(`${hostKeyFile}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  const name = port === 22 ? host : `[${host}]:${port}`;
  await writeFile(client.knownHostsFile, `${name} ${hostKey}\n`, { flag: 'a' });
  await writeFile(configuration, sshdConfiguration(client, host, port, hostKeyFile));
  // Where nothing of systemd's has made it, sshd started by root refuses to run.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });

  const otherKeyFile = `${hostKeyFile}.other`;
  const otherConfiguration = `${configuration}.other`;
  await writeFile(otherConfiguration, sshdConfiguration(client, host, port, otherKeyFile));
  let server: ServerProcess | undefined;
  let serving: 'known' | 'other' = 'known';
  const servers: ServerProcess[] = [];
  /** Those that a listener which is gone has left behind. */
  let orphans: readonly ProcessEntry[] = [];

  const sessions = (): readonly ProcessEntry[] => [
    ...(server === undefined ? [] : sshdBelow(server.pid)),
    ...orphans.filter(({ pid, startedAt }) => processEntry(pid)?.startedAt === startedAt),
  ];
  const signalSessions = (signal: NodeJS.Signals): void => {
    for (const session of sessions()) signalEntry(session, signal);
  };
  async function refuse(): Promise<void> {
    if (server === undefined) return;
    const ending = server;
    orphans = sessions();
    server = undefined;
    ending.signal('SIGCONT');
    await ending.stop();
  }
  async function stop(): Promise<void> {
    await refuse();
    signalSessions('SIGKILL');
    orphans = [];
  }
  async function begin(key: 'known' | 'other'): Promise<void> {
    if (server !== undefined && serving === key) return;
    await refuse();
    const file = key === 'known' ? configuration : otherConfiguration;
    const started = await startServer(SSHD, ['-D', '-e', '-f', file], { debianPackage: 'openssh-server' });
    servers.push(started);
    server = started;
    serving = key;
    try {
      await greeting(host, port, started);
    } catch (error) {
      await stop();
      throw error;
    }
  }
  const log = (): string => servers.map((one) => one.log()).join('');

  await begin('known');
  return {
    host,
    port,
    hostKeyFile,
    log,
    forwarded: () =>
      [...log().matchAll(/server_request_direct_tcpip: .* target (\S+) port (\d+)/g)].map(
        ([, target, targetPort]) => `${String(target)}:${String(targetPort)}`,
      ),
    sessions: () => sessions().length,
    killSessions: () => signalSessions('SIGKILL'),
    refuse,
    async freeze() {
      const listener = server === undefined ? undefined : processEntry(server.pid);
      const all = [...(listener === undefined ? [] : [listener]), ...sessions()];
      for (const one of all) signalEntry(one, 'SIGSTOP');
      await allStopped(all);
    },
    thaw() {
      server?.signal('SIGCONT');
      signalSessions('SIGCONT');
    },
    stop,
    start: () => begin('known'),
    async startWithNewHostKey() {
      if (!existsSync(otherKeyFile)) await makeKey(otherKeyFile, 'other');
      await stop();
      await begin('other');
    },
  };
}

/** sshd puts every connection into a process (group) of its own; what these run for their users is not theirs. */
function sshdBelow(pid: number): readonly ProcessEntry[] {
  return descendants(pid).filter(({ name }) => name.startsWith('sshd'));
}

function sshdConfiguration(client: SshClientFiles, host: string, port: number, hostKeyFile: string): string {
  return `ListenAddress ${host}:${port}
HostKey ${hostKeyFile}
AuthorizedKeysFile ${client.identityFile}.pub
PidFile none
StrictModes no
UsePAM no
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
AllowTcpForwarding yes
UseDNS no
# Bash takes a shell of sshd's for a remote one and reads ~/.bashrc, whatever that may do on a developer's machine.
SetEnv SHLVL=1
LogLevel DEBUG1
`;
}

async function makeKey(file: string, comment: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
}

async function greeting(host: string, port: number, server: ServerProcess): Promise<void> {
  await until(
    `sshd on ${host}:${port} greets`,
    async () => {
      if (server.ended) throw new Error(`sshd ended:\n${server.log()}`);
      return (await firstBytes(host, port)).startsWith('SSH-2.0-');
    },
    10_000,
  );
}

function firstBytes(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, timeout: 2_000 });
    socket.once('data', (chunk: Buffer) => {
      resolve(chunk.toString('latin1'));
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(new Error('nothing came within 2 s')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before a greeting')));
  });
}
