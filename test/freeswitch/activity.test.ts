import { describe, expect, test } from 'vitest';
import { Activity } from '../../src/freeswitch/activity.ts';
import type { EslConnection, EventListener } from '../../src/freeswitch/esl-connection.ts';
import type { NodeActivity } from '../../src/workflow/ports.ts';
import { systemClock } from '../../src/workflow/system-clock.ts';
import { never, sockets, spoof } from './esl-client.ts';
import { nodeAt, scripted } from './node-client.ts';
import { answering } from './scripted-node.ts';
import { apiReply, commandReply, jsonEvent, PASSWORD } from './spoof-esl-server.ts';

const EVENTS = 'event json CHANNEL_CREATE CHANNEL_DESTROY SHUTDOWN';
const destroyed = jsonEvent({ 'Event-Name': 'CHANNEL_DESTROY', 'Unique-ID': 'x' });
const created = (changes: Record<string, string> = {}): string =>
  jsonEvent({
    'Event-Name': 'CHANNEL_CREATE',
    'Channel-Name': 'sofia/external/1000@203.0.113.9',
    'Unique-ID': 'a',
    'Channel-Call-UUID': 'a',
    'Call-Direction': 'inbound',
    'Caller-Source': 'mod_sofia',
    'Caller-Network-Addr': '203.0.113.9',
    ...changes,
  });
const CAME = { kind: 'created', direction: 'inbound', address: '203.0.113.9', furtherLeg: false } as const;

describe('onActivity', () => {
  test('nobody listens: nothing is asked for', async () => {
    const { node, server } = await scripted();
    await node.observe('full', never);
    expect(server.peer().commands.filter((command) => !command.startsWith('api '))).toEqual([
      `auth ${PASSWORD}`,
    ]);
  });

  test('is asked for when somebody listens, and no more when nobody does', async () => {
    const { node, server } = await scripted();
    await node.login(never);
    let hints = 0;
    const leave = node.onActivity(() => (hints += 1));
    const leaveToo = node.onActivity(() => undefined);
    await server.peer().got(EVENTS);
    server.peer().send(jsonEvent({ 'Event-Name': 'HEARTBEAT' }));
    server.peer().send(destroyed);
    await expect.poll(() => hints).toBe(1);
    leave();
    leaveToo();
    leave();
    await server.peer().got('noevents');
    expect(server.peer().commands.filter((command) => command === EVENTS)).toHaveLength(1);
  });

  test('a chunk of many events is one hint', async () => {
    const { node, server } = await scripted();
    await node.login(never);
    let hints = 0;
    node.onActivity(() => (hints += 1));
    await server.peer().got(EVENTS);
    server.peer().send(destroyed.repeat(50));
    await node.observe('pulse', never);
    expect(hints).toBeGreaterThan(0);
    expect(hints).toBeLessThan(5);
  });

  test('survives a reconnect', async () => {
    const { node, server } = await scripted();
    let hints = 0;
    node.onActivity(() => (hints += 1));
    await node.login(never);
    await server.peer().got(EVENTS);
    server.peer().socket.resetAndDestroy();
    await expect.poll(() => sockets.every((socket) => socket.destroyed)).toBe(true);
    await node.observe('pulse', never);
    await server.peer(1).got(EVENTS);
    server.peer(1).send(destroyed);
    await expect.poll(() => hints).toBe(1);
  });

  test('a shutdown is a hint, and is remembered', async () => {
    const { node, server } = await scripted();
    let hints = 0;
    node.onActivity(() => (hints += 1));
    await node.login(never);
    expect(node.shutdownAt).toBeNull();
    await server.peer().got(EVENTS);
    server.peer().send(jsonEvent({ 'Event-Name': 'SHUTDOWN' }));
    await expect.poll(() => hints).toBe(1);
    expect(node.shutdownAt).toBeGreaterThan(0);
  });

  test('a loss without a word is none', async () => {
    const { node, server } = await scripted();
    let hints = 0;
    node.onActivity(() => (hints += 1));
    await node.login(never);
    await server.peer().got(EVENTS);
    server.peer().socket.resetAndDestroy();
    await expect.poll(() => sockets.every((socket) => socket.destroyed)).toBe(true);
    expect({ hints, shutdownAt: node.shutdownAt }).toEqual({ hints: 0, shutdownAt: null });
  });
});

