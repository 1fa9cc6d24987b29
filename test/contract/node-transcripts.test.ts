import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import type { NodeConfigInput } from '../../src/lab/node/config.ts';
import { normalForm } from '../support/esl-normal-form.ts';
import { RawEsl, readTranscript, type Step } from '../support/esl-transcript.ts';
import { eventually } from '../support/eventually.ts';
import { startLabNode, type LabNode, type LabNodeOptions } from '../support/lab-node.ts';
import { SipPhone } from '../support/sip-phone.ts';

interface Stage {
  readonly node: LabNode;
  readonly network: LabNetwork;
  readonly phone: (user: string) => Promise<SipPhone>;
}

/** What the world was like when a transcript was recorded. */
interface Situation {
  readonly options?: (network: LabNetwork) => LabNodeOptions;
  /** Before the connection is made. */
  readonly before?: (stage: Stage) => Promise<void>;
  /** Before a client line is sent, by the line and how often it came before: `api show calls count #2`. */
  readonly at?: Readonly<Record<string, (stage: Stage) => Promise<void>>>;
  /** Once the answer to a line is here; what follows in the transcript is its consequence. */
  readonly after?: Readonly<Record<string, (stage: Stage) => Promise<void>>>;
  /** FreeSWITCH closes the connection at the end. */
  readonly closes?: true;
}

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'acl-rejected': { options: () => ({ acl: ['192.0.2.0/24'] }), closes: true },
  api: { before: callsThatEnded, closes: true },
  'auth-wrong': { closes: true },
  bgapi: {},
  'unauthenticated-api': {},
  shutdown: {
    after: {
      'event json SHUTDOWN HEARTBEAT CHANNEL_DESTROY': async ({ node }) => {
        await node.terminate();
      },
    },
    closes: true,
  },
  'status-registrations-gateways-vars': {
    options: (network) => ({
      sessionLimit: 2000,
      gateways: gateways(network, 3),
      sharedStateFiles: [sharedState()],
    }),
    before: registrationsOfTwoNodes,
  },
  'calls-database-down-kill': {
    options: (network) => ({ sessionLimit: 2000, gateways: gateways(network, 0) }),
    before: async ({ node, phone }) => {
      const caller = await phone('caller');
      await caller.call(node.sip, '9000');
      await caller.call(node.sip, '9000');
    },
    at: {
      'api show calls count': ({ node }) => node.control.fault('database'),
      'api show calls count #2': ({ node }) => node.control.fault('database', false),
    },
  },
  'utf8-channels': {},
  events: {
    options: () => ({ heartbeatMs: 700 }),
    after: {
      'event json CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY HEARTBEAT': async ({
        node,
        phone,
      }) => {
        const dialog = await (await phone('sipp')).call(node.sip, 'echo');
        await dialog.bye();
      },
    },
    closes: true,
  },
};

let network: LabNetwork;
let directory: string;
const sharedState = (): string => join(directory, 'node-2.state.json');
/** The stand-in's side of every transcript, for the mutations. */
const replayed = new Map<string, string>();

beforeAll(async () => {
  network = await claimNetwork();
  directory = await mkdtemp(join(tmpdir(), 'fsha-transcripts-'));
});
afterAll(async () => {
  await network.release();
  await rm(directory, { recursive: true, force: true });
});

describe.each(Object.entries(SITUATIONS))('%s', (name, situation) => {
  test('the stand-in answers as FreeSWITCH 1.10.12 did', async () => {
    const node = await startLabNode({
      network,
      ipv4: '192.0.2.2',
      ipv6: 'fd00::2',
      password: 'ClueCon-node-1',
      ...situation.options?.(network),
    });
    const phones: SipPhone[] = [];
    const stage: Stage = {
      node,
      network,
      phone: async (user) => {
        const phone = await SipPhone.open(network.host(200), user);
        phones.push(phone);
        return phone;
      },
    };
    try {
      await situation.before?.(stage);
      const actual = await replay(readTranscript(name), situation, stage);
      replayed.set(name, actual);
      expect(comparable(actual)).toBe(comparable(written(readTranscript(name))));
    } finally {
      for (const phone of phones) phone.close();
      await node.stop();
    }
  });
});

