/** One command to Redis that only reads; ioredis is loaded with the first. */
import type { Redis as RedisClient } from 'ioredis';
import { FshaError, interrupted, type ErrorCode } from '../domain/errors.ts';
import { roughDuration } from '../domain/duration.ts';
import type { JsonValue } from '../domain/playbook/json.ts';
import { isRedisRead } from '../domain/redis-reads.ts';
import { printable } from '../domain/text.ts';
import type { RedisPort, RedisQuery } from '../workflow/outside-ports.ts';

/** How often is looked whether too much has come: ms. */
const LOOK = 20;
const MOST_LEVELS = 16;

export function createRedisReader(): RedisPort {
  return { query };
}

async function query(asked: RedisQuery, signal: AbortSignal): Promise<JsonValue> {
  const [command = '', ...rest] = asked.command;
  if (!isRedisRead(command))
    throw new FshaError(
      'usage',
      `"${printable(command, 40)}" is not a command by which Redis only reads`,
      'docs/playbooks.md has the list of those that are.',
    );
  const url = redisUrl(asked.url);
  const where = `Redis (${printable(url.host)})`;
  if (signal.aborted) throw interrupted(`a question to ${where}`);
  const { Redis } = await import('ioredis');
  const client = new Redis({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1)),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    ...(asked.username === undefined ? {} : { username: asked.username }),
    ...(asked.password === undefined ? {} : { password: asked.password }),
    connectionName: 'fsha',
    lazyConnect: true,
    connectTimeout: asked.timeout,
    // Once: who asks decides what a failure is.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    disableClientInfo: true,
  });
  return bounded(client, asked, where, signal, async () => {
    await client.connect();
    return readable(await client.call(command, ...rest), 0);
  });
}

function bounded(
  client: RedisClient,
  asked: RedisQuery,
  where: string,
  signal: AbortSignal,
  work: () => Promise<JsonValue>,
): Promise<JsonValue> {
  return new Promise((resolve, reject) => {
    // The reason for the end of a connection comes here; what waits for an answer hears only that it is closed.
    let reason: unknown;
    client.on('error', (error: unknown) => (reason ??= error));
    const leave = (): void => {
      clearTimeout(timer);
      clearInterval(watch);
      signal.removeEventListener('abort', onAbort);
      client.disconnect();
    };
    const stop = (error: unknown): void => {
      leave();
      reject(error instanceof Error ? error : new Error('something that is not an Error was thrown'));
    };
    const onAbort = (): void => stop(interrupted(`a question to ${where}`));
    signal.addEventListener('abort', onAbort, { once: true });
    const late = new FshaError('timeout', `${where} did not answer within ${roughDuration(asked.timeout)}`);
    const timer = setTimeout(() => stop(late), asked.timeout);
    const watch = setInterval(() => {
      if (bytesRead(client) > asked.maxBytes)
        stop(
          new FshaError(
            'protocol',
            `the answer of ${where} is longer than ${asked.maxBytes} bytes`,
            'Ask for less: a range, or a scan.',
          ),
        );
    }, LOOK);
    work().then(
      (value) => {
        leave();
        resolve(value);
      },
      (error: unknown) => stop(failure(where, error, reason)),
    );
  });
}

function bytesRead(client: RedisClient): number {
  // Undefined until it connects, which its type does not say.
  const stream = client.stream as { readonly bytesRead?: number } | undefined;
  return stream?.bytesRead ?? 0;
}

function redisUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const right =
    url !== undefined &&
    (url.protocol === 'redis:' || url.protocol === 'rediss:') &&
    url.hostname !== '' &&
    /^(?:\/\d{0,4})?$/.test(url.pathname);
  if (!right)
    throw new FshaError(
      'usage',
      'the URL of Redis is not one of the form redis://HOST:PORT/DB',
      'A user and a password have keys of their own: username, password.',
    );
  return url;
}

/** Bytes that are no text come as text with U+FFFD in it: a playbook has no use for them. */
function readable(value: unknown, depth: number): JsonValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value) && depth < MOST_LEVELS) return value.map((one) => readable(one, depth + 1));
  throw new FshaError('protocol', 'Redis answered with something that is no text, number or list');
}

const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ECONNREFUSED: ['connect.refused', 'the connection was refused'],
  ENOTFOUND: ['connect.name', 'the name does not resolve'],
  EAI_AGAIN: ['connect.name', 'the name does not resolve now'],
  EHOSTUNREACH: ['connect.unreachable', 'there is no way to the host'],
  ETIMEDOUT: ['connect.timeout', 'the connection was not made in time'],
};

function failure(where: string, error: unknown, reason: unknown): unknown {
  if (error instanceof FshaError) return error;
  const told = reason instanceof Error ? reason : error;
  if (!(told instanceof Error)) return told;
  const found = 'code' in told && typeof told.code === 'string' ? CODES[told.code] : undefined;
  if (found !== undefined) return new FshaError(found[0], `${where}: ${found[1]}`);
  // What Redis itself says begins with a word in capitals: ERR, WRONGTYPE, NOAUTH, NOPERM, MOVED, LOADING.
  if (/^[A-Z]{3,}\b/.test(told.message))
    return new FshaError('redis.error', `${where}: ${printable(told.message)}`);
  return new FshaError(
    'connection.lost',
    `${where}: the connection was lost (${printable(told.message, 80)})`,
  );
}
