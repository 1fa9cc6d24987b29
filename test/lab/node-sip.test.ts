import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RawEsl } from '../support/esl-transcript.ts';
import { eventually } from '../support/eventually.ts';
import { startLabNode, type LabNode, type LabNodeOptions } from '../support/lab-node.ts';
import { codeOf, SipPhone, type PhoneDialog } from '../support/sip-phone.ts';

let node: LabNode;
let phone: SipPhone;
const clients: RawEsl[] = [];

async function start(options: LabNodeOptions = {}): Promise<void> {
  node = await startLabNode(options);
  phone = await SipPhone.open(node.network.host(200));
}

async function login(): Promise<RawEsl> {
  const esl = await RawEsl.connect(node.esl);
  clients.push(esl);
  await esl.login(node.esl.password);
  return esl;
}

async function api(command: string): Promise<string> {
  return (await login()).api(command);
}

const sessions = async (): Promise<string> =>
  /^\d+ session\(s\) - /m.exec(await api('status'))?.[0] ?? 'none said';

afterEach(async () => {
  for (const esl of clients.splice(0)) esl.end();
  phone.close();
  await node.stop();
});

describe('a call', () => {
  beforeEach(() => start());

  test('is a session from its 200 to its BYE, and its answer carries what the request asked for', async () => {
    const route = `<sip:${phone.host}:${phone.port};lr;ftag=a>`;
    const via = 'Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKouter';
    const dialog = await phone.call(node.sip, 'echo', [
      via,
      `Record-Route: ${route}`,
      'Record-Route: <sip:192.0.2.9;lr>',
    ]);
    const answer = await dialog.answer('INVITE', 200);
    expect(answer.headers('via')).toHaveLength(2);
    expect(answer.headers('via')[1]).toBe(via.slice(5));
    expect(answer.headers('record-route')).toEqual([route, '<sip:192.0.2.9;lr>']);
    expect(answer.header('contact')).toBe(`<sip:echo@${node.host}:5080;transport=udp>`);
    expect(answer.text).toMatch(/m=audio \d+ RTP\/AVP 0\r\n/);
    expect(await sessions()).toBe('1 session(s) - ');
    expect(await api('show calls count')).toBe('\n1 total.\n');
    await dialog.bye();
    expect(await sessions()).toBe('0 session(s) - ');
    expect((await node.control.stats()).endedBy).toMatchObject({ caller: 1, node: 0 });
  });

  test('ended by the node gets a BYE along the route set, repeated until it is answered', async () => {
    phone.answersBye = false;
    const route = `<sip:${phone.host}:${phone.port};lr>`;
    const dialog = await phone.call(node.sip, 'echo', [`Record-Route: ${route}, <sip:192.0.2.9;lr>`]);
    const [row] = (JSON.parse(await api('show channels as json')) as { rows: { uuid: string }[] }).rows;
    expect(await api(`uuid_getvar ${row?.uuid} sip_call_id`)).toBe(dialog.callId);
    expect(await api(`uuid_kill ${row?.uuid} MANAGER_REQUEST`)).toBe('+OK\n');
    expect(await sessions()).toBe('0 session(s) - ');
    const byes = await eventually(
      () => phone.received.filter(({ start }) => start.startsWith('BYE ')),
      (all) => all.length >= 2,
    );
    expect(byes[0]?.start).toBe(`BYE sip:sipp@${phone.host}:${phone.port} SIP/2.0`);
    expect(byes[0]?.headers('route')).toEqual([route, '<sip:192.0.2.9;lr>']);
    expect(byes[0]?.header('call-id')).toBe(dialog.callId);
    expect(byes[1]?.header('cseq')).toBe(byes[0]?.header('cseq'));
    expect((await node.control.stats()).endedBy).toMatchObject({ operator: 1, caller: 0 });
  });

  test('repeats its 200 until the ACK and not after it', async () => {
    const dialogs = [phone.dialog(node.sip, 'echo'), phone.dialog(node.sip, 'echo')] as const;
    const [acknowledged, other] = dialogs;
    const oks = (dialog: PhoneDialog): number =>
      dialog.answers('INVITE').filter((line) => codeOf(line) === 200).length;
    for (const dialog of dialogs) dialog.invite();
    await eventually(
      () => Math.min(...dialogs.map(oks)),
      (count) => count >= 2,
    );
    acknowledged.acknowledge();
    // Both began together: when the other one's next has come, this one's would have come too.
    await eventually(
      () => oks(other),
      (count) => count >= 4,
    );
    expect(oks(acknowledged)).toBe(2);
    other.acknowledge();
    for (const dialog of dialogs) await dialog.bye();
  });

  test('absorbs an INVITE that is sent twice', async () => {
    const dialog = phone.dialog(node.sip, 'echo');
    dialog.invite();
    dialog.inviteAgain();
    await dialog.answer('INVITE', 200);
    dialog.acknowledge();
    const { invites, callsNow } = await node.control.stats();
    expect(callsNow).toBe(1);
    expect(invites.map(({ callId, code }) => [callId, code])).toEqual([[dialog.callId, 200]]);
    await dialog.bye();
  });

  test('that rings is a session, and ends by CANCEL with 487', async () => {
    const dialog = phone.dialog(node.sip, 'ring30000');
    dialog.invite();
    await dialog.answer('INVITE', 180);
    expect(await sessions()).toBe('1 session(s) - ');
    dialog.cancel();
    await dialog.answer('CANCEL', 200);
    const end = await eventually(
      () => dialog.last('INVITE'),
      (line) => line !== undefined && codeOf(line) >= 200,
    );
    expect(end?.start).toBe('SIP/2.0 487 Request Terminated');
    dialog.acknowledge();
    expect(await sessions()).toBe('0 session(s) - ');
    expect(node.inviteLog()).toContainEqual(expect.objectContaining({ callId: dialog.callId, code: 487 }));
  });

  test('that rings for ever is answered when it is told to, and a bridge then has its second leg', async () => {
    const dialog = phone.dialog(node.sip, 'ring-bridge');
    dialog.invite();
    await dialog.answer('INVITE', 180);
    expect(await sessions()).toBe('1 session(s) - ');
    await node.control.settleRinging('answer');
    await dialog.answer('INVITE', 200);
    dialog.acknowledge();
    expect(await sessions()).toBe('2 session(s) - ');
    await dialog.bye();
  });

  test('through a bridge: its second leg says from its creation on whose it is', async () => {
    const esl = await login();
    esl.send('event json CHANNEL_CREATE');
    await esl.frame();
    const dialog = await phone.call(node.sip, 'bridge1');
    const [a, b] = [await esl.frame(), await esl.frame()].map(
      (frame) => JSON.parse(frame.slice(frame.indexOf('\n\n') + 2)) as Record<string, string>,
    );
    expect(a?.['Channel-Call-UUID']).toBe(a?.['Unique-ID']);
    expect(Object.keys(a ?? {}).filter((name) => name.startsWith('Other-'))).toEqual([]);
    expect(b).toMatchObject({
      'Call-Direction': 'outbound',
      'Channel-Call-UUID': a?.['Unique-ID'],
      'Other-Type': 'originator',
      'Other-Leg-Unique-ID': a?.['Unique-ID'],
      'Other-Leg-Network-Addr': phone.host,
      'Caller-Unique-ID': b?.['Unique-ID'],
      variable_call_uuid: a?.['Unique-ID'],
    });
    await dialog.bye();
  });

  test('without SIP has no address', async () => {
    const esl = await login();
    esl.send('event json CHANNEL_CREATE');
    await esl.frame();
    await api('originate loopback/9196/public &hangup()');
    for (const frame of [await esl.frame(), await esl.frame()]) {
      expect(frame).toContain('"Caller-Source":"mod_loopback"');
      expect(frame).not.toContain('Network-Addr');
    }
  });

  test('is answered after its ringing', async () => {
    const dialog = await phone.call(node.sip, 'ring300');
    expect(dialog.answers('INVITE').map(codeOf)).toEqual([100, 180, 200]);
    await dialog.bye();
  });

  test('takes re-INVITE, INFO and UPDATE', async () => {
    const dialog = await phone.call(node.sip);
    for (const method of ['INVITE', 'INFO', 'UPDATE']) {
      dialog.request(method);
      await dialog.answer(method, 200);
      if (method === 'INVITE') dialog.acknowledge();
    }
    expect((await node.control.stats()).invites).toHaveLength(1);
    await dialog.bye();
  });

  test('through a bridge is 1 call, 2 channels, 2 sessions', async () => {
    const dialog = await phone.call(node.sip, 'bridge1');
    expect(await api('show calls count')).toBe('\n1 total.\n');
    expect(await api('show channels count')).toBe('\n2 total.\n');
    expect(await sessions()).toBe('2 session(s) - ');
    await dialog.bye();
    expect(await sessions()).toBe('0 session(s) - ');
    expect((await node.control.stats()).endedBy).toMatchObject({ caller: 1, node: 0 });
  });

  test('to nobody is refused', async () => {
    const dialog = phone.dialog(node.sip, 'nosuch');
    dialog.invite();
    await dialog.answer('INVITE', 404);
    dialog.acknowledge();
    expect(await api('originate loopback/nosuch/public &park()')).toBe('-ERR NO_ROUTE_DESTINATION\n');
  });
});

