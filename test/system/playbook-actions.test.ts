/** Actions of playbooks against real servers: OpenSSH, PostgreSQL, Redis, Kamailio. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { runRedis } from '../../src/playbook/actions/redis.ts';
import { runRpc } from '../../src/playbook/actions/rpc.ts';
import { runSql } from '../../src/playbook/actions/sql.ts';
import { runSsh } from '../../src/playbook/actions/ssh.ts';
import { runUpload } from '../../src/playbook/actions/upload.ts';
import { createSqlReader } from '../../src/postgres/read-only-query.ts';
import { createRedisReader } from '../../src/redis/read-query.ts';
import { createHosts } from '../../src/ssh/host.ts';
import type { HostPort } from '../../src/workflow/ports.ts';
import type { World } from '../../src/workflow/world.ts';
import { proxyAt } from '../kamailio/support/proxy-under-test.ts';
import { carryOut, type Changes, failureOf, SECRET } from '../playbook/actions/fake-around.ts';
import { makeSshClientFiles, type RealSshServer, startSshd } from './harness/openssh.ts';
import { startProxy, type RealProxy } from './harness/kamailio.ts';
import { type RealPostgres, startPostgres } from './harness/postgres.ts';
import { type RealRedis, startRedis } from './harness/redis.ts';

/** Addresses and ports of this file alone. */
const HOST = '127.83.0.1';
const SSH_PORT = 22_083;
const POSTGRES_PORT = 25_483;
const REDIS_PORT = 26_383;
const PASSWORD = 'open-7-sesame';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('OpenSSH', () => {
  let directory: string;
  let server: RealSshServer;
  let host: HostPort;
  let folder: string;
  const at = (changes: Changes = {}): Changes => ({
    ...changes,
    world: { hosts: new Map([['node-1', host]]) },
  });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fsha-actions-'));
    const client = await makeSshClientFiles(join(directory, 'ssh'));
    server = await startSshd(client, HOST, SSH_PORT);
    const timeouts = { connect: 10_000, request: 5_000, keepalive: 5_000 };
    host = createHosts({ timeouts, env: { PATH: process.env['PATH'] }, home: homedir() })('node-1', {
      host: HOST,
      port: SSH_PORT,
      user: client.user,
      identityFile: client.identityFile,
      knownHostsFile: client.knownHostsFile,
    });
  });
  afterAll(async () => {
    await host.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(directory, 'files-'));
  });

  describe('ssh', () => {
    test('words arrive as they are', async () => {
      const nasty = [`a'b"c$(id)\`id\``, '', '-n', 'two\nlines', '*', '~', 'é€😀', '\\'];
      const result = await carryOut(runSsh, { run: ['printf', '<%s>', ...nasty] }, at());
      expect(result).toMatchObject({ ok: true, stdout: nasty.map((word) => `<${word}>`).join('') });
    });

    test('a shell line, its exit code and both outputs', async () => {
      const run = 'echo out; echo err >&2; exit 3';
      expect(await carryOut(runSsh, { run }, at())).toMatchObject({
        ok: false,
        code: 3,
        stdout: 'out',
        // sshd itself, at that level of its log, has something to say there, too.
        stderr: expect.stringMatching(/(^|\n)err$/) as string,
        said: 'exit status 3: err',
      });
      expect(await carryOut(runSsh, { run, codes: [0, 3] }, at())).toMatchObject({ ok: true });
    });

    test('a secret gets there and is in no process list', async () => {
      const result = await carryOut(
        runSsh,
        {
          run: `test "$TOKEN" = "$(cat)" && ps -eo args | grep -c '[w]olf-2718'`,
          env: { TOKEN: SECRET },
          stdin: SECRET,
          codes: [1],
        },
        at(),
      );
      // grep found none, and the test before it held: else it would have printed nothing.
      expect(result).toMatchObject({ ok: true, stdout: '0' });
    });

    test('more output than anybody reads is cut', async () => {
      const result = await carryOut(runSsh, { run: `head -c 300000 /dev/zero | tr '\\0' x` }, at());
      expect(result['stdout']).toBe('x'.repeat(65_536));
    });

    test.each(['stop', 'deadline'])('%s: it ends on the host, with what it began', async (how) => {
      const mark = join(folder, 'alive');
      const stop = new AbortController();
      const run = `(while :; do date > ${mark}; sleep 0.1; done) & sleep 60`;
      const changes = how === 'stop' ? { signal: stop.signal, time: 60_000 } : { time: 1_500 };
      const running = failureOf(carryOut(runSsh, { run }, at(changes)));
      while (!existsSync(mark)) await delay(20);
      stop.abort();
      expect((await running).code).toBe(how === 'stop' ? 'interrupted' : 'timeout');
      await delay(500);
      await rm(mark, { force: true });
      await delay(500);
      expect(existsSync(mark)).toBe(false);
    });

    test('a connection that is cut is unknown, not a failure of the command', async () => {
      const running = failureOf(carryOut(runSsh, { run: 'sleep 5' }, at({ time: 20_000 })));
      await delay(700);
      server.killSessions();
      expect((await running).code).toBe('connection.lost');
    });
  });

  describe('upload', () => {
    const RUN = '20261123-120000-0abc';
    let path: string;
    beforeEach(() => {
      path = join(folder, "it's a file.conf");
    });
    const text = (file: string): string => readFileSync(file, 'utf8');
    const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);
    const put = (content: string, params = {}): ReturnType<typeof carryOut> =>
      carryOut(runUpload, { path, content, ...params }, at());
    const giveBack = (): ReturnType<typeof carryOut> => carryOut(runUpload, { path, restore: true }, at());

    test('a new file, and away with it', async () => {
      const content = `a\nb'$(id)\u0000é${SECRET}`;
      expect(await put(content, { mode: '0640' })).toMatchObject({
        ok: true,
        changed: true,
        sha256: sha256(content),
        backup: '',
      });
      expect(text(path)).toBe(content);
      expect(modeOf(path)).toBe('640');
      expect(await giveBack()).toMatchObject({ changed: true });
      expect(readdirSync(folder)).toEqual([]);
    });

    test('one that was there: kept beside it, given back as it was, with its mode', async () => {
      writeFileSync(path, 'before');
      chmodSync(path, 0o604);
      expect(await put('after')).toMatchObject({ changed: true, backup: `${path}.fsha-${RUN}` });
      expect([text(path), modeOf(path), text(`${path}.fsha-${RUN}`)]).toEqual(['after', '604', 'before']);
      expect(await put('third')).toMatchObject({ changed: true });
      expect(await giveBack()).toMatchObject({ changed: true });
      expect([text(path), modeOf(path), readdirSync(folder).length]).toEqual(['before', '604', 1]);
      expect(await giveBack()).toMatchObject({ ok: true, changed: false });
      expect(text(path)).toBe('before');
    });

    test('what is so already is not written again', async () => {
      await put('same', { mode: '0600' });
      const { ino } = statSync(path);
      expect(await put('same', { mode: '0600' })).toMatchObject({ ok: true, changed: false });
      expect(statSync(path).ino).toBe(ino);
      expect(await put('same', { mode: '0644' })).toMatchObject({ changed: true });
      expect(modeOf(path)).toBe('644');
    });

    test('without a backup nothing is kept', async () => {
      writeFileSync(path, 'before');
      expect(await put('after', { backup: false })).toMatchObject({ backup: '' });
      expect(readdirSync(folder)).toHaveLength(1);
    });

    test('a link stays one', async () => {
      const real = join(folder, 'real');
      writeFileSync(real, 'before');
      symlinkSync(real, path);
      await put('after');
      expect(text(real)).toBe('after');
      expect(execFileSync('readlink', [path], { encoding: 'utf8' }).trim()).toBe(real);
    });

    test('a file of this machine; a folder in its place; a folder that is none', async () => {
      const file = join(folder, 'source');
      writeFileSync(file, Buffer.from([0, 255, 10, 13]));
      await carryOut(runUpload, { path, file }, at());
      expect([...readFileSync(path)]).toEqual([0, 255, 10, 13]);
      const failures = await Promise.all(
        [folder, join(folder, 'none', 'x')].map((bad) =>
          failureOf(carryOut(runUpload, { path: bad, content: 'x' }, at())),
        ),
      );
      expect(failures.map(({ code }) => code)).toEqual(['action.failed', 'action.failed']);
      expect(failures[0]?.message).toContain('is no file');
      expect(readdirSync(folder).filter((name) => name.startsWith('.fsha-'))).toEqual([]);
    });

    test.each(['relative', '/', '/a\nb', `/etc/${SECRET}`])('%j is refused', async (bad) => {
      const failure = await failureOf(carryOut(runUpload, { path: bad, content: 'x' }, at()));
      expect(failure.code).toBe('usage');
      expect(failure.message).not.toContain(SECRET);
    });
  });
});

