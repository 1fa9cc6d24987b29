import { describe, expect, test } from 'vitest';
import { known, unknown } from '../../src/domain/observation.ts';
import { failure, never, spoof } from './esl-client.ts';
import { nodeAt, QUICK, scripted } from './node-client.ts';
import { answering, RECORDED, STATUS_JSON, type Answers } from './scripted-node.ts';
import { SpoofEslServer } from './spoof-esl-server.ts';

const SHOW = 'show channels as json';
const row = (uuid: string, createdEpoch = 1): object => ({ uuid, created_epoch: String(createdEpoch) });
const rows = (...all: readonly object[]): string => JSON.stringify({ row_count: all.length, rows: all });
const status = (active: unknown): string =>
  JSON.stringify({ response: { systemStatus: 'ready', sessions: { count: { active } } } });

describe('liveCalls', () => {
  test.each<[string, Answers, { found: string[]; ghosts: number; sessions: number }]>([
    [
      'nothing',
      { [SHOW]: '{"row_count": 0}\n', [STATUS_JSON]: status(0) },
      { found: [], ghosts: 0, sessions: 0 },
    ],
    [
      'rows that are all there, oldest first',
      {
        [SHOW]: rows(row('b', 9), row('a', 3)),
        'uuid_exists a': 'true',
        'uuid_exists b': 'true',
        [STATUS_JSON]: status(2),
      },
      { found: ['a', 'b'], ghosts: 0, sessions: 2 },
    ],
    [
      'rows of calls that are gone',
      {
        [SHOW]: rows(row('a'), row('b'), row('c')),
        'uuid_exists a': 'false',
        'uuid_exists b': 'true\n',
        'uuid_exists c': 'false',
        [STATUS_JSON]: status(1),
      },
      { found: ['b'], ghosts: 2, sessions: 1 },
    ],
    [
      'calls without a row',
      { [SHOW]: rows(row('a')), 'uuid_exists a': 'true', [STATUS_JSON]: status(3) },
      { found: ['a'], ghosts: 0, sessions: 3 },
    ],
    [
      'the sessions from the text, where there is no JSON form',
      { [SHOW]: '{"row_count": 0}\n', [STATUS_JSON]: '-ERR json Command not found!\n' },
      { found: [], ghosts: 0, sessions: 2 },
    ],
    [
      'a Call-ID in the place of a UUID',
      {
        [SHOW]: rows(row('1-17670@127.0.0.1')),
        'uuid_exists 1-17670@127.0.0.1': 'true',
        [STATUS_JSON]: status(1),
      },
      { found: ['1-17670@127.0.0.1'], ghosts: 0, sessions: 1 },
    ],
  ])('%s', async (_what, answers, { found, ghosts, sessions }) => {
    const { node } = await scripted(answers);
    const live = await node.liveCalls(never);
    if (!live.known) throw new Error(live.why);
    expect(live.value.channels.map(({ uuid }) => uuid)).toEqual(found);
    expect(live.value).toMatchObject({ ghosts, sessions });
  });

  const ONE = { [SHOW]: rows(row('a')), 'uuid_exists a': 'true', [STATUS_JSON]: status(1) };
  test.each<[string, Answers, string]>([
    ['the database is down', { [SHOW]: '-ERR Database error!\n' }, 'core database: -ERR Database error!'],
    [
      'rows are missing from the list',
      { [SHOW]: '{"row_count":2,"rows":[]}' },
      'core database: list incomplete, 0 of 2 rows',
    ],
    [
      'one channel stands there twice',
      { [SHOW]: rows(row('a'), row('a')) },
      'core database: one channel in two rows',
    ],
    [
      'a row has an id that may not be asked for',
      { [SHOW]: rows(row('${hupall()}')) },
      'core database: a channel that cannot be asked for, "${hupall()}"',
    ],
    [
      'a question gets no answer that it could have',
      { 'uuid_exists a': '' },
      'an empty answer instead of true or false',
    ],
    ['a question is refused', { 'uuid_exists a': '-ERR permission denied\n' }, '-ERR permission denied'],
    [
      'there are no sessions to be read',
      { [STATUS_JSON]: status('many') },
      'the answer to status has no usable session count',
    ],
    ['status says nothing', { [STATUS_JSON]: '', status: '-ERR no reply\n' }, '-ERR no reply'],
  ])('unknown where %s', async (_what, answers, why) => {
    const { node } = await scripted({ ...ONE, ...answers });
    expect(await node.liveCalls(never)).toEqual(unknown(why));
  });

  test.each([SHOW, 'uuid_exists a', STATUS_JSON])('unknown where "%s" is never answered', async (command) => {
    const { node, server } = await scripted({ ...ONE, [command]: null }, { timeouts: QUICK });
    const live = await node.liveCalls(never);
    expect(live.known ? '' : live.why).toContain('did not answer');
    // It ends there: nothing is asked after what was not answered.
    await server.peer().gone;
    expect(server.peer().commands.at(-1)).toBe(`api ${command}`);
  });

  test('many rows have the time for each that one has', async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `row-${index}`);
    const answer = answering({
      [SHOW]: rows(...ids.map((id) => row(id))),
      ...Object.fromEntries(ids.map((id) => [`uuid_exists ${id}`, 'true'])),
      [STATUS_JSON]: status(8),
    });
    const request = 900;
    const server = await spoof({
      // Ten answers take more time together than one of them is given.
      command: (command, peer) => void setTimeout(() => answer(command, peer), request / 6),
    });
    const node = nodeAt(server.port, { timeouts: { ...QUICK, connect: 5_000, request } });
    const live = await node.liveCalls(never);
    expect(live.known && live.value.channels).toHaveLength(8);
  });

  test('asks in turn: the rows, each of them, and the sessions last', async () => {
    const { node, server } = await scripted(ONE);
    await node.liveCalls(never);
    expect(server.peer().commands.slice(1)).toEqual([
      `api ${SHOW}`,
      'api uuid_exists a',
      `api ${STATUS_JSON}`,
    ]);
  });

  test('a node that goes in the middle: unknown, and no question is asked twice', async () => {
    const answer = answering(ONE);
    const { node, server } = await scripted(
      {},
      {},
      {
        command: (command, peer) => {
          if (command === 'api uuid_exists a') peer.socket.resetAndDestroy();
          else answer(command, peer);
        },
      },
    );
    const live = await node.liveCalls(never);
    expect(live.known ? '' : live.why).toContain('ended before "api uuid_exists a" was answered');
    expect(server.peers).toHaveLength(1);
  });

  test('a node that is not there', async () => {
    const server = await SpoofEslServer.start();
    const { port } = server;
    await server.stop();
    expect(await nodeAt(port).liveCalls(never)).toEqual(
      unknown(`ESL of node-1 (127.0.0.1:${port}) refused the connection`),
    );
  });

  test('an interruption is thrown, and so is the end of the node', async () => {
    const controller = new AbortController();
    const { node } = await scripted({}, {}, { command: () => controller.abort() });
    await failure(node.liveCalls(controller.signal), 'interrupted');
    const other = await scripted();
    await other.node.close();
    await failure(other.node.liveCalls(never), 'interrupted');
  });

  test('the recorded rows', async () => {
    const uuids = [...(RECORDED[SHOW] ?? '').matchAll(/"uuid":"([^"]+)"/g)].map((match) => match[1] ?? '');
    const exists = Object.fromEntries(uuids.map((uuid) => [`uuid_exists ${uuid}`, 'true']));
    const { node } = await scripted(exists);
    const live = await node.liveCalls(never);
    expect(uuids).toHaveLength(2);
    expect(live).toMatchObject(known({ ghosts: 0, sessions: 2 }));
  });
});