describe('other requests', () => {
  beforeEach(() => start());

  test.each([
    ['OPTIONS', 200],
    ['BYE', 481],
    ['MESSAGE', 405],
    ['SUBSCRIBE', 405],
    ['NONSENSE', 501],
  ])('%s outside a dialog gets %i', async (method, status) => {
    const dialog = phone.dialog(node.sip, 'echo');
    dialog.request(method);
    await dialog.answer(method, status);
  });

  test('inside a dialog that there is not they get 481', async () => {
    const dialog = await phone.call(node.sip);
    await dialog.bye();
    dialog.request('INFO');
    await dialog.answer('INFO', 481);
  });

  test('go back to the port they came from where rport asks so', async () => {
    const via = `Via: SIP/2.0/UDP 192.0.2.9:9;rport;branch=z9hG4bK1`;
    const lines = [
      'OPTIONS sip:x SIP/2.0',
      via,
      'From: <sip:a@b>;tag=1',
      'To: <sip:x@y>',
      'Call-ID: r1',
      'CSeq: 1 OPTIONS',
    ];
    phone.send(`${lines.join('\r\n')}\r\n\r\n`, node.sip);
    const answer = await phone.heard((line) => line.header('call-id') === 'r1', 'the answer');
    expect(answer.header('via')).toBe(
      `SIP/2.0/UDP 192.0.2.9:9;rport=${phone.port};branch=z9hG4bK1;received=${phone.host}`,
    );
  });

  test('REGISTER makes a row that a restart does not lose, and expires 0 removes it', async () => {
    await phone.register(node.sip, 'r@x');
    expect(await api('show registrations count')).toBe('\n1 total.\n');
    await phone.register(node.sip, 'other@x', 0);
    expect(await api('show registrations count')).toBe('\n0 total.\n');
  });
});

