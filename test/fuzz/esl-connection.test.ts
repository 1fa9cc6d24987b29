/** The whole ESL connection against servers that send bytes of any kind, over real sockets. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NodeObservation } from '../../src/domain/observation.ts';
import { Secret } from '../../src/domain/secret.ts';
import { dialTcp } from '../../src/freeswitch/dial-tcp.ts';
import { FreeswitchNode } from '../../src/freeswitch/freeswitch-node.ts';
import { openEsl } from '../../src/freeswitch/open-esl.ts';
import type { NodeActivity } from '../../src/workflow/ports.ts';
import { systemClock } from '../../src/workflow/system-clock.ts';
import { RECORDED } from '../freeswitch/scripted-node.ts';
import {
  ACCEPTED,
  apiReply,
  commandReply,
  GREETING,
  jsonEvent,
  PASSWORD,
} from '../freeswitch/spoof-esl-server.ts';
import { serverBytes, transcriptNames } from '../freeswitch/transcript.ts';
import { ByteServer, ending, say, type Ending } from './support/byte-server.ts';
import { holdsInTime } from './support/fuzzing.ts';
import { mutated } from './support/mutations.ts';
import { cuts, inPieces, type Cuts } from './support/pieces.ts';
import { expectPrintable, expectReason, expectTyped } from './support/said.ts';

const never = new AbortController().signal;
/** For what may never be answered. */
const timeouts = { connect: 150, request: 150, keepalive: 5_000 };
/** For what is answered, however slowly. */
const patience = { connect: 15_000, request: 15_000, keepalive: 5_000 };

let server: ByteServer;
beforeAll(async () => {
  server = await ByteServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const WORDS = [
  GREETING,
  ACCEPTED,
  commandReply('+OK'),
  commandReply('-ERR invalid'),
  'Content-Type: text/disconnect-notice\n\n',
];
const anyBytes = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some)) },
  { weight: 5, arbitrary: mutated(transcriptNames().map(serverBytes), WORDS) },
);

/** What may come of a server that is none, or breaks off. */
const FAILURES = [
  'connection.lost',
  'timeout',
  'protocol',
  'esl.error',
  'esl.auth',
  'esl.acl',
  'connect.timeout',
] as const;

const dial = (signal: AbortSignal): ReturnType<typeof dialTcp> => dialTcp('127.0.0.1', server.port, signal);

test('a login ends in a connection or a typed error, whatever the server says', async () => {
  await holdsInTime(
    fc.asyncProperty(fc.boolean(), anyBytes, cuts, ending, async (greets, bytes, where, how) => {
      const greeting = Buffer.from(greets ? GREETING + ACCEPTED : '');
      server.behaviour = (socket) => void say(socket, inPieces(Buffer.concat([greeting, bytes]), where), how);
      const where1 = { where: 'node-1 (127.0.0.1)', connect: dial, password: new Secret(PASSWORD) };
      try {
        const connection = await openEsl({ ...where1, timeouts, clock: systemClock }, never);
        connection.onEvent((_name, headers) => void headers());
        const answer = await connection
          .api('status', { timeout: 100, signal: never })
          .catch((error: unknown) => error);
        if (typeof answer !== 'string') expectTyped(answer, FAILURES);
        connection.close();
        expectTyped((await connection.closed).error, FAILURES);
      } catch (error) {
        const { message, hint } = expectTyped(error, FAILURES);
        expect(`${message} ${hint}`).not.toContain(PASSWORD);
      }
    }),
    {
      share: 0.8,
      examples: [
        [false, Buffer.from('Content-Type: \u2028\u009b2J\n\n'), [], 'ends'],
        [false, Buffer.from('Content-Type: text/event-\u009b2J\n\n'), [], 'ends'],
      ],
    },
  );
});

/** Logs in whoever comes, and answers each `api` with the bytes that are made for it. */
function answerWith(make: (command: string) => Buffer, where: Cuts, how: Ending): void {
  server.behaviour = (socket) => {
    socket.write(GREETING);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const command = text.slice(0, end);
        text = text.slice(end + 2);
        if (command.startsWith('auth ')) socket.write(ACCEPTED);
        else if (command.startsWith('api ')) void say(socket, inPieces(make(command.slice(4)), where), how);
        else socket.write(commandReply('+OK'));
      }
    });
  };
}

