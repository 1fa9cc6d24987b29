import { describe, expect, test } from 'vitest';
import { known, unknown } from '../../src/domain/observation.ts';
import { Secret } from '../../src/domain/secret.ts';
import { failure, never, spoof } from './esl-client.ts';
import { nodeAt, QUICK, scripted } from './node-client.ts';
import { answering, RECORDED, STATUS_JSON } from './scripted-node.ts';
import { apiReply, GREETING, PASSWORD, SpoofEslServer } from './spoof-esl-server.ts';

const READ = {
  node: 'node-1',
  trouble: null,
  coreUuid: known('291bf006-e76b-444a-9a67-44f0eb39dd48'),
  switchname: known('node-1'),
  ready: known(true),
  uptimeMs: known(26_995),
  version: known('1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit'),
  sessions: known(2),
  peak5Min: known(2),
  sessionLimit: known(2_000),
  calls: known(2),
  channels: known(2),
  pause: known({ inbound: true, outbound: false }),
  mark: known('01J0TEST,ops@bastion,2026-11-22T20:00:00Z'),
  full: null,
};

describe('observe', () => {
  test('a pulse, with the answers as recorded', async () => {
    const { node, server } = await scripted();
    const before = performance.now();
    const observation = await node.observe('pulse', never);
    expect(observation).toEqual({ ...READ, at: observation.at });
    expect(observation.at).toBeGreaterThanOrEqual(before);
    expect(server.peer().commands).not.toContain('api sofia status');
  });

  test('a full look', async () => {
    const { node } = await scripted();
    const observation = await node.observe('full', never);
    expect(observation).toEqual({
      ...READ,
      at: observation.at,
      full: {
        profiles: known([{ name: 'external', state: 'RUNNING' }]),
        gateways: known([
          { name: 'external::trunk-c', state: 'NOREG' },
          { name: 'external::trunk-b', state: 'TRYING' },
          { name: 'external::trunk-a', state: 'REGED' },
        ]),
        registrations: known(2),
      },
    });
  });

  test('a core database that is down hides nothing else, and is asked last', async () => {
    const error = '-ERR Database error!\n';
    const { node, server } = await scripted({
      'show calls count as json': error,
      'show channels count as json': error,
      'show registrations count as json': error,
    });
    const observation = await node.observe('full', never);
    const why = unknown('core database: -ERR Database error!');
    expect(observation).toMatchObject({
      ...READ,
      at: observation.at,
      full: { registrations: why },
      calls: why,
      channels: why,
    });
    expect(
      server
        .peer()
        .commands.slice(-3)
        .every((command) => command.startsWith('api show ')),
    ).toBe(true);
  });

  test('without the JSON form the text of status is read', async () => {
    const { node } = await scripted({ [STATUS_JSON]: '-ERR json Command not found!\n' });
    expect(await node.observe('pulse', never)).toMatchObject({
      ready: known(true),
      sessions: known(2),
      uptimeMs: known(26_595),
      trouble: null,
    });
  });

  test('what answers neither is unknown, and nothing else is', async () => {
    const { node } = await scripted({ [STATUS_JSON]: '{}', status: '-ERR no\n' });
    const observation = await node.observe('pulse', never);
    const none = unknown('-ERR no');
    expect(observation).toEqual({
      ...READ,
      ...{ ready: none, uptimeMs: none, version: none, sessions: none, peak5Min: none, sessionLimit: none },
      at: observation.at,
    });
  });

  test.each(
    Object.keys(RECORDED).filter(
      (command) => !command.includes('status') && command !== 'show channels as json',
    ),
  )('an empty answer to "%s" alone leaves that alone unknown', async (command) => {
    const { node } = await scripted({ [command]: '' });
    const { full, ...rest } = await node.observe('full', never);
    const all = Object.entries({ ...rest, ...full });
    const missing = all.filter(
      ([, value]) => typeof value === 'object' && value !== null && 'known' in value && !value.known,
    );
    expect(missing).toHaveLength(1);
    expect(rest.trouble).toBeNull();
  });

  test('everything denied: the node answered, and all is unknown', async () => {
    const denied = Object.fromEntries(
      Object.keys(RECORDED).map((command) => [command, '-ERR permission denied\n']),
    );
    const { node } = await scripted(denied);
    const observation = await node.observe('pulse', never);
    expect(observation.trouble).toBeNull();
    expect(observation.sessions).toEqual(unknown('-ERR permission denied'));
    expect(observation.mark).toEqual(unknown('-ERR permission denied'));
  });

  test('refused: trouble, and everything unknown for that reason', async () => {
    const server = await SpoofEslServer.start();
    const { port } = server;
    await server.stop();
    const observation = await nodeAt(port).observe('full', never);
    const why = unknown(`ESL of node-1 (127.0.0.1:${port}) refused the connection`);
    const { node, at, trouble, full, ...rest } = observation;
    expect({ node, trouble: trouble?.code }).toEqual({ node: 'node-1', trouble: 'connect.refused' });
    expect(at).toBeGreaterThan(0);
    for (const value of Object.values({ ...rest, ...full })) expect(value).toEqual(why);
    expect(Object.keys(rest)).toHaveLength(12);
  });

  test('no answer at all: trouble; the next reading connects anew', async () => {
    let silent = true;
    const answer = answering();
    const { node, server } = await scripted(
      {},
      { timeouts: QUICK },
      {
        command: (command, peer) => {
          if (!silent) answer(command, peer);
        },
      },
    );
    const began = performance.now();
    const blind = await node.observe('pulse', never);
    expect(blind.trouble?.code).toBe('timeout');
    expect(blind.sessions.known).toBe(false);
    expect(performance.now() - began).toBeLessThan(QUICK.connect + QUICK.request + 1_000);
    await server.peer().gone;
    silent = false;
    expect((await node.observe('pulse', never)).sessions).toEqual(known(2));
    expect(server.peers).toHaveLength(2);
  });

  test('one question without an answer: what was read before stays, one deadline for all', async () => {
    const { node, server } = await scripted({ 'show calls count as json': null }, { timeouts: QUICK });
    const observation = await node.observe('pulse', never);
    expect(observation.trouble).toBeNull();
    expect(observation.sessions).toEqual(known(2));
    expect(observation.mark).toEqual(READ.mark);
    expect(observation.calls.known).toBe(false);
    expect(observation.channels).toEqual(observation.calls);
    await server.peer().gone;
  });

  test('a node that dies in the middle: no other connection is opened for the rest of the reading', async () => {
    const answer = answering();
    const { node, server } = await scripted(
      {},
      {},
      {
        command: (command, peer) => {
          if (command === 'api switchname') peer.socket.resetAndDestroy();
          else answer(command, peer);
        },
      },
    );
    const observation = await node.observe('pulse', never);
    expect(observation.sessions).toEqual(known(2));
    expect(observation.switchname.known).toBe(false);
    expect(observation.mark.known).toBe(false);
    expect(server.peers).toHaveLength(1);
    // The next reading begins from the beginning, on another connection.
    await node.observe('pulse', never);
    expect(server.peers).toHaveLength(2);
    expect(server.peer(1).commands.filter((command) => command === `api ${STATUS_JSON}`)).toHaveLength(1);
  });

  test('an interruption is thrown, while connecting and while reading', async () => {
    const silent = await spoof({ connected: () => undefined });
    const connecting = new AbortController();
    const first = failure(nodeAt(silent.port).observe('pulse', connecting.signal), 'interrupted');
    connecting.abort();
    await first;

    const reading = new AbortController();
    const { node } = await scripted({}, {}, { command: () => reading.abort() });
    await failure(node.observe('pulse', reading.signal), 'interrupted');
    await failure(node.observe('pulse', AbortSignal.abort()), 'interrupted');
  });

  test('one connection serves many at a time; an interrupted one does not end it for the others', async () => {
    const { node, server } = await scripted();
    const controller = new AbortController();
    const left = failure(node.observe('pulse', controller.signal), 'interrupted');
    const others = Array.from({ length: 12 }, () => node.observe('pulse', never));
    controller.abort();
    await left;
    for (const observation of await Promise.all(others)) expect(observation.sessions).toEqual(known(2));
    expect(server.peers).toHaveLength(1);
  });
});