const BAD_IDS = [
  '',
  'a b',
  'a\nb',
  'a\u0000',
  'a\tb',
  'é',
  '${hupall()}',
  "a'b",
  'a"b',
  'a`b',
  'a\\nb',
  'x'.repeat(257),
];

describe('channelExists', () => {
  test.each([
    ['true', true],
    ['false', false],
    ['true\n', true],
  ])('%j is %s', async (body, exists) => {
    const { node, server } = await scripted({ 'uuid_exists a-1': body });
    expect(await node.channelExists('a-1', never)).toBe(exists);
    expect(server.peer().commands.slice(1)).toEqual(['api uuid_exists a-1']);
  });

  test.each(['', 'True', 'yes', '+OK', '-ERR no reply\n', '-USAGE: <uuid>\n'])(
    '%j does not say',
    async (body) => {
      const { node } = await scripted({ 'uuid_exists a': body });
      await failure(node.channelExists('a', never), 'esl.error');
    },
  );

  test.each(BAD_IDS)('%j is refused before anything is sent', async (uuid) => {
    const { node, server } = await scripted();
    await failure(node.channelExists(uuid, never), 'usage');
    expect(server.peers).toHaveLength(0);
  });
});

describe('hangUp', () => {
  const KILL = 'uuid_kill a NORMAL_CLEARING';

  test.each(['+OK\n', '-ERR No such channel!\n', '-ERR No Such Channel!\n'])('%j is an end', async (body) => {
    const { node, server } = await scripted({ [KILL]: body });
    await node.hangUp('a', 'NORMAL_CLEARING', never);
    // Whether it is gone is for the caller to look.
    expect(server.peer().commands.slice(1)).toEqual([`api ${KILL}`]);
  });

  test.each([
    '',
    'true',
    '-ERR permission denied\n',
    '-USAGE: <uuid> [cause]\n',
    '-ERR No such channel! really',
  ])('%j is none', async (body) => {
    const { node } = await scripted({ [KILL]: body });
    await failure(node.hangUp('a', 'NORMAL_CLEARING', never), 'esl.error');
  });

  test.each([
    ...BAD_IDS.map((uuid) => [uuid, 'NORMAL_CLEARING'] as const),
    ...['', 'NORMAL CLEARING', 'normal', 'A\nB', '${x}', '1234', '-1', 'X'.repeat(65)].map(
      (cause) => ['a', cause] as const,
    ),
  ])('%j %j is refused before anything is sent', async (uuid, cause) => {
    const { node, server } = await scripted();
    await failure(node.hangUp(uuid, cause, never), 'usage');
    expect(server.peers).toHaveLength(0);
  });

  test('a cause may be a number', async () => {
    const { node } = await scripted({ 'uuid_kill a 16': '+OK\n' });
    await node.hangUp('a', '16', never);
  });

  test('is never sent again', async () => {
    const { node, server } = await scripted({}, {}, { command: (_, peer) => peer.socket.resetAndDestroy() });
    const error = await failure(node.hangUp('a', 'NORMAL_CLEARING', never), 'connection.lost');
    expect(error.hint).toContain('unknown');
    expect(server.peers.flatMap(({ commands }) => commands.slice(1))).toEqual([`api ${KILL}`]);
  });
});
