import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RawEsl } from '../support/esl-transcript.ts';
import { eventually } from '../support/eventually.ts';
import { startLabNode, type LabNode } from '../support/lab-node.ts';
import { SipPhone } from '../support/sip-phone.ts';

let node: LabNode;
const clients: RawEsl[] = [];

async function connect(): Promise<RawEsl> {
  const esl = await RawEsl.connect(node.esl);
  clients.push(esl);
  return esl;
}

async function login(): Promise<RawEsl> {
  const esl = await connect();
  await esl.login(node.esl.password);
  return esl;
}

const api = async (command: string): Promise<string> => (await login()).api(command);
const closed = (esl: RawEsl): Promise<boolean> =>
  eventually(
    () => esl.closed,
    (gone) => gone,
  );

beforeEach(async () => {
  node = await startLabNode({
    gateways: [
      { name: 'trunk-a', state: 'REGED' },
      { name: 'trunk-b', state: 'REGED' },
    ],
  });
});
afterEach(async () => {
  for (const esl of clients.splice(0)) esl.end();
  await node.stop();
});

describe('what the database says', () => {
  test('database: show fails, status does not', async () => {
    await node.control.fault('database');
    expect(await api('show calls count')).toBe('-ERR Database error!\n');
    expect(await api('status')).toContain('is ready');
    await node.control.fault('database', false);
    expect(await api('show calls count')).toBe('\n0 total.\n');
  });

  test('ghostRows and missingRows: rows without sessions, sessions without rows', async () => {
    await node.control.fault('ghostRows', 2);
    expect(await api('show channels count as json')).toBe('{"row_count":2,"rows":[]}');
    expect(await api('status')).toContain('\n0 session(s) - ');
    await node.control.clearFaults();
    await api('originate loopback/9196/public &park()');
    await node.control.fault('missingRows');
    expect(await api('show calls count as json')).toBe('{"row_count": 0}\n');
    expect(await api('status')).toContain('\n2 session(s) - ');
  });
});

