import { describe, expect, test } from 'vitest';
import { FshaError } from '../../../src/domain/errors.ts';
import { esl, runEsl } from '../../../src/playbook/actions/esl.ts';
import { rpc, runRpc } from '../../../src/playbook/actions/rpc.ts';
import type { NodePort, ProxyPort, RpcReply } from '../../../src/workflow/ports.ts';
import { proxyAt } from '../../kamailio/support/proxy-under-test.ts';
import { spoofRpc } from '../../kamailio/support/spoof-rpc.ts';
import { spoof } from '../../freeswitch/esl-client.ts';
import { nodeAt, scripted } from '../../freeswitch/node-client.ts';
import { carryOut, failureOf } from './fake-around.ts';

describe('esl', () => {
  const nodes = (node: Pick<NodePort, 'api'>): { world: { nodes: Map<string, NodePort> } } => ({
    world: { nodes: new Map([['node-1', node as NodePort]]) },
  });

  test('the whole answer, from a scripted server', async () => {
    const { node } = await scripted({ reloadxml: '+OK [Success]\n' });
    expect(await carryOut(runEsl, { command: 'reloadxml' }, nodes(node))).toMatchObject({
      ok: true,
      reply: '+OK [Success]',
    });
  });

  test('-ERR is a failure, unless it is allowed', async () => {
    const { node } = await scripted({ 'sofia profile x rescan': '-ERR Invalid Profile [x]\n' });
    const command = 'sofia profile x rescan';
    expect(await carryOut(runEsl, { command }, nodes(node))).toMatchObject({
      ok: false,
      said: 'FreeSWITCH answered: -ERR Invalid Profile [x]',
    });
    expect(await carryOut(runEsl, { command, allowError: true }, nodes(node))).toMatchObject({ ok: true });
  });

  test.each(['reloadxml\nfsctl shutdown', 'reloadxml\r\n', 'a\0b', '', '  ', 'bgapi status'])(
    '%j is refused and not sent',
    async (command) => {
      const sent: string[] = [];
      const api = async (text: string): Promise<string> => `${sent.push(text)}`;
      // A line break at the end is cut off with the blanks: one line is left.
      if (command.trim() === 'reloadxml') {
        await carryOut(runEsl, { command }, nodes({ api }));
        expect(sent).toEqual(['reloadxml']);
        return;
      }
      expect((await failureOf(carryOut(runEsl, { command }, nodes({ api })))).code).toBe('usage');
      expect(sent).toEqual([]);
    },
  );

  test('a node that does not answer: the deadline, and a stop', async () => {
    const server = await spoof({ command: () => undefined });
    const silent = nodes(nodeAt(server.port));
    const late = await failureOf(carryOut(runEsl, { command: 'reloadxml' }, { ...silent, time: 150 }));
    expect(late.code).toBe('timeout');
    const stop = new AbortController();
    const running = failureOf(carryOut(runEsl, { command: 'reloadxml' }, { ...silent, signal: stop.signal }));
    setTimeout(() => stop.abort(), 50);
    expect((await running).code).toBe('interrupted');
  });

  test.each([
    ['status', 'nothing'],
    ['show channels', 'nothing'],
    ['sofia status profile external', 'nothing'],
    ['sofia profile external rescan', 'node'],
    ['showcase', 'node'],
    ['expand ${fsctl(shutdown)}', 'node'],
    ['{{ vars.command }}', 'node'],
  ])('%s changes %s', (command, changes) => {
    expect(esl.changes({ command })).toBe(changes);
  });
});

describe('rpc', () => {
  const proxies = (
    ports: Readonly<Record<string, Pick<ProxyPort, 'ask'>>>,
  ): { world: { proxies: Map<string, ProxyPort> } } => ({
    world: { proxies: new Map(Object.entries(ports) as [string, ProxyPort][]) },
  });
  const says = (reply: RpcReply): Pick<ProxyPort, 'ask'> => ({ ask: async () => reply });
  const fails = (error: FshaError): Pick<ProxyPort, 'ask'> => ({ ask: () => Promise.reject(error) });

  test('over HTTP: method and parameters as they are, once', async () => {
    const spoof = await spoofRpc((seen, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: seen.id, result: { Now: 'x\u001b' } }));
      return true;
    });
    const result = await carryOut(
      runRpc,
      { method: 'htable.seti', params: ['t', 'k', 1] },
      proxies({ 'lb-1': proxyAt(spoof.url) }),
    );
    expect(result).toMatchObject({ ok: true, proxies: { 'lb-1': { ok: true, result: { Now: 'x\ufffd' } } } });
    expect(spoof.requests.map(({ method, params }) => [method, params])).toEqual([
      ['htable.seti', ['t', 'k', 1]],
    ]);
  });

  test('one that refuses or is not reached is a failure, with the others told', async () => {
    const world = proxies({
      'lb-1': says({ ok: true, result: 1 }),
      'lb-2': says({ ok: false, code: 500, message: 'Reload failed' }),
      'lb-3': fails(new FshaError('connect.refused', 'lb-3 refused the connection')),
    });
    expect(await carryOut(runRpc, { method: 'dispatcher.reload' }, world)).toMatchObject({
      ok: false,
      proxies: {
        'lb-1': { ok: true, result: 1 },
        'lb-2': { ok: false, code: 500, error: 'Reload failed' },
        'lb-3': { ok: false, error: 'lb-3 refused the connection' },
      },
      said: 'lb-2: Reload failed; lb-3: lb-3 refused the connection',
    });
    expect(await carryOut(runRpc, { method: 'dispatcher.reload', on: 'lb-1' }, world)).toMatchObject({
      ok: true,
    });
  });

  test('an answer that did not come is no failure but unknown', async () => {
    const world = proxies({
      'lb-1': says({ ok: true, result: 1 }),
      'lb-2': fails(new FshaError('timeout', 'lb-2 did not answer')),
    });
    expect(await failureOf(carryOut(runRpc, { method: 'dispatcher.reload' }, world))).toEqual({
      code: 'timeout',
      message: 'lb-2 did not answer',
    });
  });

  test('what is named has to be there', async () => {
    const failure = await failureOf(
      carryOut(
        runRpc,
        { method: 'a.b', on: ['lb-1', 'lb-9'] },
        proxies({ 'lb-1': says({ ok: true, result: 1 }) }),
      ),
    );
    expect(failure).toMatchObject({ code: 'usage' });
    expect(failure.message).toContain('lb-9');
  });

  test.each([
    ['dispatcher.list', 'nothing'],
    ['core.uptime', 'nothing'],
    ['dispatcher.reload', 'node'],
    ['stats.reset_statistics', 'node'],
    ['core.kill', 'node'],
  ])('%s changes %s', (method, changes) => {
    expect(rpc.changes({ method })).toBe(changes);
  });
});