describe('what is told', () => {
  test('each channel that began, in turn, then one end for the chunk', async () => {
    const { node, server } = await scripted();
    await node.login(never);
    const heard: NodeActivity[] = [];
    node.onActivity((activity) => heard.push(activity));
    await server.peer().got(EVENTS);
    const further = { 'Call-Direction': 'outbound', 'Channel-Call-UUID': 'b' };
    server.peer().send(`${created()}${destroyed.repeat(3)}${created(further)}${created()}`);
    await expect.poll(() => heard.filter(({ kind }) => kind === 'created').length).toBe(3);
    expect(heard.filter(({ kind }) => kind === 'created')).toEqual([
      CAME,
      { kind: 'created', direction: 'outbound', address: null, furtherLeg: true },
      CAME,
    ]);
    const ends = heard.filter(({ kind }) => kind === 'ended').length;
    expect(ends).toBeGreaterThan(0);
    expect(ends).toBeLessThan(4);
  });

  test.each([
    ['no JSON behind its name', '{"Event-Name":"CHANNEL_CREATE",}'],
    ['nothing but its name', '{"Event-Name":"CHANNEL_CREATE"}'],
    ['a direction that there is not', '{"Event-Name":"CHANNEL_CREATE","Call-Direction":"up"}'],
    ['values that are no text', '{"Event-Name":"CHANNEL_CREATE","Call-Direction":{"a":[1]}}'],
  ])('a CHANNEL_CREATE with %s is dropped, and the connection stays', async (_what, body) => {
    const { node, server } = await scripted();
    await node.login(never);
    const heard: NodeActivity[] = [];
    node.onActivity((activity) => heard.push(activity));
    await server.peer().got(EVENTS);
    server.peer().send(`Content-Length: ${body.length}\nContent-Type: text/event-json\n\n${body}`);
    server.peer().send(created());
    await expect.poll(() => heard).toEqual([CAME]);
    expect((await node.observe('pulse', never)).trouble).toBeNull();
    expect(server.peers).toHaveLength(1);
  });

  test('a shutdown once, although FreeSWITCH says it twice', async () => {
    const { node, server } = await scripted();
    const heard: NodeActivity[] = [];
    node.onActivity((activity) => heard.push(activity));
    await node.login(never);
    await server.peer().got(EVENTS);
    const notice = 'The system is being shut down.\n';
    server
      .peer()
      .send(
        `${jsonEvent({ 'Event-Name': 'SHUTDOWN' })}Content-Type: text/disconnect-notice\nContent-Length: ${notice.length}\n\n${notice}`,
      );
    await server.peer().gone;
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    expect(heard).toEqual([{ kind: 'shutdown' }]);
  });
});

test('5 kB are parsed for what began only, and for nobody not at all', () => {
  let say: EventListener = () => undefined;
  const connection: EslConnection = {
    open: true,
    api: () => Promise.resolve(''),
    apiRaw: () => Promise.resolve(''),
    subscribe: () => Promise.resolve(),
    unsubscribe: () => Promise.resolve(),
    onEvent: (listener) => {
      say = listener;
      return () => undefined;
    },
    closed: new Promise(() => undefined),
    close: () => undefined,
  };
  const parsed: string[] = [];
  const events = (): void => {
    for (const name of ['CHANNEL_DESTROY', 'CHANNEL_CREATE', 'SHUTDOWN', 'CHANNEL_ANSWER']) {
      say(name, () => {
        parsed.push(name);
        return {};
      });
    }
  };
  const activity = new Activity(systemClock, 5_000);
  activity.follow(connection);
  events();
  const leave = activity.listen(() => undefined);
  expect(parsed).toEqual([]);
  events();
  expect(parsed).toEqual(['CHANNEL_CREATE']);
  leave();
  events();
  expect(parsed).toEqual(['CHANNEL_CREATE']);
});

test('a subscription that failed is asked for again at the next reading', async () => {
  let refused = 1;
  const answer = answering();
  const server = await spoof({
    command: (command, peer) => {
      if (command === EVENTS && refused > 0) {
        refused -= 1;
        peer.send(commandReply('-ERR not now'));
      } else answer(command, peer);
    },
  });
  const node = nodeAt(server.port);
  const heard: NodeActivity[] = [];
  node.onActivity((activity) => heard.push(activity));
  await node.observe('pulse', never);
  await node.observe('pulse', never);
  await node.observe('pulse', never);
  expect(server.peer().commands.filter((command) => command === EVENTS)).toHaveLength(2);
  server.peer().send(created());
  await expect.poll(() => heard).toEqual([CAME]);
});

test('events that surround an answer are told apart from it', async () => {
  const answer = answering();
  const server = await spoof({
    command: (command, peer) => {
      if (command === 'api switchname') peer.send(created() + apiReply('node-1') + created());
      else answer(command, peer);
    },
  });
  const node = nodeAt(server.port);
  const heard: NodeActivity[] = [];
  node.onActivity((activity) => heard.push(activity));
  const { switchname } = await node.observe('pulse', never);
  expect(switchname).toEqual({ known: true, value: 'node-1' });
  await expect.poll(() => heard).toEqual([CAME, CAME]);
});