describe('PostgreSQL', () => {
  let server: RealPostgres;
  const run = runSql(createSqlReader());
  const at = (changes: Changes = {}): Changes => ({
    time: 10_000,
    ...changes,
    world: { cluster: { postgres: { dsn: new Secret(server.dsn) } } } as unknown as Partial<World>,
  });
  const psql = (query: string): string =>
    execFileSync('psql', ['-XAtq', server.dsn, '-c', query], { encoding: 'utf8' }).trim();

  beforeAll(async () => {
    server = await startPostgres(HOST, POSTGRES_PORT, PASSWORD);
    psql(
      'CREATE TABLE calls (id int, name text); INSERT INTO calls SELECT n, $$call $$ || n FROM generate_series(1, 250) n',
    );
  });
  afterAll(() => server.stop());

  test('rows with their types, and values that are no SQL', async () => {
    const query = `SELECT id, name, id > 1 AS more, now() > $2::timestamptz AS late, '{"a":1}'::json AS j,
      2::bigint AS big, NULL AS nothing FROM calls WHERE name = $1 -- a remark`;
    const values = ["call 2' OR true --", '2020-01-01'];
    expect(await carryOut(run, { query, values }, at())).toMatchObject({ ok: true, count: 0, rows: [] });
    expect(await carryOut(run, { query, values: ['call 2', '2020-01-01'] }, at())).toMatchObject({
      rows: [{ id: 2, name: 'call 2', more: true, late: true, j: { a: 1 }, big: 2, nothing: null }],
      more: false,
    });
  });

  test('no more rows than were asked for', async () => {
    const query = 'SELECT id FROM calls ORDER BY id';
    expect(await carryOut(run, { query }, at())).toMatchObject({ count: 100, more: true });
    expect(await carryOut(run, { query, limit: 250 }, at())).toMatchObject({ count: 250, more: false });
  });

  test.each([
    'DELETE FROM calls',
    'DELETE FROM calls RETURNING id',
    'WITH gone AS (DELETE FROM calls RETURNING id) SELECT * FROM gone',
    'SELECT 1; DELETE FROM calls',
    'SELECT 1; COMMIT; DELETE FROM calls',
    'COMMIT',
    'SELECT * INTO other FROM calls',
    'SELECT * FROM calls FOR UPDATE',
    'CREATE TABLE other (id int)',
    "COPY calls TO '/tmp/calls'",
    'SELECT',
    '',
  ])('%j changes nothing', async (query) => {
    const end = await carryOut(run, { query }, at()).then(
      ({ ok }) => ok,
      (error: unknown) => (error as { readonly code: string }).code,
    );
    // One that reads nothing is a query all the same.
    expect(end).toBe(query === 'SELECT' ? true : 'sql.error');
    expect(psql("SELECT count(*) || ' ' || count(*) FILTER (WHERE id = 1) FROM calls")).toBe('250 1');
    expect(psql("SELECT count(*) FROM pg_tables WHERE tablename = 'other'")).toBe('0');
  });

  test('a function that writes is refused', async () => {
    psql('CREATE OR REPLACE FUNCTION wipe() RETURNS int LANGUAGE sql AS $$DELETE FROM calls; SELECT 1$$');
    const failure = await failureOf(carryOut(run, { query: 'SELECT wipe()' }, at()));
    expect(failure).toMatchObject({ code: 'sql.error' });
    expect(failure.message).toContain('read-only transaction');
    expect(psql('SELECT count(*) FROM calls')).toBe('250');
  });

  test.each(['deadline', 'stop'])('%s: ended here, and on the server', async (how) => {
    const stop = new AbortController();
    const running = failureOf(
      carryOut(
        run,
        { query: 'SELECT pg_sleep(3) AS fsha_sleeper' },
        at({ time: how === 'stop' ? 4_000 : 800, signal: stop.signal }),
      ),
    );
    const before = performance.now();
    if (how === 'stop') setTimeout(() => stop.abort(), 500);
    expect((await running).code).toBe(how === 'stop' ? 'interrupted' : 'timeout');
    expect(performance.now() - before).toBeLessThan(2_500);
    const active =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fsha' AND query LIKE '%fsha_sleeper%'";
    for (let tries = 0; tries < 50 && psql(active) !== '0'; tries += 1) await delay(100);
    expect(psql(active)).toBe('0');
  });

  test('an answer that is too long', async () => {
    const failure = await failureOf(carryOut(run, { query: "SELECT repeat('x', 50000000) AS x" }, at()));
    expect(['protocol', 'usage']).toContain(failure.code);
  });

  test('a wrong password is not told', async () => {
    const dsn = server.dsn.replace(PASSWORD, SECRET);
    const failure = await failureOf(carryOut(run, { query: 'SELECT 1', dsn }, at()));
    expect(failure.code).toBe('sql.error');
    expect(failure.message).not.toContain(SECRET);
  });

  test('nobody listens, nothing configured', async () => {
    const dsn = `postgres://fsha@${HOST}:1/postgres`;
    expect((await failureOf(carryOut(run, { query: 'SELECT 1', dsn }, at()))).code).toBe('connect.refused');
    expect((await failureOf(carryOut(run, { query: 'SELECT 1' }))).code).toBe('usage');
  });
});