async function observed(limits = timeouts): Promise<NodeObservation> {
  const node = new FreeswitchNode({
    ...{
      node: 'node-1',
      address: '127.0.0.1',
      connect: dial,
      password: new Secret(PASSWORD),
      timeouts: limits,
      clock: systemClock,
    },
  });
  const activities: NodeActivity[] = [];
  node.onActivity((activity) => void activities.push(activity));
  try {
    return await node.observe('full', never);
  } finally {
    await node.close();
  }
}

function expectSound(seen: NodeObservation): void {
  const {
    coreUuid,
    switchname,
    ready,
    uptimeMs,
    version,
    sessions,
    peak5Min,
    sessionLimit,
    calls,
    channels,
    pause,
    mark,
    full,
  } = seen;
  const readings = [
    coreUuid,
    switchname,
    ready,
    uptimeMs,
    version,
    sessions,
    peak5Min,
    sessionLimit,
    calls,
    channels,
    pause,
    mark,
  ];
  for (const reading of readings) expectReason(reading);
  if (full !== null)
    for (const reading of [full.profiles, full.gateways, full.registrations]) expectReason(reading);
  for (const shown of [switchname, version, mark])
    if (shown.known && shown.value !== null) expectPrintable(shown.value);
  if (seen.trouble !== null) {
    expect(seen.trouble.code).not.toBe('bug');
    expectPrintable(seen.trouble.message);
  }
}

const recordedAnswer = (command: string): string => apiReply(RECORDED[command] ?? '-ERR no reply\n');

test('a look at a node sees or says why not, whatever frames its answers come in', async () => {
  const broken = fc.record({
    at: fc.constantFrom(...Object.keys(RECORDED)),
    bytes: mutated(
      [
        ...['status', 'sofia status', 'show channels count as json'].map(recordedAnswer),
        jsonEvent({ 'Event-Name': 'CHANNEL_CREATE', 'Call-Direction': 'inbound' }) + recordedAnswer('status'),
      ],
      [...WORDS, jsonEvent({ 'Event-Name': 'SHUTDOWN' }), apiReply('0')],
    ),
  });
  await holdsInTime(
    fc.asyncProperty(broken, cuts, ending, async ({ at, bytes }, where, how) => {
      answerWith(
        (command) => (command === at ? bytes : Buffer.from(recordedAnswer(command))),
        where,
        'waits',
      );
      if (how !== 'waits') {
        const good = server.behaviour;
        // What comes after the broken answer is of no matter here, but that it ends.
        server.behaviour = (socket) => {
          good(socket);
          setTimeout(() => (how === 'ends' ? socket.end() : socket.destroy()), 40);
        };
      }
      expectSound(await observed());
    }),
    { share: 0.5 },
  );
});

test('an answer that cannot be read leaves the others as they are', async () => {
  answerWith((command) => Buffer.from(recordedAnswer(command)), [], 'waits');
  const whole = await observed(patience);
  expect(whole.sessions).toEqual({ known: true, value: 2 });
  const spoilt = fc.record({
    at: fc.constantFrom(
      'sofia status',
      'show calls count as json',
      'global_getvar fsha_run',
      'fsctl pause_check inbound',
      'switchname',
    ),
    body: mutated(Object.values(RECORDED)),
  });
  await holdsInTime(
    fc.asyncProperty(spoilt, cuts, async ({ at, body }, where) => {
      const answer = Buffer.concat([
        Buffer.from(`Content-Type: api/response\nContent-Length: ${body.length}\n\n`),
        body,
      ]);
      answerWith(
        (command) => (command === at ? answer : Buffer.from(recordedAnswer(command))),
        where,
        'waits',
      );
      const seen = await observed(patience);
      expectSound(seen);
      for (const field of ['coreUuid', 'sessions', 'ready', 'uptimeMs', 'version', 'channels'] as const)
        expect([field, seen[field]]).toEqual([field, whole[field]]);
      if (at !== 'show calls count as json') expect(seen.calls).toEqual(whole.calls);
      if (at !== 'sofia status') expect(seen.full?.profiles).toEqual(whole.full?.profiles);
      if (at !== 'fsctl pause_check inbound') expect(seen.pause).toEqual(whole.pause);
      expect(seen.full?.registrations).toEqual(whole.full?.registrations);
    }),
    { share: 0.3 },
  );
});
