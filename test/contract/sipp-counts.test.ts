/** What SIPp's counts say of calls that end well, and of each way in which one is lost: real SIPp, a far side that does as told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import { byeFrom, startAnswerer, type AnswererManner, type SipAnswerer } from '../support/sip-answerer.ts';
import { until } from '../support/until.ts';
import { startSipp, type RunningSipp } from '../system/harness/sipp.ts';
import { countsIn, hungUpByFarSide, longestTimeIn, lostCalls } from '../system/harness/sipp-counts.ts';

const CALLS = 3;

let network: LabNetwork;
let directory: string;
let far: SipAnswerer;
let sipp: RunningSipp | undefined;

beforeEach(async () => {
  network = await claimNetwork();
  directory = await mkdtemp(join(tmpdir(), 'fsha-sipp-'));
  far = await startAnswerer({ host: network.host(1), port: 5060 }, { invite: 200 });
});
afterEach(async () => {
  await sipp?.stop();
  sipp = undefined;
  await far.close();
  await network.release();
  await rm(directory, { recursive: true, force: true });
});

/** SIPp with three calls, ten a second, against a far side of that manner. */
async function call(manner: AnswererManner, holdMs: number, setUpTimes = false): Promise<RunningSipp> {
  far.manner = manner;
  const from = network.host(20);
  const options = { directory, from, proxy: far.address, callsPerSecond: 10, calls: CALLS, setUpTimes };
  sipp = await startSipp({ ...options, holdMs: [holdMs, holdMs] });
  return sipp;
}

const sent = (): number => far.count('INVITE') + far.count('BYE');

test('calls that end well', async () => {
  const caller = await call({ invite: 200 }, 200, true);
  const counts = await caller.done();
  expect(counts).toEqual({
    created: CALLS,
    current: 0,
    successful: CALLS,
    failed: 0,
    retransmissions: sent() - 2 * CALLS,
  });
  expect(lostCalls(counts)).toBe(0);
  expect(caller.errors()).toBe('');
  expect(caller.longestSetUpMs()).toBeGreaterThanOrEqual(0);
});

test('requests sent again, and how long that made the set-up', async () => {
  const caller = await call({ invite: 'silent' }, 200, true);
  await until('every INVITE came twice', () => far.count('INVITE') >= 2 * CALLS);
  far.manner = { invite: 200 };
  const counts = await caller.done();
  expect(counts).toMatchObject({ successful: CALLS, failed: 0 });
  expect(counts.retransmissions).toBe(sent() - 2 * CALLS);
  expect(counts.retransmissions).toBeGreaterThanOrEqual(CALLS);
  // The first one is sent again after 500 ms.
  expect(caller.longestSetUpMs()).toBeGreaterThanOrEqual(500);
});

describe('lost:', () => {
  const manners: readonly (readonly [string, AnswererManner])[] = [
    ['refused', { invite: 503 }],
    ['no word to the INVITE', { invite: 'silent' }],
    ['rings and is never answered', { invite: 'ring' }],
    ['no answer to the BYE', { invite: 200, bye: 'silent' }],
    ['the far side does not know the call any more', { invite: 200, bye: 481 }],
  ];
  test.each(manners)('%s', async (_, manner) => {
    const counts = await (await call(manner, 200)).done();
    expect(counts).toMatchObject({ created: CALLS, current: 0, successful: 0, failed: CALLS });
    expect(lostCalls(counts)).toBe(CALLS);
  });

  test('hung up by the far side while it is up', async () => {
    const caller = await call({ invite: 200 }, 20_000);
    await until('all are up', () => far.up === CALLS);
    const invites = new Map(
      far.requests.flatMap((one) => (one.method === 'INVITE' ? [[callIdOf(one), one] as const] : [])),
    );
    for (const invite of invites.values()) far.send(byeFrom(far, invite), { host: caller.from, port: 5060 });
    const counts = await caller.done();
    expect(counts).toMatchObject({ created: CALLS, successful: 0, failed: CALLS });
    expect(hungUpByFarSide(caller.errors())).toBe(CALLS);
  });

  test('still up when SIPp ended', async () => {
    const caller = await call({ invite: 200 }, 20_000);
    await until('SIPp says that all are up', () => far.up === CALLS && caller.counts().current === CALLS);
    await caller.stop();
    expect(caller.counts()).toMatchObject({ created: CALLS, successful: 0, failed: 0, current: CALLS });
    expect(lostCalls(caller.counts())).toBe(CALLS);
  });
});

describe('what SIPp has not said', () => {
  const names = 'TotalCallCreated;CurrentCall;SuccessfulCall(C);FailedCall(C);Retransmissions(C);';

  test('is nothing before the first line, and never 0 afterwards', () => {
    expect(countsIn('')).toMatchObject({ created: 0 });
    expect(countsIn(`${names}\n`)).toMatchObject({ created: 0 });
    expect(countsIn(`${names}\n7;1;6;0;2;\n`)).toMatchObject({ created: 7, retransmissions: 2 });
    expect(() => countsIn(`${names.replace('FailedCall(C);', '')}\n7;1;6;2;\n`)).toThrow(
      'FailedCall(C) is not there',
    );
    expect(() => countsIn(`${names}\n7;1;six;0;2;\n`)).toThrow('SuccessfulCall(C) is six');
  });

  test('a line that is not whole does not count', () => {
    expect(countsIn(`${names}\n7;1;6;0;2;\n8;1;7;0;2`)).toMatchObject({ created: 7 });
  });

  test('no set-up is no time', () => {
    expect(longestTimeIn('Date_ms;response_time_ms;rtd_no\n')).toBeNaN();
    expect(longestTimeIn('Date_ms;response_time_ms;rtd_no\n204.001;0;1\n404.001;12.5;1\n604;3;1\n')).toBe(
      12.5,
    );
  });
});

function callIdOf(request: {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}): string {
  return request.headers.find(({ name }) => name === 'Call-ID')?.value ?? '';
}
