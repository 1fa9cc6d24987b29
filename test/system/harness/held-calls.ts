import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../support/until.ts';
import { playScenario } from './sipp.ts';
import { heldCallScenario } from './sipp-scenario.ts';

export interface HeldCallsOptions {
  /** For its files; they stay there. */
  readonly directory: string;
  readonly from: string;
  /** A proxy's SIP address, or that of a node itself (port 5080), past the proxies. */
  readonly at: { readonly host: string; readonly port: number };
  /** How many calls to which number: `{ '112': 3, 'recorder-1': 2 }`. `ring60000` rings for so many ms, and
   * is waited for as long as it rings. */
  readonly to: Readonly<Record<string, number>>;
  /** After so long the caller hangs up; default 60 s. */
  readonly holdMs?: number;
  /** Default all at once, at most 10 a second. */
  readonly callsPerSecond?: number;
}

/** Every list has the called numbers, one for each call, in the order of time. */
export interface HeldCalls {
  readonly pid: number;
  /** The address that they come from. */
  readonly from: string;
  /** Answered, whatever became of them. */
  answered(): readonly string[];
  ringing(): readonly string[];
  /** Got a final answer other than 200. */
  refused(): readonly string[];
  /** Hung up by the far side. A node that crashed says no BYE: its calls fail, see `errors`. */
  cutByFarSide(): readonly string[];
  /** Hung up from here. */
  endedHere(): readonly string[];
  /** Up now: answered and not over. Calls on a node that crashed are up for the caller until it hangs up. */
  up(): readonly string[];
  errors(): string;
  /**
   * The callers of calls that are up hang up now, all or those to that number. Resolves when the far sides have answered.
   * Not for calls on a node that is gone.
   */
  hangUp(number?: string): Promise<void>;
  /** Ends SIPp at once; the far sides hear nothing of it. */
  stop(): Promise<void>;
}

/**
 * Places calls and holds them. Resolves when every call has got as far as it will: up, refused, or ringing.
 * @throws when they have not within 10 s
 */
export async function holdCalls(options: HeldCallsOptions): Promise<HeldCalls> {
  const numbers = Object.entries(options.to).flatMap(([to, calls]) => Array<string>(calls).fill(to));
  const { sipp, server, directory } = await playScenario(
    {
      directory: options.directory,
      from: options.from,
      proxy: options.at,
      callsPerSecond: options.callsPerSecond ?? 10,
      calls: numbers.length,
    },
    heldCallScenario(options.holdMs ?? 60_000),
    ['-inf', 'numbers.csv', '-trace_logs', '-log_file', 'calls.log'],
    { 'numbers.csv': `SEQUENTIAL\n${numbers.map((to) => `${to};\n`).join('')}` },
  );
  const file = join(directory, 'calls.log');
  const lines = (event: string): readonly LoggedCall[] =>
    (existsSync(file) ? readFileSync(file, 'utf8') : '')
      .split('\n')
      .map((line) => line.split(' '))
      .flatMap(([name, to = '', id, tag = '']) =>
        name === event && id !== undefined ? [{ to, id, tag }] : [],
      );
  const logged = (event: string): readonly string[] => lines(event).map(({ to }) => to);
  const held: HeldCalls = {
    pid: sipp.pid,
    from: options.from,
    answered: () => logged('up'),
    ringing: () => without(logged('ringing'), [...logged('up'), ...logged('refused')]),
    refused: () => logged('refused'),
    cutByFarSide: () => logged('cut'),
    endedHere: () => logged('ended'),
    up: () => without(logged('up'), [...logged('cut'), ...logged('ended')]),
    errors: () => withoutExpected(sipp.errors()),
    async hangUp(number) {
      const over = new Set([...lines('cut'), ...lines('ended')].map(({ id }) => id));
      const asked = lines('up').filter(({ id, to }) => !over.has(id) && (number ?? to) === to);
      const settled = held.endedHere().length + held.cutByFarSide().length + asked.length;
      await Promise.all(asked.map((call) => askToHangUp(options.from, call)));
      await until(`${asked.length} calls are hung up`, () => {
        return held.endedHere().length + held.cutByFarSide().length >= settled;
      });
    },
    stop: () => sipp.stop(),
  };
  try {
    await until(
      `${numbers.length} calls from ${options.from} to ${options.at.host} are up, refused or ringing`,
      () => {
        const settled = held.answered().length + held.refused().length + held.ringing().length;
        if (settled >= numbers.length) return true;
        if (server.ended) throw new Error(`SIPp ended: ${held.errors()} ${server.log().slice(-2_000)}`);
        return false;
      },
      10_000,
    );
  } catch (error) {
    await held.stop();
    throw error;
  }
  return held;
}

interface LoggedCall {
  readonly to: string;
  readonly id: string;
  /** `;tag=…` of the far side. */
  readonly tag: string;
}

/** The scenario's own sign, straight to SIPp's socket: an INFO of that Call-ID. It is not answered. */
async function askToHangUp(from: string, { to, id, tag }: LoggedCall): Promise<void> {
  const socket = createSocket('udp4');
  const message = [
    `INFO sip:caller@${from}:5060 SIP/2.0`,
    'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKharness',
    `From: <sip:caller@${from}>;tag=harness`,
    `To: <sip:${to}@${from}>${tag}`,
    `Call-ID: ${id}`,
    'CSeq: 900 INFO',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  await new Promise<void>((resolve, reject) =>
    socket.send(message, 5060, from, (error) => (error === null ? resolve() : reject(error))),
  );
  socket.close();
}

/** SIPp writes every timeout down, that of the hold as well, and no line break after it. */
function withoutExpected(errors: string): string {
  return errors
    .replace('The following events occurred:', '')
    .replace(/\d{4}-\d\d-\d\d\t[^\n]*?jumping to label \d+?(?=\d{4}-|\s|$)/g, '')
    .trim();
}

/** Takes away one for one. */
function without(from: readonly string[], away: readonly string[]): readonly string[] {
  const left = [...from];
  for (const one of away) {
    const index = left.indexOf(one);
    if (index >= 0) left.splice(index, 1);
  }
  return left;
}
