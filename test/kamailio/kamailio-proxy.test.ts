import { describe, expect, it } from 'vitest';
import { proxyAt, quiet } from './support/proxy-under-test.ts';
import { reply, replyError, replyResult, spoofRpc, type Trick } from './support/spoof-rpc.ts';
import { thrownBy } from './support/thrown.ts';

const TARGET = { set: 1, uri: 'sip:10.0.1.10:5080', duid: null };

describe('a look', () => {
  it('reads version, instance and list on one connection', async () => {
    const spoof = await spoofRpc();
    const began = performance.now();
    const seen = await proxyAt(spoof.url).observe(quiet());
    expect(seen).toMatchObject({
      proxy: 'lb-1',
      trouble: null,
      version: { known: true, value: '5.6.3' },
      instance: { known: true },
      sets: { known: true, value: [{ id: 2 }, { id: 1 }] },
    });
    expect(seen.at).toBeGreaterThanOrEqual(began);
    expect(seen.at).toBeLessThanOrEqual(performance.now());
    expect(spoof.requests.map(({ method }) => method)).toEqual([
      'core.version',
      'core.uptime',
      'core.ps',
      'dispatcher.list',
    ]);
    expect(spoof.connections()).toBe(1);
  });

  it('asks for the version and the instance every time', async () => {
    let starts = 0;
    const spoof = await spoofRpc(
      (seen, response) =>
        seen.method === 'core.uptime' && replyResult(seen, response, { up_since: `start ${(starts += 1)}` }),
    );
    const proxy = proxyAt(spoof.url);
    const first = await proxy.observe(quiet());
    const second = await proxy.observe(quiet());
    expect(first.instance).not.toEqual(second.instance);
  });

  it('knows an empty list when Kamailio says that there are no sets', async () => {
    const spoof = await spoofRpc(
      (seen, response) =>
        seen.method === 'dispatcher.list' && replyError(seen, response, 'No Destination Sets'),
    );
    expect(await proxyAt(spoof.url).observe(quiet())).toMatchObject({
      trouble: null,
      sets: { known: true, value: [] },
    });
  });

  const lies: [string, Trick, RegExp][] = [
    ['{}', (seen, response) => replyResult(seen, response, {}), /no NRSETS or no RECORDS/],
    [
      'a list that is not whole',
      (seen, response) => replyResult(seen, response, { NRSETS: 2, RECORDS: [] }),
      /0 of 2 sets/,
    ],
    [
      'an error',
      (seen, response) => replyError(seen, response, 'Internal error root reply'),
      /500 Internal error root reply/,
    ],
    ['null', (seen, response) => replyResult(seen, response, null), /not an object/],
    ['a web page', (_seen, response) => reply(response, 200, '<html>'), /a web page/],
    [
      'cut JSON',
      (_seen, response) => reply(response, 200, '{"jsonrpc":"2.0","result":{"NRSETS":0,"REC'),
      /cut or broken JSON/,
    ],
    [
      'a body shorter than Content-Length',
      (_seen, response) => {
        response.writeHead(200, { 'Content-Length': 5000 });
        response.write('{"jsonrpc":"2.0"', () => response.socket?.destroy());
      },
      /cut short/,
    ],
    [
      'a chunked body that breaks off',
      (_seen, response) => {
        response.writeHead(200);
        response.write('{"jsonrpc":"2.0"', () => response.socket?.destroy());
      },
      /cut short/,
    ],
    [
      'a whole list, sent as an older answer',
      (_seen, response) =>
        reply(response, 200, { jsonrpc: '2.0', result: { NRSETS: 0, RECORDS: [] }, id: -1 }),
      /another request/,
    ],
  ];
  it.each(lies)(
    'does not know the list when the answer is %s, and knows the rest',
    async (_what, trick, why) => {
      const spoof = await spoofRpc(
        (seen, response, request) => seen.method === 'dispatcher.list' && trick(seen, response, request),
      );
      const seen = await proxyAt(spoof.url).observe(quiet());
      expect(seen).toMatchObject({
        trouble: null,
        version: { known: true },
        instance: { known: true },
        sets: { known: false, why: expect.stringMatching(why) as string },
      });
    },
  );

  it('does not know the instance when Kamailio does not tell the process', async () => {
    const spoof = await spoofRpc(
      (seen, response) => seen.method === 'core.ps' && replyError(seen, response, 'Method Not Found'),
    );
    expect(await proxyAt(spoof.url).observe(quiet())).toMatchObject({
      trouble: null,
      version: { known: true },
      instance: { known: false, why: expect.stringContaining('Method Not Found') as string },
      sets: { known: true },
    });
  });

  it('has trouble when nothing was answered, each field saying why', async () => {
    const spoof = await spoofRpc((_seen, response) => reply(response, 403, 'forbidden'));
    const seen = await proxyAt(spoof.url).observe(quiet());
    expect(seen.trouble).toMatchObject({ code: 'rpc.auth' });
    expect([seen.version, seen.instance, seen.sets]).toEqual(
      Array(3).fill({ known: false, why: expect.stringContaining('HTTP 403') as string }),
    );
    expect(spoof.requests).toHaveLength(1);
  });

  it('has trouble when every answer is nonsense', async () => {
    const spoof = await spoofRpc((_seen, response) => reply(response, 404, 'not found'));
    const seen = await proxyAt(spoof.url).observe(quiet());
    expect(seen).toMatchObject({
      trouble: { code: 'protocol' },
      version: { known: false },
      sets: { known: false },
    });
  });

  it('keeps what it has seen when the proxy falls silent, and ends in time', async () => {
    const spoof = await spoofRpc((seen) => seen.method === 'dispatcher.list');
    const began = performance.now();
    const seen = await proxyAt(spoof.url, { timeouts: { connect: 1_000, request: 1_000 } }).observe(quiet());
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(seen).toMatchObject({
      trouble: null,
      version: { known: true },
      instance: { known: true },
      sets: { known: false, why: expect.stringContaining('did not answer dispatcher.list') as string },
    });
  });

  it('takes no longer than both timeouts, however slowly each answer comes', async () => {
    const spoof = await spoofRpc((seen, response) => {
      setTimeout(() => replyResult(seen, response, 'kamailio 5.6.3'), 600);
    });
    const began = performance.now();
    const seen = await proxyAt(spoof.url, { timeouts: { connect: 500, request: 1_500 } }).observe(quiet());
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(seen).toMatchObject({
      trouble: null,
      version: { known: true },
      sets: { known: false, why: expect.stringContaining('within 2000 ms') as string },
    });
  });

  it('asks a read again, once, when the connection it was on turns out to be closed', async () => {
    const spoof = await spoofRpc((seen, response) => {
      if (seen.connection > 1 || seen.method === 'core.version') return false;
      response.socket?.destroy();
      return true;
    });
    const seen = await proxyAt(spoof.url).observe(quiet());
    expect(seen).toMatchObject({ trouble: null, instance: { known: true }, sets: { known: true } });
    expect(spoof.connections()).toBe(2);
  });

  it('opens another connection where the server closes each one after its answer', async () => {
    const spoof = await spoofRpc((_seen, response) => {
      response.shouldKeepAlive = false;
      return false;
    });
    expect(await proxyAt(spoof.url).observe(quiet())).toMatchObject({ trouble: null, sets: { known: true } });
    expect(spoof.connections()).toBe(4);
  });

  it('throws for an interruption and nothing else', async () => {
    const spoof = await spoofRpc(() => true);
    const interrupt = new AbortController();
    const look = thrownBy(proxyAt(spoof.url).observe(interrupt.signal));
    await expect.poll(() => spoof.requests.length).toBe(1);
    interrupt.abort();
    expect(await look).toMatchObject({ code: 'interrupted' });
    expect(await thrownBy(proxyAt(spoof.url).observe(AbortSignal.abort()))).toMatchObject({
      code: 'interrupted',
    });
    expect(spoof.requests).toHaveLength(1);
  });

  it('ends when the proxy is closed', async () => {
    const spoof = await spoofRpc(() => true);
    const proxy = proxyAt(spoof.url);
    const look = thrownBy(proxy.observe(quiet()));
    await expect.poll(() => spoof.requests.length).toBe(1);
    await proxy.close();
    expect(await look).toMatchObject({ code: 'interrupted' });
  });
});

