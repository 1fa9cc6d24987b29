import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'node:net';
import { chownSync } from 'node:fs';
import { startServer } from './server-process.ts';
import { unprivileged } from './unprivileged.ts';
import { until } from '../../support/until.ts';

export interface RealRedis {
  readonly url: string;
  /** Sends a command in Redis's inline form, and gives what comes back within a moment. */
  send(line: string): Promise<string>;
  stop(): Promise<void>;
}

/** A real Redis on `host:port` that keeps nothing on the disk, with a password. */
export async function startRedis(host: string, port: number, password: string): Promise<RealRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'fsha-redis-'));
  const user = unprivileged();
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const settings = [
    '--bind',
    host,
    '--port',
    `${port}`,
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const server = await startServer(
    ...asUser('redis-server', [...settings, '--requirepass', password, '--daemonize', 'no']),
    { debianPackage: 'redis-server', cwd: directory },
  );
  const send = (line: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = '';
      const socket = createConnection({ host, port, timeout: 2_000 });
      socket.once('error', reject);
      socket.once('timeout', () => socket.destroy(new Error(`Redis did not answer ${line}`)));
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('utf8')));
      socket.once('close', () => resolve(answer));
      socket.end(`AUTH ${password}\r\n${line}\r\nQUIT\r\n`);
    });
  await until(
    `Redis on ${host}:${port} answers`,
    async () => {
      if (server.ended) throw new Error(`redis-server ended:\n${server.log()}`);
      return (await send('PING')).includes('PONG');
    },
    10_000,
  );
  return {
    url: `redis://${host}:${port}/0`,
    send,
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function asUser(command: string, args: readonly string[]): [string, readonly string[]] {
  const user = unprivileged();
  if (user === null) return [command, args];
  return ['setpriv', [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', command, ...args]];
}