describe('Redis', () => {
  let server: RealRedis;
  const run = runRedis(createRedisReader());
  const at = (changes: Changes = {}): Changes => ({
    ...changes,
    world: {
      cluster: { redis: { url: server.url, password: new Secret(PASSWORD), keyPattern: '', ttl: 0 } },
    } as unknown as Partial<World>,
  });

  beforeAll(async () => {
    server = await startRedis(HOST, REDIS_PORT, PASSWORD);
    await server.send('SET call:1 node-1');
    await server.send('RPUSH list a b c');
    await server.send('HSET hash x 1 y 2');
  });
  afterAll(() => server.stop());

  test.each([
    [['GET', 'call:1'], 'node-1'],
    [['get', 'call:2'], null],
    [['EXISTS', 'call:1'], 1],
    [
      ['LRANGE', 'list', 0, -1],
      ['a', 'b', 'c'],
    ],
    [
      ['HGETALL', 'hash'],
      ['x', '1', 'y', '2'],
    ],
    [
      ['SCAN', 0, 'MATCH', 'call:*'],
      ['0', ['call:1']],
    ],
  ])('%j', async (command, value) => {
    expect(await carryOut(run, { command }, at())).toMatchObject({ ok: true, value });
  });

  test.each(['SET', 'DEL', 'FLUSHALL', 'EVAL', 'CONFIG', 'GET\r\nDEL'])('%s is refused', async (name) => {
    const failure = await failureOf(carryOut(run, { command: [name, 'call:1'] }, at()));
    expect(failure.code).toBe('usage');
    expect(await server.send('GET call:1')).toContain('node-1');
  });

  test('an argument is never a command', async () => {
    expect(await carryOut(run, { command: ['GET', 'x\r\nDEL call:1'] }, at())).toMatchObject({ value: null });
    expect(await server.send('GET call:1')).toContain('node-1');
  });

  test('what Redis refuses; a wrong password; nobody there', async () => {
    expect(await failureOf(carryOut(run, { command: ['GET', 'list'] }, at()))).toMatchObject({
      code: 'redis.error',
      message: expect.stringContaining('WRONGTYPE') as string,
    });
    const wrong = await failureOf(
      carryOut(run, { command: ['GET', 'x'], url: server.url, password: SECRET }, at()),
    );
    expect(wrong.code).toBe('redis.error');
    expect(wrong.message).not.toContain(SECRET);
    const gone = `redis://${HOST}:1/0`;
    expect((await failureOf(carryOut(run, { command: ['GET', 'x'], url: gone }, at()))).code).toBe(
      'connect.refused',
    );
  });

  test('silence: the deadline, and a stop', async () => {
    const sleeping = server.send('DEBUG SLEEP 0').then(() => server.send('CLIENT PAUSE 2500 ALL'));
    await sleeping;
    expect((await failureOf(carryOut(run, { command: ['GET', 'call:1'] }, at({ time: 300 })))).code).toBe(
      'timeout',
    );
    const stop = new AbortController();
    const running = failureOf(carryOut(run, { command: ['GET', 'call:1'] }, at({ signal: stop.signal })));
    setTimeout(() => stop.abort(), 200);
    expect((await running).code).toBe('interrupted');
  });
});

