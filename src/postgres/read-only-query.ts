/** One query to PostgreSQL that can change nothing; pg is loaded with the first. */
import { Socket } from 'node:net';
import type { Client as PgClient, QueryConfig } from 'pg';
import { FshaError, interrupted, type ErrorCode } from '../domain/errors.ts';
import { roughDuration } from '../domain/duration.ts';
import { printable } from '../domain/text.ts';
import type { SqlPort, SqlQuery, SqlRows } from '../workflow/outside-ports.ts';
import { readCell } from './cells.ts';

/** How often is looked whether too much has come: ms. */
const LOOK = 20;

export function createSqlReader(): SqlPort {
  return { query };
}

/**
 * The query is declared as a cursor in a read-only transaction: PostgreSQL takes nothing for one but a single query that
 * gives rows, and no more of them are made than are fetched. The transaction is rolled back.
 */
async function query(asked: SqlQuery, signal: AbortSignal): Promise<SqlRows> {
  if (signal.aborted) throw interrupted('a query to PostgreSQL');
  const { default: pg } = await import('pg');
  const socket = new Socket();
  const timeout = Math.max(1, Math.round(asked.timeout));
  const client = open(pg.Client, asked, socket, timeout);
  const where = `PostgreSQL (${printable(client.host)}:${client.port}, ${printable(client.database ?? '')})`;
  const ending: { error: FshaError | null } = { error: null };
  const stop = (error: FshaError): void => {
    ending.error ??= error;
    socket.destroy();
  };
  const onAbort = (): void => stop(interrupted(`a query to ${where}`));
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(
    () => stop(new FshaError('timeout', `${where} did not answer within ${roughDuration(timeout)}`)),
    timeout,
  );
  const watch = setInterval(() => {
    if (socket.bytesRead > asked.maxBytes)
      stop(
        new FshaError(
          'protocol',
          `the answer of ${where} is longer than ${asked.maxBytes} bytes`,
          'Ask for fewer columns.',
        ),
      );
  }, LOOK);
  // A connection that breaks says so here, too; whoever waits hears it by the query.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await read(client, asked, timeout);
  } catch (error) {
    throw ending.error ?? failure(where, error);
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    signal.removeEventListener('abort', onAbort);
    // Its server rolls back what was not ended; nobody waits for a farewell.
    socket.destroy();
  }
}

function open(Client: typeof PgClient, asked: SqlQuery, socket: Socket, timeout: number): PgClient {
  try {
    return new Client({
      connectionString: asked.dsn,
      application_name: 'fsha',
      stream: () => socket,
      // The server ends by itself what nobody waits for any more.
      statement_timeout: timeout,
      lock_timeout: timeout,
      idle_in_transaction_session_timeout: timeout,
      options: '-c default_transaction_read_only=on',
      types: { getTypeParser: () => (text: string) => text },
    });
  } catch {
    // What it throws has the connection string in it.
    throw new FshaError(
      'usage',
      'the connection string for PostgreSQL cannot be read',
      'Give it as postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
    );
  }
}

async function read(client: PgClient, asked: SqlQuery, timeout: number): Promise<SqlRows> {
  await client.query('BEGIN TRANSACTION READ ONLY');
  // A connection string may bring settings of its own.
  await client.query(`SET LOCAL statement_timeout = ${timeout}`);
  const declare: QueryConfig & { readonly queryMode: 'extended' } = {
    text: `DECLARE fsha_rows NO SCROLL CURSOR FOR ${asked.query}`,
    values: asked.values.map((value) => (isPlain(value) ? value : JSON.stringify(value))),
    // Several commands in one text are refused by the extended protocol only.
    queryMode: 'extended',
  };
  await client.query(declare);
  const answer = await client.query<(string | null)[]>({
    text: `FETCH ${asked.limit + 1} FROM fsha_rows`,
    rowMode: 'array',
  });
  const columns = answer.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
  const rows = answer.rows
    .slice(0, asked.limit)
    .map((row) =>
      Object.fromEntries(
        columns.map(({ name, type }, index) => [name, readCell(row[index] ?? null, type)] as const),
      ),
    );
  return { rows, more: answer.rows.length > asked.limit };
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || typeof value !== 'object';
}

const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ECONNREFUSED: ['connect.refused', 'the connection was refused'],
  ENOTFOUND: ['connect.name', 'the name does not resolve'],
  EAI_AGAIN: ['connect.name', 'the name does not resolve now'],
  EHOSTUNREACH: ['connect.unreachable', 'there is no way to the host'],
  '57014': ['timeout', 'the query was ended by the server, as it took too long'],
};

/** PostgreSQL's own message, without the detail: that may quote rows. */
function failure(where: string, error: unknown): unknown {
  if (error instanceof FshaError) return error;
  if (!(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const found = CODES[code];
  if (found !== undefined) return new FshaError(found[0], `${where}: ${found[1]}`);
  // Five characters of a class: an answer of the server itself.
  if (/^[0-9A-Z]{5}$/.test(code))
    return new FshaError(
      'sql.error',
      `${where}: ${printable(error.message)} (${code})`,
      'sql reads only: give one query that gives rows.',
    );
  return new FshaError(
    'connection.lost',
    `${where}: the connection was lost (${printable(error.message, 80)})`,
  );
}