describe('the comparison notices', () => {
  const mutations: [string, keyof typeof SITUATIONS, RegExp | string, string][] = [
    ['a capital letter', 'api', 'is ready', 'is Ready'],
    ['a lost space at a line’s end', 'api', / \n1000 session/, '\n1000 session'],
    ['another session count', 'calls-database-down-kill', '\n2 session(s) - ', '\n0 session(s) - '],
    ['another active count', 'calls-database-down-kill', '"active":2', '"active":0'],
    ['another limit', 'status-registrations-gateways-vars', 'max sessions: 2000', 'max sessions: 1000'],
    ['a count without its blank line', 'api', '\n\n\n0 total.', '\n\n0 total.'],
    ['a count that is not zero', 'api', '0 total.', '1 total.'],
    ['a database error said otherwise', 'calls-database-down-kill', 'Database error!', 'database error'],
    ['zero instead of a database error', 'calls-database-down-kill', '-ERR Database error!', '0 total.'],
    ['a space lost in JSON', 'api', '"row_count": 0', '"row_count":0'],
    ['rows where there are none', 'api', '{"row_count": 0}', '{"row_count": 0,"rows":[]}'],
    [
      'keys in another order',
      'calls-database-down-kill',
      /"state":"CS_EXECUTE","cid_name":"caller"/,
      '"cid_name":"caller","state":"CS_EXECUTE"',
    ],
    ['a missing key', 'calls-database-down-kill', '"secure":"",', ''],
    ['a number that is no string', 'calls-database-down-kill', /"read_rate":"(\d+)"/, '"read_rate":$1'],
    ['a missing uuid', 'utf8-channels', /\+OK [0-9a-f-]{36}/, '+OK'],
    ['a name in another charset', 'utf8-channels', 'Žofie', 'Zofie'],
    [
      'a column one narrower',
      'status-registrations-gateways-vars',
      '  external::trunk-c',
      ' external::trunk-c',
    ],
    ['a space for a tab', 'status-registrations-gateways-vars', '\tgateway\t', ' gateway '],
    ['another gateway state', 'status-registrations-gateways-vars', '\tREGED', '\tFAIL_WAIT'],
    ['another channel count at the profile', 'calls-database-down-kill', 'RUNNING (2)', 'RUNNING (0)'],
    ['a lost XML element', 'status-registrations-gateways-vars', '    <retry>', '    <again>'],
    ['another pause', 'api', /false(?=Content|\n)/, 'true'],
    ['no line break after +OK', 'api', 'Content-Length: 4\n\n+OK\n', 'Content-Length: 3\n\n+OK'],
    ['an error with another prefix', 'api', '-ERR nosuchcmd', 'ERR nosuchcmd'],
    [
      'a greeting before a rejection',
      'acl-rejected',
      'Content-Type: text/rude-rejection',
      'Content-Type: auth/request\n\nContent-Type: text/rude-rejection',
    ],
    [
      'headers in another order',
      'events',
      /(Content-Length: \d+)\n(Content-Type: text\/event-json)/,
      '$2\n$1',
    ],
    ['a line break after a JSON event', 'events', /\}Content-Length/, '}\nContent-Length'],
    ['a cause only once', 'events', '"Hangup-Cause":"NORMAL_CLEARING","Channel-State"', '"Channel-State"'],
    ['another cause', 'events', 'NORMAL_CLEARING', 'MANAGER_REQUEST'],
    ['another channel state', 'events', '"Channel-State-Number":"12"', '"Channel-State-Number":"11"'],
    ['a colon that is not encoded', 'events', '%3A', ':'],
    ['a comma that is encoded', 'events', 'Sun,', 'Sun%2C'],
    ['fewer decimals', 'events', /("Idle-CPU":"\d+\.\d{4})\d\d/, '$1'],
    ['another goodbye', 'shutdown', 'shut down.', 'shut down'],
    ['a job without its UUID', 'bgapi', /"Job-UUID":"[^"]*",/, ''],
  ];
  test.each(mutations)('%s', (_what, name, what, instead) => {
    const actual = replayed.get(name) ?? '';
    const changed = actual.replace(
      what instanceof RegExp
        ? what
        : new RegExp(escape(what).replace('Sun', '(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)')),
      instead,
    );
    expect(changed).not.toBe(actual);
    const wanted = comparable(written(readTranscript(name)));
    expect(comparable(actual)).toBe(wanted);
    expect(comparable(changed)).not.toBe(wanted);
  });
});

/** Plays the client's part and writes down both. Heartbeats come when they like: the transcript tells how many to take. */
async function replay(steps: readonly Step[], situation: Situation, stage: Stage): Promise<string> {
  const esl = await RawEsl.connect(stage.node.esl);
  const uuids = new Map<string, string>();
  const times = new Map<string, number>();
  const actual: Step[] = [];
  let consequence: (() => Promise<void>) | undefined;
  const running: Promise<void>[] = [];
  for (const step of steps) {
    if ('client' in step) {
      const count = (times.get(step.client) ?? 0) + 1;
      times.set(step.client, count);
      await situation.at?.[count === 1 ? step.client : `${step.client} #${count}`]?.(stage);
      const after = situation.after?.[step.client];
      consequence = after && ((): Promise<void> => after(stage));
      esl.send([...uuids].reduce((line, [theirs, ours]) => line.replaceAll(theirs, ours), step.client));
      actual.push(step);
      continue;
    }
    const frames: string[] = [];
    for (const expected of step.server) {
      const frame = await nextFrame(esl, isHeartbeat(expected));
      frames.push(frame);
      pair(uuids, expected, frame);
      if (consequence) running.push(consequence());
      consequence = undefined;
    }
    actual.push({ server: frames });
  }
  await Promise.all(running);
  if (situation.closes) {
    await eventually(
      () => esl.closed,
      (closed) => closed,
    );
    expect(esl.left().filter((frame) => !isHeartbeat(frame))).toEqual([]);
  }
  esl.end();
  return written(actual);
}

async function nextFrame(esl: RawEsl, heartbeatsToo: boolean): Promise<string> {
  for (;;) {
    const frame = await esl.frame();
    if (heartbeatsToo || !isHeartbeat(frame)) return frame;
  }
}

const isHeartbeat = (frame: string): boolean => /^Content-Type: text\/event[^]*HEARTBEAT/m.test(frame);

/** Which of the stand-in's UUIDs stands where the transcript has which. */
function pair(uuids: Map<string, string>, expected: string, actual: string): void {
  const pattern = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
  const ours = actual.match(pattern) ?? [];
  (expected.match(pattern) ?? []).forEach((theirs, at) => {
    const one = ours[at];
    if (one !== undefined) uuids.set(theirs, one);
  });
}

/** Both sides as one text, the server's frames back to back as on the wire; UUIDs of the client's lines are no matter. */
function written(steps: readonly Step[]): string {
  return steps.map((step) => ('client' in step ? `\n>>> ${step.client}\n` : step.server.join(''))).join('');
}

/** A line for each key, so that a difference in 9 kB of JSON can be seen. */
function comparable(text: string): string {
  return normalForm(text).replaceAll(',"', ',⏎\n"');
}

function gateways(at: LabNetwork, retrySeconds: number): NonNullable<NodeConfigInput['gateways']> {
  const other = (last: number): string => `${at.host(last)}:5080`;
  return [
    { name: 'trunk-c', state: 'NOREG', proxy: other(12) },
    { name: 'trunk-b', state: 'TRYING', proxy: other(99), retrySeconds },
    { name: 'trunk-a', state: 'REGED', proxy: other(12), realm: at.host(12), expires: 60 },
  ];
}

async function callsThatEnded({ node, phone }: Stage): Promise<void> {
  const caller = await phone('sipp');
  for (let calls = 0; calls < 5; calls += 1) await (await caller.call(node.sip)).bye();
}

/** 1001 and 1003 register here, 1002 and a gateway at another node of the same database, in the transcript's order. */
async function registrationsOfTwoNodes({ node, network: at, phone }: Stage): Promise<void> {
  const now = Date.now() / 1000;
  const elsewhere = { realm: at.host(12), hostname: 'node-2', expires: Math.floor(now) + 1781 };
  const phone1002 = {
    ...elsewhere,
    user: '1002',
    callId: '407202509@x',
    contact: `sip:1002@${at.host(200)}:40388`,
    agent: 'unknown',
    networkIp: at.host(200),
    networkPort: 40388,
    registeredAt: now - 60,
  };
  await (await phone('1001')).register(node.sip, '80837678@x');
  const gateway = {
    ...elsewhere,
    user: 'u',
    callId: 'e57b1e9a-2f9b-4dfa-8db0-ca7122726c12',
    contact: `sip:gw+trunk-a@${at.host(11)}:5080;transport=udp;gw=trunk-a`,
    agent: 'FreeSWITCH/node-1',
    networkIp: at.host(11),
    networkPort: 5080,
    registeredAt: Date.now() / 1000,
  };
  await writeFile(sharedState(), JSON.stringify({ registrations: [phone1002, gateway] }));
  await (await phone('1003')).register(node.sip, '3908378@x');
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