describe('setting a state', () => {
  it('sends the set as a number, by URI', async () => {
    const spoof = await spoofRpc();
    await proxyAt(spoof.url).setState('d', TARGET, quiet());
    expect(spoof.requests).toMatchObject([
      { method: 'dispatcher.set_state', params: ['d', 1, 'sip:10.0.1.10:5080'] },
    ]);
  });

  it('by duid where there is one', async () => {
    const spoof = await spoofRpc();
    await proxyAt(spoof.url).setState('ip', { ...TARGET, duid: 'fs1' }, quiet());
    expect(spoof.requests).toMatchObject([{ method: 'dispatcher.set_duid_state', params: ['ip', 1, 'fs1'] }]);
  });

  it('takes the {} of 5.5', async () => {
    const spoof = await spoofRpc((seen, response) => replyResult(seen, response, {}));
    await proxyAt(spoof.url).setState('d', TARGET, quiet());
    expect(spoof.requests).toHaveLength(1);
  });

  it.each([[null], [[]], [0], ['Failed'], [{ ok: true }]])('takes no other result: %j', async (result) => {
    const spoof = await spoofRpc((seen, response) => replyResult(seen, response, result));
    expect(await thrownBy(proxyAt(spoof.url).setState('d', TARGET, quiet()))).toMatchObject({
      code: 'protocol',
    });
  });

  it('keeps code and message of a refusal, made printable', async () => {
    const spoof = await spoofRpc((seen, response) =>
      reply(response, 500, {
        jsonrpc: '2.0',
        error: { code: 500, message: 'State\u001b[31m Update Failed' },
        id: seen.id,
      }),
    );
    expect(await thrownBy(proxyAt(spoof.url).setState('d', TARGET, quiet()))).toMatchObject({
      code: 'rpc.error',
      message: `lb-1 (${spoof.url}) refused dispatcher.set_state: 500 State\ufffd[31m Update Failed`,
    });
  });

  it.each([
    ['the URI', { ...TARGET, uri: 'all' }],
    ['the duid', { ...TARGET, duid: 'all' }],
    ['nothing', { ...TARGET, uri: '' }],
  ])('never sends "all", which is every destination of the set, as %s', async (_what, target) => {
    const spoof = await spoofRpc();
    expect(await thrownBy(proxyAt(spoof.url).setState('d', target, quiet()))).toMatchObject({
      code: 'refused',
    });
    expect(spoof.requests).toEqual([]);
  });

  it('is not sent again when the connection closes without an answer', async () => {
    const spoof = await spoofRpc((_seen, response) => void response.socket?.destroy());
    const proxy = proxyAt(spoof.url);
    expect(await thrownBy(proxy.setState('d', TARGET, quiet()))).toMatchObject({ code: 'connection.lost' });
    expect(spoof.requests).toHaveLength(1);
    expect(spoof.connections()).toBe(1);
  });

  it('is not sent again after a look on the same proxy, but goes on a connection of its own', async () => {
    const spoof = await spoofRpc((seen, response) => {
      if (seen.method !== 'dispatcher.set_state') return false;
      response.socket?.destroy();
      return true;
    });
    const proxy = proxyAt(spoof.url);
    await proxy.observe(quiet());
    expect(await thrownBy(proxy.setState('d', TARGET, quiet()))).toMatchObject({ code: 'connection.lost' });
    expect(spoof.requests.filter(({ method }) => method === 'dispatcher.set_state')).toMatchObject([
      { connection: 2 },
    ]);
  });

  it('ends with a timeout when there is no answer', async () => {
    const spoof = await spoofRpc(() => true);
    const proxy = proxyAt(spoof.url, { timeouts: { connect: 1_000, request: 150 } });
    expect(await thrownBy(proxy.setState('d', TARGET, quiet()))).toMatchObject({ code: 'timeout' });
    expect(spoof.requests).toHaveLength(1);
  });
});