describe('a node that takes nothing new', () => {
  const methods = ['INVITE', 'REGISTER', 'OPTIONS', 'INFO', 'NOTIFY'] as const;

  async function refusesAll(): Promise<void> {
    for (const method of methods) {
      const dialog = phone.dialog(node.sip, 'echo');
      if (method === 'INVITE') dialog.invite();
      else dialog.request(method);
      const answer = await dialog.answer(method, 503);
      if (method === 'INVITE') dialog.acknowledge();
      expect(answer.start).toBe('SIP/2.0 503 Maximum Calls In Progress');
      expect(answer.header('retry-after')).toBe('300');
    }
  }

  test('paused inbound refuses whatever is outside a dialog; what is inside goes on', async () => {
    await start();
    const dialog = await phone.call(node.sip);
    await api('fsctl pause inbound');
    await refusesAll();
    dialog.request('INFO');
    await dialog.answer('INFO', 200);
    expect((await node.control.stats()).refused503).toBe(methods.length);
    expect(node.inviteLog().map((line) => (line.event === 'invite' ? line.code : line.event))).toEqual([
      'start',
      200,
      503,
    ]);
    await dialog.bye();
    await api('fsctl resume inbound');
    await (await phone.call(node.sip)).bye();
  });

  test('paused both ways originates nothing', async () => {
    await start();
    await api('fsctl pause');
    expect(await api('fsctl pause_check')).toBe('true');
    expect(await api('originate loopback/9196/public &park()')).toBe('-ERR DESTINATION_OUT_OF_ORDER\n');
    await api('fsctl resume');
    expect(await api('originate loopback/9196/public &park()')).toMatch(/^\+OK [0-9a-f-]{36}\n$/);
    expect(await sessions()).toBe('2 session(s) - ');
    await api('hupall');
    expect(await api('originate loopback/9196/public &hangup()')).toMatch(/^\+OK /);
    expect(await sessions()).toBe('0 session(s) - ');
  });

  test('paused outbound alone takes calls and begins none', async () => {
    await start();
    expect(await api('fsctl pause outbound')).toBe('+OK\n');
    expect(await api('fsctl pause_check outbound')).toBe('true');
    expect(await api('fsctl pause_check inbound')).toBe('false');
    expect(await api('originate loopback/9196/public &park()')).toBe('-ERR DESTINATION_OUT_OF_ORDER\n');
    await (await phone.call(node.sip)).bye();
    await api('fsctl pause inbound');
    expect(await api('fsctl resume outbound')).toBe('+OK\n');
    expect(await api('fsctl pause_check outbound')).toBe('false');
    expect(await api('fsctl pause_check inbound')).toBe('true');
    await api('fsctl resume inbound');
    expect(await api('originate loopback/9196/public &hangup()')).toMatch(/^\+OK /);
  });

  test('at its session limit refuses alike', async () => {
    await start({ sessionLimit: 1 });
    const dialog = await phone.call(node.sip);
    await refusesAll();
    await dialog.bye();
    await (await phone.call(node.sip)).bye();
  });

  test('boots: SIP answers 503 before ESL listens, and 200 afterwards', async () => {
    await start({ bootMs: 1500, until: 'sip' });
    await expect(RawEsl.connect(node.esl)).rejects.toThrow('ECONNREFUSED');
    await refusesAll();
    expect((await node.control.stats()).phase).toBe('booting');
    await node.ready();
    const dialog = phone.dialog(node.sip, 'echo');
    dialog.request('OPTIONS');
    await dialog.answer('OPTIONS', 200);
  });
});