describe('login', () => {
  test('once for all', async () => {
    const { node, server } = await scripted();
    await node.login(never);
    await node.login(never);
    expect(server.peers).toHaveLength(1);
  });

  test('says why not', async () => {
    const server = await spoof();
    const node = nodeAt(server.port, { password: new Secret('other') });
    expect((await failure(node.login(never), 'esl.auth')).message).not.toContain('other');
  });

  test('a connection that ended while idle is replaced', async () => {
    const { node, server } = await scripted();
    await node.login(never);
    server.peer().socket.end();
    await server.peer().gone;
    await node.observe('pulse', never);
    await node.login(never);
    expect(server.peers).toHaveLength(2);
  });
});

describe('changing the node', () => {
  test.each([
    [true, 'fsctl pause inbound'],
    [false, 'fsctl resume inbound'],
  ])('pauseInbound(%s)', async (paused, command) => {
    const { node, server } = await scripted({ [command]: '+OK\n' });
    await node.pauseInbound(paused, never);
    expect(server.peer().commands).toEqual([`auth ${PASSWORD}`, `api ${command}`]);
  });

  test.each(['', 'true', '-ERR no\n', '-USAGE: fsctl\n'])('%j is no success', async (body) => {
    const { node } = await scripted({ 'fsctl pause inbound': body });
    await failure(node.pauseInbound(true, never), 'esl.error');
  });

  test('the mark is set, and cleared', async () => {
    const mark = '01J0TEST,ops@bastion,2026-11-22T20:00:00.000Z';
    const { node, server } = await scripted({
      [`global_setvar fsha_run=${mark}`]: '+OK',
      'global_setvar fsha_run=': '+OK',
    });
    await node.setMark(mark, never);
    await node.setMark(null, never);
    expect(server.peer().commands.slice(1)).toEqual([
      `api global_setvar fsha_run=${mark}`,
      'api global_setvar fsha_run=',
    ]);
  });

  test.each(['', 'a b', 'a\nb', 'a\u0000', 'a\tb', 'a=b', "a'b", 'a\\b', 'a\u200bb', 'x'.repeat(513)])(
    'a mark that would not be kept is refused before anything is sent: %j',
    async (mark) => {
      const { node, server } = await scripted();
      await failure(node.setMark(mark, never), 'usage');
      expect(server.peers).toHaveLength(0);
    },
  );

  test('a command is never sent again: the connection was lost, so its outcome is unknown', async () => {
    const { node, server } = await scripted({}, {}, { command: (_, peer) => peer.socket.resetAndDestroy() });
    const error = await failure(node.pauseInbound(true, never), 'connection.lost');
    expect(error.hint).toContain('unknown');
    expect(server.peers).toHaveLength(1);
    expect(server.peer().commands).toHaveLength(2);
  });
});

