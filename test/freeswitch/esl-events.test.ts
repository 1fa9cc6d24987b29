import { expect, test } from 'vitest';
import { failure, logIn, never, soon, spoof } from './esl-client.ts';
import { apiReply, commandReply, jsonEvent, type Peer } from './spoof-esl-server.ts';
import { readTranscript } from './transcript.ts';

/** Answers the commands of a transcript with the bytes that were recorded, event after event. */
function replay(name: string): (command: string, peer: Peer) => void {
  const turns = readTranscript(name);
  return (command, peer) => {
    const asked = turns.findIndex(
      (turn) => turn.from === 'client' && turn.bytes.toString() === `${command}\n\n`,
    );
    if (asked < 0) peer.send(commandReply('-ERR command not found'));
    for (let index = asked + 1; asked >= 0 && turns[index]?.from === 'server'; index += 1)
      peer.send(turns[index]?.bytes ?? '');
  };
}

test('events are told by their Event-Name header, as recorded, JSON and plain', async () => {
  const server = await spoof({ command: replay('events') });
  const connection = await logIn(server);
  const heard: string[] = [];
  connection.onEvent((name) => heard.push(name));
  await connection.subscribe(
    ['CHANNEL_CREATE', 'CHANNEL_ANSWER', 'CHANNEL_HANGUP_COMPLETE', 'CHANNEL_DESTROY', 'HEARTBEAT'],
    soon,
  );
  await connection.unsubscribe(soon);
  expect(heard).toEqual([
    'CHANNEL_CREATE',
    'CHANNEL_ANSWER',
    'CHANNEL_HANGUP_COMPLETE',
    'CHANNEL_DESTROY',
    'HEARTBEAT',
    'HEARTBEAT',
  ]);
  // fsha never asks for plain events; should they come, they are events all the same.
  const plain = readTranscript('events').findIndex(
    (turn) => turn.bytes.toString() === 'event plain HEARTBEAT\n\n',
  );
  heard.length = 0;
  server.peer().send(readTranscript('events')[plain + 2]?.bytes ?? '');
  server.peer().send(jsonEvent({ 'Event-Name': 'RELOADXML' }));
  await expect.poll(() => heard).toEqual(['HEARTBEAT', 'HEARTBEAT', 'RELOADXML']);
});

test('a plain event with a broken escape is an event, and ends nothing', async () => {
  const server = await spoof();
  const connection = await logIn(server);
  const heard: string[] = [];
  connection.onEvent((name) => heard.push(name));
  const body = 'Event-Name: HEARTBEAT\nUp-Time: 100%zz\n\n';
  server.peer().send(`Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n${body}`);
  await expect.poll(() => heard).toEqual(['HEARTBEAT']);
  expect(connection.open).toBe(true);
});

test('events between a command and its answer are not its answer', async () => {
  const server = await spoof({
    command: (_, peer) => {
      peer.send(jsonEvent({ 'Event-Name': 'CHANNEL_DESTROY' }));
      peer.send(apiReply('node-1') + jsonEvent({ 'Event-Name': 'CHANNEL_CREATE' }));
    },
  });
  const connection = await logIn(server);
  const heard: string[] = [];
  connection.onEvent((name) => heard.push(name));
  expect(await connection.api('switchname', soon)).toBe('node-1');
  await expect.poll(() => heard).toEqual(['CHANNEL_DESTROY', 'CHANNEL_CREATE']);
});

test('who has left hears nothing', async () => {
  const server = await spoof();
  const connection = await logIn(server);
  const heard: string[] = [];
  const leave = connection.onEvent((name) => heard.push(`left ${name}`));
  connection.onEvent((name) => heard.push(name));
  leave();
  server.peer().send(jsonEvent({ 'Event-Name': 'HEARTBEAT' }));
  await expect.poll(() => heard).toEqual(['HEARTBEAT']);
});

test('a subscription that is refused says so', async () => {
  const server = await spoof({ command: (_, peer) => peer.send(commandReply('-ERR no keywords supplied')) });
  const connection = await logIn(server);
  expect((await failure(connection.subscribe(['X'], soon), 'esl.error')).message).toContain(
    'no keywords supplied',
  );
});

test('a shutdown that was announced, as recorded, is told from a loss', async () => {
  const server = await spoof({ command: replay('shutdown') });
  const connection = await logIn(server);
  const heard: string[] = [];
  connection.onEvent((name) => heard.push(name));
  await connection.subscribe(['SHUTDOWN', 'HEARTBEAT', 'CHANNEL_DESTROY'], soon);
  expect(await connection.closed).toMatchObject({ how: 'shutdown', error: { code: 'connection.lost' } });
  expect(heard).toEqual(['SHUTDOWN']);
  await server.peer().gone;
});

test('the notice alone tells it too; another notice does not', async () => {
  const notice = (text: string): string =>
    `Content-Type: text/disconnect-notice\nContent-Length: ${text.length}\n\n${text}`;
  for (const [text, how] of [
    ['The system is being shut down.\n', 'shutdown'],
    ['Disconnected, goodbye.\n', 'failed'],
  ] as const) {
    const server = await spoof({ command: (_, peer) => peer.send(notice(text)) });
    const connection = await logIn(server);
    await failure(connection.api('status', { timeout: 5_000, signal: never }), 'connection.lost');
    expect((await connection.closed).how).toBe(how);
    await server.peer().gone;
  }
});
