import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import { openSipSocket } from '../../src/lab/proxy/sip-socket.ts';
import { addressOf, header, replyTo } from '../../src/lab/proxy/sip-message.ts';
import { STATE_TABLE } from '../support/dispatcher-state-table.ts';
import { eventually } from '../support/eventually.ts';
import { startLabProxy } from '../support/lab-proxy.ts';
import { startKamailio } from '../support/real-kamailio.ts';
import { callRpc, flagsOf } from '../support/rpc-call.ts';

/**
 * The whole table of states on both proxies: one of each for each probing mode, all at once, a destination for each
 * row. What the destinations of a proxy answer is one decision, so that every row goes through the same four moments.
 */

/** Long enough for two failed pings (1 s apart, 1 s of silence each) and one more. */
const ROUNDS = 5;
const PING_TIMEOUT_MS = 1_000;
/** A set of its own with one destination that the test keeps at IP: it is pinged in every mode, and counts the rounds. */
const CLOCK_SET = 9;

interface ProxyUnderTest {
  readonly rpcUrl: string;
  stop(): Promise<void>;
}

/** What was seen at each of the four moments, by the argument of set_state. */
type Seen = Record<string, string[]>;

/** Destinations of one proxy, told apart by the user part of their URIs. */
async function startTarget(host: string): Promise<{
  answering: boolean;
  rounds: () => number;
  uri: (user: string) => string;
  close: () => Promise<void>;
}> {
  const clockPings = new Set<string>();
  const socket = await openSipSocket({ host, port: 5080 }, (message, source) => {
    if (message.kind !== 'request') return;
    if (message.uri.startsWith('sip:clock@')) clockPings.add(header(message, 'Call-ID'));
    if (target.answering) socket.send(replyTo(message, 200, 'OK', 'target'), source);
  });
  const target = {
    answering: false,
    rounds: () => clockPings.size,
    uri: (user: string) => `sip:${user}@${host}:5080`,
    close: () => socket.close(),
  };
  return target;
}

async function goThrough(
  start: (destinations: { set: number; uri: string; flags?: number }[]) => Promise<ProxyUnderTest>,
  targetHost: string,
  mode: number,
): Promise<Seen> {
  const rows = STATE_TABLE.filter((row) => row.mode === mode);
  const target = await startTarget(targetHost);
  const clock = target.uri('clock');
  const proxy = await start([
    // Disabled at first, so that no ping is under way when its state is written.
    ...rows.map((row) => ({ set: 1, uri: target.uri(row.set), flags: 4 })),
    { set: CLOCK_SET, uri: clock },
  ]);
  try {
    const seen: Seen = Object.fromEntries(rows.map((row) => [row.set, []]));
    const look = async (): Promise<Record<string, string>> =>
      Object.fromEntries(
        (await flagsOf(proxy.rpcUrl, 1)).map(([uri, flags]) => [/^sip:(\w+)@/.exec(uri)?.[1] ?? uri, flags]),
      );
    const write = async (state: string, set: number, uri: string): Promise<void> => {
      const { status } = await callRpc(proxy.rpcUrl, 'dispatcher.set_state', [state, set, uri]);
      expect(status).toBe(200);
    };
    const keep = (now: Record<string, string>): void => {
      for (const row of rows) seen[row.set]?.push(now[row.set] ?? 'missing');
    };

    // Nor may one come between the writing and the look.
    await callRpc(proxy.rpcUrl, 'dispatcher.ping_active', [0]);
    for (const row of rows) await write(row.set, 1, target.uri(row.set));
    keep(await look());
    await callRpc(proxy.rpcUrl, 'dispatcher.ping_active', [1]);

    for (const [moment, answering] of [true, false, true].entries()) {
      target.answering = answering;
      const column = moment + 1;
      for (let round = 0; round < ROUNDS; round += 1) {
        const before = target.rounds();
        // Written again and again: the outcome of the ping before may come in between and end the clock's pings.
        const tick = async (): Promise<number> => {
          await write('ip', CLOCK_SET, clock);
          return target.rounds();
        };
        await eventually(tick, (now) => now > before, 15_000, 200);
      }
      // Rows that are to change have the time they need; the others have had their rounds.
      const expected = Object.fromEntries(rows.map((row) => [row.set, row.flags[column]]));
      const isExpected = (now: Record<string, string>): boolean =>
        rows.every((row) => now[row.set] === expected[row.set]);
      await eventually(look, isExpected, 10_000).catch(() => undefined);
      keep(await look());
    }
    return seen;
  } finally {
    await Promise.all([proxy.stop(), target.close()]);
  }
}

let network: LabNetwork;
const results = new Map<string, Promise<Seen>>();

beforeAll(async () => {
  network = await claimNetwork();
  for (const mode of [0, 1, 2, 3] as const) {
    results.set(
      `Kamailio ${mode}`,
      goThrough(
        (destinations) =>
          startKamailio({
            host: network.host(10 + mode),
            destinations,
            probingMode: mode,
            frTimer: PING_TIMEOUT_MS,
          }),
        network.host(20 + mode),
        mode,
      ),
    );
    results.set(
      `the stand-in ${mode}`,
      goThrough(
        (destinations) =>
          startLabProxy({
            host: network.host(30 + mode),
            destinations,
            probingMode: mode,
            frTimerMs: PING_TIMEOUT_MS,
          }),
        network.host(40 + mode),
        mode,
      ),
    );
  }
  // Each is awaited by its own test.
  for (const result of results.values()) result.catch(() => undefined);
});
afterAll(async () => {
  await Promise.allSettled(results.values());
  await network.release();
});

describe.each(['Kamailio', 'the stand-in'])('%s', (who) => {
  test.each([0, 1, 2, 3])('has the states of the table in probing mode %i', async (mode) => {
    const expected = Object.fromEntries(
      STATE_TABLE.filter((row) => row.mode === mode).map((row) => [row.set, [...row.flags]]),
    );
    expect(await results.get(`${who} ${mode}`)).toEqual(expected);
  });
});

describe('a 503 to OPTIONS', () => {
  test.each(['Kamailio', 'the stand-in'])('is a failed ping for %s', async (who) => {
    const [proxyHost, nodeHost] = who === 'Kamailio' ? [50, 51] : [52, 53];
    let status = 200;
    const uri = `sip:${network.host(nodeHost)}:5080`;
    const address = addressOf(uri);
    if (address === undefined) throw new Error('no address');
    const socket = await openSipSocket(address, (message, source) => {
      if (message.kind === 'request') socket.send(replyTo(message, status, 'As Told', 'node'), source);
    });
    const host = network.host(proxyHost);
    const destinations = [{ set: 1, uri }];
    const proxy =
      who === 'Kamailio'
        ? await startKamailio({ host, destinations })
        : await startLabProxy({ host, destinations });
    const is = (flags: string) => (list: [string, string][]) => list[0]?.[1] === flags;
    try {
      await eventually(() => flagsOf(proxy.rpcUrl, 1), is('AP'));
      status = 503;
      await eventually(() => flagsOf(proxy.rpcUrl, 1), is('IP'));
      status = 299;
      await eventually(() => flagsOf(proxy.rpcUrl, 1), is('AP'));
    } finally {
      await Promise.all([proxy.stop(), socket.close()]);
    }
  });
});