describe('channels', () => {
  test('as recorded', async () => {
    const { node } = await scripted();
    const channels = await node.channels(never);
    expect(channels.known && channels.value.map(({ destination }) => destination)).toEqual(['9000', '9000']);
  });

  test('a database that is down, a node that is gone', async () => {
    const { node, server } = await scripted({ 'show channels as json': '-ERR Database error!\n' });
    expect(await node.channels(never)).toEqual(unknown('core database: -ERR Database error!'));
    await server.stop();
    expect((await node.channels(never)).known).toBe(false);
  });

  test('an interruption is thrown', async () => {
    const controller = new AbortController();
    const { node } = await scripted({}, {}, { command: () => controller.abort() });
    await failure(node.channels(controller.signal), 'interrupted');
  });
});

describe('testCall', () => {
  const ORIGINATE = 'originate {originate_timeout=2,ignore_early_media=true}loopback/9196/public &hangup';

  test('a call that was answered, on a connection of its own that is closed afterwards', async () => {
    const { node, server } = await scripted({ [ORIGINATE]: '+OK 9a41c69a-02ca-4dcd-982f-e46c6053737b\n' });
    await node.login(never);
    await node.testCall('loopback/9196/public', 1_500, never);
    expect(server.peer(1).commands).toEqual([`auth ${PASSWORD}`, `api ${ORIGINATE}`]);
    await server.peer(1).gone;
    expect(server.peer(0).commands).toHaveLength(1);
  });

  test('the node can be read meanwhile', async () => {
    const { node, server } = await scripted({ [ORIGINATE]: null });
    await node.login(never);
    const call = node.testCall('loopback/9196/public', 1_500, never);
    await expect.poll(() => server.peers.length).toBe(2);
    await server.peer(1).got('api originate');
    expect((await node.observe('pulse', never)).sessions).toEqual(known(2));
    server.peer(1).send(apiReply('-ERR USER_BUSY\n'));
    const error = await failure(call, 'esl.error');
    expect(error.message).toContain('USER_BUSY');
    await server.peer(1).gone;
  });

  test.each(['', '  ', 'loopback/1\n\napi hupall', 'a\u0007', 'a\rb'])(
    '%j is refused',
    async (dialString) => {
      const { node, server } = await scripted();
      await failure(node.testCall(dialString, 1_000, never), 'usage');
      expect(server.peers).toHaveLength(0);
    },
  );

  test('close ends it', async () => {
    const { node, server } = await scripted({ [ORIGINATE]: null });
    const call = failure(node.testCall('loopback/9196/public', 1_500, never), 'connection.lost');
    await expect.poll(() => server.peers.length).toBe(1);
    await server.peer().got('api originate');
    await node.close();
    await call;
    await server.peer().gone;
  });
});

describe('close', () => {
  test('ends the connection; nothing is opened afterwards', async () => {
    const { node, server } = await scripted();
    await node.login(never);
    await node.close();
    await node.close();
    await server.peer().gone;
    await failure(node.login(never), 'interrupted');
    await failure(node.observe('pulse', never), 'interrupted');
    expect(server.peers).toHaveLength(1);
  });

  test('ends a login under way', async () => {
    const server = await spoof({ connected: (peer) => peer.send(GREETING), login: false });
    const node = nodeAt(server.port);
    const login = failure(node.login(never), 'interrupted');
    await expect.poll(() => server.peers.length).toBe(1);
    await server.peer().got('auth');
    await node.close();
    await login;
    await server.peer().gone;
  });
});
