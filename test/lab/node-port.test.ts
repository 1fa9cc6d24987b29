/** fsha's own NodePort on the stand-in node: events, calls one by one, and trouble with ESL in the middle. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { known } from '../../src/domain/observation.ts';
import { Secret } from '../../src/domain/secret.ts';
import { dialTcp } from '../../src/freeswitch/dial-tcp.ts';
import { FreeswitchNode } from '../../src/freeswitch/freeswitch-node.ts';
import type { NodeActivity } from '../../src/workflow/ports.ts';
import { systemClock } from '../../src/workflow/system-clock.ts';
import { startLabNode, type LabNode } from '../support/lab-node.ts';
import { codeOf, SipPhone } from '../support/sip-phone.ts';
import { until } from '../support/until.ts';

const never = new AbortController().signal;

let lab: LabNode;
let phone: SipPhone;
let node: FreeswitchNode;
let heard: NodeActivity[];

beforeEach(async () => {
  lab = await startLabNode();
  phone = await SipPhone.open(lab.network.host(200));
  node = new FreeswitchNode({
    node: lab.name,
    address: `${lab.esl.host}:${lab.esl.port}`,
    connect: (signal) => dialTcp(lab.esl.host, lab.esl.port, signal),
    password: new Secret(lab.esl.password),
    timeouts: { connect: 2_000, request: 2_000, keepalive: 5_000 },
    clock: systemClock,
  });
  heard = [];
  node.onActivity((activity) => heard.push(activity));
  await node.observe('pulse', never);
});
afterEach(async () => {
  await node.close();
  phone.close();
  await lab.stop();
});

const created = (): NodeActivity[] => heard.filter(({ kind }) => kind === 'created');
const sessions = async (): Promise<number | undefined> => {
  const seen = (await node.observe('pulse', never)).sessions;
  return seen.known ? seen.value : undefined;
};
const live = async (): Promise<{ destinations: string[]; ghosts: number; sessions: number }> => {
  const seen = await node.liveCalls(never);
  if (!seen.known) throw new Error(seen.why);
  const { channels, ...rest } = seen.value;
  return { destinations: channels.map(({ destination }) => destination), ...rest };
};
const uuidOf = async (destination: string): Promise<string> => {
  const seen = await node.liveCalls(never);
  const found = seen.known ? seen.value.channels.find((row) => row.destination === destination) : undefined;
  if (found === undefined) throw new Error(`there is no call to ${destination}`);
  return found.uuid;
};

describe('what events say', () => {
  test('a call over SIP, with the address that it came from, and its end', async () => {
    const dialog = await phone.call(lab.sip, '112');
    await until('the call is heard of', () => created().length === 1);
    expect(created()).toEqual([
      { kind: 'created', direction: 'inbound', address: phone.host, furtherLeg: false },
    ]);
    await dialog.bye();
    await until('its end is heard of', () => heard.some(({ kind }) => kind === 'ended'));
  });

  test('the second leg of a bridge belongs to a call that was there', async () => {
    const dialog = await phone.call(lab.sip, 'bridge1');
    await until('both legs are heard of', () => created().length === 2);
    expect(created()[1]).toEqual({ kind: 'created', direction: 'outbound', address: null, furtherLeg: true });
    await dialog.bye();
  });

  test('what FreeSWITCH begins itself comes from nowhere', async () => {
    await node.testCall('loopback/9196/public', 2_000, never);
    await until('both halves are heard of', () => created().length === 2);
    expect(new Set(created())).toEqual(
      new Set([
        { kind: 'created', direction: 'inbound', address: null, furtherLeg: false },
        { kind: 'created', direction: 'outbound', address: null, furtherLeg: false },
      ]),
    );
  });

  test('a shutdown', async () => {
    await lab.terminate();
    await until('the shutdown is heard of', () => heard.some(({ kind }) => kind === 'shutdown'));
    expect(node.shutdownAt).not.toBeNull();
  });
});

describe('calls one by one', () => {
  test('what is there, what is a ghost and what has no row', async () => {
    const dialogs = [await phone.call(lab.sip, '112'), await phone.call(lab.sip, 'echo')];
    expect(await live()).toEqual({ destinations: ['112', 'echo'], ghosts: 0, sessions: 2 });
    await lab.control.fault('ghostRows', 2);
    expect(await live()).toEqual({ destinations: ['112', 'echo'], ghosts: 2, sessions: 2 });
    await lab.control.fault('ghostRows', false);
    await lab.control.fault('missingRows', 1);
    expect(await live()).toEqual({ destinations: ['echo'], ghosts: 0, sessions: 2 });
    await lab.control.clearFaults();
    await lab.control.fault('lieSessions', 'garbage');
    expect((await node.liveCalls(never)).known).toBe(false);
    await lab.control.clearFaults();
    await lab.control.fault('database');
    expect(await node.liveCalls(never)).toEqual({
      known: false,
      why: 'core database: -ERR Database error!',
    });
    for (const dialog of dialogs) await dialog.bye();
  });

  test('one is hung up: its caller gets a BYE, the other call stays, and again is no error', async () => {
    const cut = await phone.call(lab.sip, 'echo');
    const kept = await phone.call(lab.sip, '112');
    const uuid = await uuidOf('echo');
    expect(await node.channelExists(uuid, never)).toBe(true);
    await node.hangUp(uuid, 'MANAGER_REQUEST', never);
    expect(await node.channelExists(uuid, never)).toBe(false);
    const bye = await phone.heard((line) => line.start.startsWith('BYE '), 'the BYE');
    expect(bye.header('call-id')).toBe(cut.callId);
    expect(bye.header('reason')).toContain('MANAGER_REQUEST');
    await node.hangUp(uuid, 'MANAGER_REQUEST', never);
    expect(await live()).toEqual({ destinations: ['112'], ghosts: 0, sessions: 1 });
    expect((await lab.control.stats()).endedBy).toMatchObject({ operator: 1 });
    await kept.bye();
  });

  test('one that rings is refused, and its caller acknowledges that', async () => {
    const dialog = phone.dialog(lab.sip, 'ring-forever');
    dialog.invite();
    await dialog.answer('INVITE', 180);
    await node.hangUp(await uuidOf('ring-forever'), 'NORMAL_CLEARING', never);
    await dialog.answer('INVITE', 480);
    dialog.acknowledge();
    expect(await sessions()).toBe(0);
    expect(phone.received.some(({ start }) => start.startsWith('BYE '))).toBe(false);
  });

  test('the first leg of a bridge takes the second along', async () => {
    await phone.call(lab.sip, 'bridge1');
    expect((await live()).sessions).toBe(2);
    await node.hangUp(await uuidOf('bridge1'), 'NORMAL_CLEARING', never);
    expect(await live()).toEqual({ destinations: [], ghosts: 0, sessions: 0 });
    await phone.heard((line) => line.start.startsWith('BYE '), 'the BYE');
  });

  test('one that rang is answered afterwards, and the sessions rise', async () => {
    const dialog = phone.dialog(lab.sip, 'ring-bridge');
    dialog.invite();
    await dialog.answer('INVITE', 180);
    expect(await sessions()).toBe(1);
    expect(await lab.control.settleRinging('answer')).toBe(1);
    await dialog.answer('INVITE', 200);
    dialog.acknowledge();
    expect(await sessions()).toBe(2);
    expect(dialog.answers('INVITE').map(codeOf)).toEqual([100, 180, 200]);
    await dialog.bye();
  });
});

describe('paused', () => {
  test('inbound and outbound apart', async () => {
    await node.pauseInbound(true, never);
    expect((await node.observe('pulse', never)).pause).toEqual(known({ inbound: true, outbound: false }));
    await node.pauseInbound(false, never);
    expect((await node.observe('pulse', never)).pause).toEqual(known({ inbound: false, outbound: false }));
  });
});

describe('ESL in trouble', () => {
  const turnedAway = (code: string): Promise<unknown> =>
    until(code, async () => {
      const seen = await node.observe('pulse', never);
      return seen.trouble?.code === code && !seen.sessions.known;
    });

  /** By itself: all that is done is to read. */
  async function comesBack(): Promise<void> {
    await until('the node is read again', async () => (await sessions()) === 0);
    const before = heard.length;
    const dialog = await phone.call(lab.sip, 'echo');
    await until('the call is heard of', () => heard.length > before);
    await dialog.bye();
  }

  test('reset', async () => {
    await lab.control.fault('resetEsl');
    await comesBack();
  });

  test('half open: unknown in time, then another connection', async () => {
    await lab.control.fault('halfOpen');
    const seen = await node.observe('pulse', never);
    expect(seen.trouble).toMatchObject({ code: 'timeout' });
    expect(seen.sessions.known).toBe(false);
    await comesBack();
  });

  test('slow: what is late is unknown', async () => {
    await lab.control.fault('slowEsl', 800);
    const seen = await node.observe('pulse', never);
    expect(seen.sessions).toEqual(known(0));
    expect(seen.channels.known).toBe(false);
    await lab.control.fault('slowEsl', false);
    await comesBack();
  });

  test.each([
    ['wrongPassword', 'esl.auth'],
    ['acl', 'esl.acl'],
  ] as const)('%s: who is in stays in, who must come anew is turned away', async (fault, code) => {
    await lab.control.fault(fault);
    expect((await node.observe('pulse', never)).trouble).toBeNull();
    await lab.control.fault('resetEsl');
    await turnedAway(code);
    await lab.control.fault(fault, false);
    await comesBack();
  });

  test.each([
    ['refuseEsl', 'connect.refused'],
    ['silentEsl', 'connect.timeout'],
  ] as const)('%s', async (fault, code) => {
    await lab.control.fault(fault);
    await turnedAway(code);
    await lab.control.fault(fault, false);
    await comesBack();
  });
});
