import { execFile } from 'node:child_process';
import { chownSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startServer } from './server-process.ts';
import { unprivileged } from './unprivileged.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);
const VERSIONS = '/usr/lib/postgresql';

export interface RealPostgres {
  readonly dsn: string;
  stop(): Promise<void>;
}

/** A real PostgreSQL of its own on `host:port`, with a user `fsha` who owns everything and has a password. */
export async function startPostgres(host: string, port: number, password: string): Promise<RealPostgres> {
  const bin = await binaries();
  const directory = await mkdtemp(join(tmpdir(), 'fsha-postgres-'));
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o644 });
  const user = unprivileged();
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const as = (command: string, args: readonly string[]): [string, string[]] =>
    user === null
      ? [command, [...args]]
      : ['setpriv', [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', command, ...args]];
  await run(
    ...as(join(bin, 'initdb'), [
      ...['-D', data, '-U', 'fsha', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
      ...['--no-sync', '--locale=C', '-E', 'UTF8'],
    ]),
    { cwd: directory },
  );
  const options = {
    listen_addresses: host,
    port,
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 20,
  };
  const settings = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = await startServer(...as(join(bin, 'postgres'), ['-D', data, ...settings]), {
    debianPackage: 'postgresql',
    cwd: directory,
  });
  await until(
    `PostgreSQL on ${host}:${port} listens`,
    async () => {
      if (server.ended) throw new Error(`postgres ended:\n${server.log()}`);
      return server.log().includes('ready to accept connections') && (await listens(host, port));
    },
    20_000,
  );
  return {
    dsn: `postgres://fsha:${password}@${host}:${port}/postgres`,
    async stop() {
      // A fast shutdown; it leaves shared memory behind where it is killed.
      server.signal('SIGINT');
      await Promise.race([server.end, new Promise((resolve) => setTimeout(resolve, 4_000))]);
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The newest that is installed. */
async function binaries(): Promise<string> {
  const versions = await readdir(VERSIONS).catch(() => []);
  const [newest] = versions.toSorted((a, b) => Number(b) - Number(a));
  if (newest === undefined) throw new Error('There is no PostgreSQL here: apt-get install postgresql');
  return join(VERSIONS, newest, 'bin');
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 1_000 });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
}