describe('Kamailio', () => {
  let proxy: RealProxy;
  const URI = 'sip:127.83.0.10:5080';
  beforeAll(async () => {
    proxy = await startProxy({ host: '127.83.0.5', destinations: [{ set: 1, uri: URI }], pingInterval: 0 });
  });
  afterAll(() => proxy.stop());

  test('a method that changes, one that reads, one that is refused, one that is none', async () => {
    const world = { world: { proxies: new Map([['lb-1', proxyAt(proxy.rpcUrl)]]) } as Partial<World> };
    expect(
      await carryOut(runRpc, { method: 'dispatcher.set_state', params: ['dx', 1, URI] }, world),
    ).toMatchObject({ ok: true });
    expect((await proxy.list())[`1 ${URI}`]).toBe('DX');
    const list = await carryOut(runRpc, { method: 'dispatcher.list' }, world);
    expect(JSON.stringify(list['proxies'])).toContain(URI);
    expect(
      await carryOut(runRpc, { method: 'dispatcher.set_state', params: ['dx', 9, URI] }, world),
    ).toMatchObject({ ok: false, proxies: { 'lb-1': { ok: false, code: 500 } } });
    expect(await carryOut(runRpc, { method: 'no.such' }, world)).toMatchObject({ ok: false });
  });
});
