/** Real OpenSSH: servers, keys and an agent, each in a folder and on addresses of the test's own. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SshTarget } from '../../src/domain/cluster.ts';
import { claimNetwork } from '../../src/lab/network.ts';
import { createHost, type HostOptions } from '../../src/ssh/host.ts';
import { connectTcp } from '../../src/ssh/tcp-connect.ts';
import type { HostPort } from '../../src/workflow/ports.ts';
import { until } from '../support/until.ts';
import { startServer, type ServerProcess } from '../system/harness/server-process.ts';
import { never, TIMEOUTS } from './spoof-server.ts';

const run = promisify(execFile);

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface KeyOptions {
  readonly type?: KeyType;
  readonly passphrase?: string;
  /** Further options of ssh-keygen. */
  readonly more?: readonly string[];
}

export interface SshdOptions {
  readonly host: string;
  readonly hostKeyTypes?: readonly KeyType[];
  /** Lines of sshd_config; the first value of a keyword counts. */
  readonly directives?: readonly string[];
}

export interface Sshd {
  readonly host: string;
  readonly port: number;
  /** Public host keys as they stand in known_hosts, by type. */
  readonly hostKeys: ReadonlyMap<KeyType, string>;
  log(): string;
  /** Ends the listener, and the sessions that it has opened, which outlive it otherwise. */
  stop(): Promise<void>;
}

export interface SshWorld {
  readonly dir: string;
  readonly user: string;
  readonly knownHosts: string;
  /** An address of this world's own network. */
  address(last: number): string;
  /** Makes a key pair, lets it in at every server, and returns its path. */
  makeKey(name: string, options?: KeyOptions): Promise<string>;
  /** The same, but no server knows it. */
  makeStrangersKey(name: string, options?: KeyOptions): Promise<string>;
  /** Starts sshd and adds all its host keys to known_hosts. */
  startSshd(options: SshdOptions): Promise<Sshd>;
  startAgent(...keys: string[]): Promise<string>;
  /** A host as fsha sees it; closed at the end. */
  host(sshd: Pick<Sshd, 'host' | 'port'>, more?: HostChanges): HostPort;
  keygen(...args: string[]): Promise<string>;
  end(): Promise<void>;
}

export type HostChanges = Partial<Omit<HostOptions, 'target'>> & { readonly target?: Partial<SshTarget> };

export const PORT = 2222;

export async function makeSshWorld(): Promise<SshWorld> {
  const network = await claimNetwork();
  const dir = await mkdtemp(join(tmpdir(), 'fsha-openssh-'));
  const knownHosts = join(dir, 'known_hosts');
  const authorizedKeys = join(dir, 'authorized_keys');
  const emptyConfig = join(dir, 'no_config');
  await Promise.all([knownHosts, authorizedKeys, emptyConfig].map((file) => writeFile(file, '')));
  // Where nothing of systemd's has made it, sshd started by root refuses to run.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });

  const processes: ServerProcess[] = [];
  const hosts: HostPort[] = [];
  const user = userInfo().username;

  const keygen = async (...args: string[]): Promise<string> => (await run('ssh-keygen', args)).stdout;

  async function makeStrangersKey(
    name: string,
    { type = 'ed25519', passphrase = '', more = [] }: KeyOptions = {},
  ): Promise<string> {
    const file = join(dir, name);
    await keygen(
      '-q',
      '-t',
      type,
      '-N',
      passphrase,
      '-C',
      name,
      '-f',
      file,
      ...(type === 'rsa' ? ['-b', '2048'] : []),
      ...more,
    );
    return file;
  }

  async function startSshd({
    host,
    hostKeyTypes = ['ed25519'],
    directives = [],
  }: SshdOptions): Promise<Sshd> {
    const hostKeys = new Map<KeyType, string>();
    const lines: string[] = [];
    for (const type of hostKeyTypes) {
      const name = `host-${host}-${type}-${performance.now()}`;
      const file = await makeStrangersKey(name, { type });
      lines.push(`HostKey ${file}`);
      const key = (await readFile(`${file}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
      hostKeys.set(type, `[${host}]:${PORT} ${key}`);
    }
    const configuration = join(dir, `sshd-${host}-${performance.now()}.conf`);
    await writeFile(
      configuration,
      [...directives, ...lines, ...sshdDefaults(host, authorizedKeys), ''].join('\n'),
    );
    await writeFile(knownHosts, [...hostKeys.values(), ''].join('\n'), { flag: 'a' });
    const server = await startServer('/usr/sbin/sshd', ['-D', '-e', '-f', configuration], {
      debianPackage: 'openssh-server',
    });
    processes.push(server);
    const stop = async (): Promise<void> => {
      const sessions = await childrenOf(server.pid);
      await server.stop();
      sessions.forEach(killIfThere);
    };
    await until(`sshd listens on ${host}`, async () => {
      if (server.ended) throw new Error(`sshd has ended: ${server.log()}`);
      (await connectTcp(host, PORT, 1_000, never)).destroy();
      return true;
    });
    return { host, port: PORT, hostKeys, log: () => server.log(), stop };
  }

  return {
    dir,
    user,
    knownHosts,
    keygen,
    makeStrangersKey,
    startSshd,
    address: (last) => network.host(last),
    async makeKey(name, options) {
      const file = await makeStrangersKey(name, options);
      await writeFile(authorizedKeys, await readFile(`${file}.pub`), { flag: 'a' });
      return file;
    },
    async startAgent(...keys) {
      const socket = join(dir, `agent-${performance.now()}`);
      processes.push(
        await startServer('ssh-agent', ['-D', '-a', socket], { debianPackage: 'openssh-client' }),
      );
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      await until('the agent answers', async () => {
        // Exit code 1 says that it has no keys yet.
        const answer = await run('ssh-add', ['-l'], { env }).catch((error: unknown) => error);
        return !(answer instanceof Error && 'code' in answer && answer.code === 2);
      });
      for (const key of keys) await run('ssh-add', ['-q', key], { env });
      return socket;
    },
    host({ host, port }, { target, ...more } = {}) {
      const created = createHost({
        where: 'node-1',
        timeouts: { ...TIMEOUTS, connect: 10_000 },
        env: { PATH: process.env['PATH'] },
        home: dir,
        configFile: emptyConfig,
        ...more,
        target: { host, port, user, knownHostsFile: knownHosts, ...target },
      });
      hosts.push(created);
      return created;
    },
    async end() {
      await Promise.all(hosts.map((host) => host.close()));
      await Promise.all(processes.map((each) => each.stop()));
      await network.release();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** All descendants, the nearest first. */
async function childrenOf(pid: number): Promise<number[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = listed.split(' ').filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(childrenOf))).flat()];
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function sshdDefaults(host: string, authorizedKeys: string): string[] {
  return [
    `ListenAddress ${host}:${PORT}`,
    `AuthorizedKeysFile ${authorizedKeys}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'LogLevel VERBOSE',
  ];
}