describe('the end', () => {
  test('of calls comes from the node where it is told to', async () => {
    await start({ hangupAfterMs: [100, 200] });
    const dialog = await phone.call(node.sip);
    await phone.heard(
      (line) => line.start.startsWith('BYE ') && line.header('call-id') === dialog.callId,
      'BYE',
    );
    const stats = await eventually(
      () => node.control.stats(),
      ({ openByes }) => openByes === 0,
    );
    expect(stats.endedBy).toMatchObject({ node: 1, caller: 0 });
    expect(stats.callsNow).toBe(0);
  });

  test('by SIGTERM cuts the calls, tells the callers, and exits 0', async () => {
    await start();
    const dialog = await phone.call(node.sip);
    expect(await node.terminate()).toBe(0);
    await phone.heard(
      (line) => line.start.startsWith('BYE ') && line.header('call-id') === dialog.callId,
      'BYE',
    );
    expect(node.inviteLog().at(-1)).toMatchObject({ event: 'stop', cut: 1 });
  });

  test('by fsctl shutdown elegant waits for the last call and goes on taking new ones', async () => {
    await start();
    const first = await phone.call(node.sip);
    await api('fsctl shutdown elegant');
    const second = await phone.call(node.sip);
    await first.bye();
    await second.bye();
    await eventually(
      () => node.child.exitCode,
      (code) => code === 0,
    );
  });

  test('a restart under the unit is a new core_uuid without pause, variables and calls, with its registrations', async () => {
    await start({ unit: true });
    await phone.register(node.sip, 'r@x');
    const dialog = await phone.call(node.sip);
    await api('fsctl pause inbound');
    await api('global_setvar fsha_run=1');
    const before = await api('global_getvar core_uuid');
    expect((await node.unit('restart')).ok).toBe(true);
    await node.ready();
    expect(await api('global_getvar core_uuid')).not.toBe(before);
    expect(await api('fsctl pause_check inbound')).toBe('false');
    expect(await api('global_getvar fsha_run')).toBe('-ERR no reply\n');
    expect(await api('show registrations count')).toBe('\n1 total.\n');
    expect(await sessions()).toBe('0 session(s) - ');
    expect(node.inviteLog().map(({ event }) => event)).toEqual(['start', 'invite', 'stop', 'start']);
    dialog.request('INFO');
    await dialog.answer('INFO', 481);
  });

  test('by kill -9 says nothing to anybody, and leaves the registrations', async () => {
    await start({ unit: true });
    await phone.register(node.sip, 'r@x');
    await phone.call(node.sip);
    await node.unit('kill');
    expect((await node.unit('status')).state).toBe('failed');
    await node.unit('start');
    await node.ready();
    expect(await api('show registrations count')).toBe('\n1 total.\n');
    expect(phone.received.some(({ start }) => start.startsWith('BYE '))).toBe(false);
    expect(node.inviteLog().map(({ event }) => event)).toEqual(['start', 'invite', 'start']);
  });
});
