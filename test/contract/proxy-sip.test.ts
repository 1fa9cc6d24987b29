import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startCaller, type CallerStats } from '../../src/lab/caller/caller.ts';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import { eventually } from '../support/eventually.ts';
import { startLabProxy } from '../support/lab-proxy.ts';
import { startKamailio } from '../support/real-kamailio.ts';
import { callRpc } from '../support/rpc-call.ts';
import { startAnswerer, type SipAnswerer } from '../support/sip-answerer.ts';

interface ProxyUnderTest {
  readonly rpcUrl: string;
  readonly sip: { readonly host: string; readonly port: number };
  stop(): Promise<void>;
}

/** The same calls through both: the caller must fare the same, and so must the nodes. */
describe.each(['Kamailio', 'the stand-in'])('%s', (who) => {
  let network: LabNetwork;
  let one: SipAnswerer;
  let two: SipAnswerer;
  let proxy: ProxyUnderTest;

  beforeEach(async () => {
    network = await claimNetwork();
    one = await startAnswerer({ host: network.host(11), port: 5080 }, { invite: 200 });
    two = await startAnswerer({ host: network.host(12), port: 5080 }, { invite: 200 });
    const host = network.host(5);
    const destinations = [
      { set: 1, uri: one.uri },
      { set: 1, uri: two.uri },
    ];
    proxy =
      who === 'Kamailio'
        ? await startKamailio({ host, destinations, pingInterval: 0, frTimer: 1_000 })
        : await startLabProxy({ host, destinations, pingIntervalMs: 0, frTimerMs: 1_000 });
  });
  afterEach(async () => {
    await Promise.all([proxy.stop(), one.close(), two.close()]);
    await network.release();
  });

  async function calls(count: number, holdMs: number): Promise<CallerStats> {
    const caller = await startCaller({
      from: { host: network.host(20) },
      proxy: proxy.sip,
      callsPerSecond: 20,
      holdMs: [holdMs, holdMs],
      maxCalls: count,
      transactionMs: 10_000,
    });
    await eventually(
      () => caller.stats().attempted,
      (attempted) => attempted === count,
    );
    return caller.stop({ letCallsEnd: true });
  }

  const setState = (state: string, uri: string): ReturnType<typeof callRpc> =>
    callRpc(proxy.rpcUrl, 'dispatcher.set_state', [state, 1, uri]);

  test('spreads calls evenly, and carries them to their end', async () => {
    expect(await calls(20, 200)).toMatchObject({ answered: 20, ended: 20, failed: [] });
    expect([one.count('INVITE'), two.count('INVITE')]).toEqual([10, 10]);
    expect([one.count('BYE'), two.count('BYE')]).toEqual([10, 10]);
  });

  test('sends a call on after 503 and after silence', async () => {
    one.manner = { invite: 503 };
    expect(await calls(4, 50)).toMatchObject({ ended: 4, failed: [] });
    one.manner = { invite: 'silent' };
    expect(await calls(4, 50)).toMatchObject({ ended: 4, failed: [] });
    expect(two.count('BYE')).toBe(8);
  });

  test('gives no new call to a node that is disabled, and carries the ones it has to their end', async () => {
    const running = calls(6, 1_500);
    await eventually(
      () => one.up + two.up,
      (up) => up === 6,
    );
    await setState('d', one.uri);
    expect(await calls(4, 50)).toMatchObject({ ended: 4, failed: [] });
    expect(one.count('INVITE')).toBe(3);
    expect(await running).toMatchObject({ ended: 6, failed: [] });
    expect(one.count('BYE')).toBe(3);
  });

  test('answers 503 itself when no node is left, and passes on what else a node says', async () => {
    await setState('d', one.uri);
    two.manner = { invite: 486 };
    const busy = await calls(1, 50);
    expect(busy.failed.map(({ why }) => why)).toEqual(['INVITE: 486 As Told']);
    await setState('d', two.uri);
    const refused = await calls(1, 50);
    expect(refused.failed.map(({ why }) => why)).toEqual(['INVITE: 503 No Media Node']);
  });

  test('sends a CANCEL on to the node that rings', async () => {
    one.manner = { invite: 'ring' };
    two.manner = { invite: 'ring' };
    const caller = await startCaller({
      from: { host: network.host(20) },
      proxy: proxy.sip,
      callsPerSecond: 20,
      holdMs: [50, 50],
      maxCalls: 2,
    });
    await eventually(
      () => one.count('INVITE') + two.count('INVITE'),
      (count) => count === 2,
    );
    expect(await caller.stop({ letCallsEnd: false })).toMatchObject({ ended: 2, failed: [] });
    expect([one.count('CANCEL'), two.count('CANCEL')]).toEqual([1, 1]);
  });
});