describe('what ESL says', () => {
  test('silentEsl: a connection to which nothing is ever said', async () => {
    await node.control.fault('silentEsl');
    const esl = await connect();
    esl.send(`auth ${node.esl.password}`);
    await expect(esl.frame(300)).rejects.toThrow('not seen');
    await node.control.fault('silentEsl', false);
    await login();
  });

  test('halfOpen: who is connected hears nothing more, who comes anew does', async () => {
    const before = await login();
    await node.control.fault('halfOpen');
    expect(await api('status')).toContain('ready');
    before.send('api status');
    await expect(before.frame(300)).rejects.toThrow('not seen');
    expect(before.closed).toBe(false);
  });

  test('slowEsl: every answer late', async () => {
    const esl = await login();
    await node.control.fault('slowEsl', 400);
    const asked = performance.now();
    await esl.api('status');
    expect(performance.now() - asked).toBeGreaterThan(390);
  });

  test('resetEsl: connections cut, new ones welcome', async () => {
    const esl = await login();
    await node.control.fault('resetEsl');
    await closed(esl);
    await login();
  });

  test('refuseEsl: nobody listens, until it is cleared', async () => {
    const esl = await login();
    await node.control.fault('refuseEsl');
    await closed(esl);
    await expect(connect()).rejects.toThrow('ECONNREFUSED');
    await node.control.fault('refuseEsl', false);
    await login();
  });

  test('wrongPassword and acl: the two ways to be turned away', async () => {
    await node.control.fault('wrongPassword');
    const esl = await connect();
    await esl.frame();
    esl.send(`auth ${node.esl.password}`);
    expect(await esl.frame()).toBe('Content-Type: command/reply\nReply-Text: -ERR invalid\n\n');
    await closed(esl);
    await node.control.fault('acl');
    expect(await (await connect()).frame()).toContain('text/rude-rejection');
  });

  test('lieSessions: nothing to read, nothing at all, or sessions that leaked', async () => {
    await node.control.fault('lieSessions', 'garbage');
    expect(await api('status')).not.toContain('session(s) - ');
    await node.control.fault('lieSessions', 'empty');
    expect(await api('json {"command":"status","data":""}')).toBe('-ERR no reply\n');
    await node.control.fault('lieSessions', 3);
    expect(await api('status')).toContain('\n3 session(s) - ');
  });

  test('notReady: ESL answers while the core is not ready and SIP refuses', async () => {
    await node.control.fault('notReady');
    expect(await api('status')).toContain('is not ready\n');
    const phone = await SipPhone.open(node.network.host(200));
    const dialog = phone.dialog(node.sip, 'echo');
    dialog.request('OPTIONS');
    await dialog.answer('OPTIONS', 503);
    phone.close();
  });

  test('refuseOptions: a ping fails while calls go through', async () => {
    await node.control.fault('refuseOptions');
    const phone = await SipPhone.open(node.network.host(200));
    const ping = phone.dialog(node.sip, 'echo');
    ping.request('OPTIONS');
    await ping.answer('OPTIONS', 503);
    await phone.call(node.sip, 'echo');
    await node.control.clearFaults();
    const again = phone.dialog(node.sip, 'echo');
    again.request('OPTIONS');
    await again.answer('OPTIONS', 200);
    phone.close();
  });

  test('noProfile and noGateway: what did not come up', async () => {
    await node.control.fault('noGateway', 'trunk-b');
    const table = await api('sofia status gateway');
    expect(table).toMatch(/::trunk-a.*\tREGED\t/);
    expect(table).toMatch(/::trunk-b.*\tFAIL_WAIT\t/);
    await node.control.fault('noProfile');
    expect(await api('sofia status')).toContain('\n0 profiles 0 aliases\n');
    const phone = await SipPhone.open(node.network.host(200));
    const dialog = phone.dialog(node.sip, 'echo');
    dialog.request('OPTIONS');
    // What was sent before is through once ESL has answered and the profile is back.
    await api('status');
    await node.control.clearFaults();
    const other = phone.dialog(node.sip, 'echo');
    other.request('OPTIONS');
    await other.answer('OPTIONS', 200);
    expect(dialog.answers('OPTIONS')).toEqual([]);
    phone.close();
  });

  test('a fault that is none is refused', async () => {
    await expect(node.control.fault(randomUUID() as 'acl')).rejects.toThrow('no fault');
  });
});

describe('faults of a start', () => {
  test('slowBoot: once, and later than usual', async () => {
    await node.stop();
    node = await startLabNode({ unit: true });
    await node.control.fault('slowBoot', 800);
    const asked = performance.now();
    await node.unit('restart');
    await node.ready();
    expect(performance.now() - asked).toBeGreaterThan(800);
    await node.control.fault('database', true, 'nextStart');
    expect(await api('show calls count')).toBe('\n0 total.\n');
    await node.unit('restart');
    await node.ready();
    expect(await api('show calls count')).toBe('-ERR Database error!\n');
  });

  test('failBoot: two starts fail, and Restart=always brings it up in the end', async () => {
    await node.stop();
    node = await startLabNode({ unit: 'always' });
    await node.control.fault('failBoot', 2);
    await node.unit('restart');
    const status = await eventually(
      () => node.unit('status'),
      ({ ready, starts }) => ready && starts === 4,
    );
    expect(status.exit).toBe('1');
  });

  test('secondRestart: a new core_uuid after the one that was wanted', async () => {
    await node.stop();
    node = await startLabNode({ unit: true });
    await node.control.fault('secondRestart', 300);
    await node.unit('restart');
    await node.ready();
    const uuids = await eventually(
      () => node.inviteLog().flatMap((line) => (line.event === 'start' ? [line.coreUuid] : [])),
      (all) => all.length === 3,
    );
    expect(new Set(uuids).size).toBe(3);
    await eventually(
      () => node.control.stats(),
      ({ coreUuid, phase }) => coreUuid === uuids[2] && phase === 'running',
    );
  });
});
