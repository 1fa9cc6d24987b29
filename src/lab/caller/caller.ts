/** Places calls at a steady rate and keeps the books: how many were answered, how many ended well, which failed and why. */
import { openSipSocket } from '../proxy/sip-socket.ts';
import { header, replyTo, tagOf, type HostPort, type SipMessage } from '../proxy/sip-message.ts';
import { CALL_LINGER_MS, createCall, TRANSACTION_MS, type Call } from './call.ts';
import { randomFrom } from './random.ts';

export interface CallerOptions {
  /** The address that calls come from; any free port unless it is given. */
  readonly from: { readonly host: string; readonly port?: number };
  readonly proxy: HostPort;
  readonly callsPerSecond: number;
  /** A call lasts between these, from its answer to its BYE. */
  readonly holdMs: readonly [shortest: number, longest: number];
  readonly maxCalls?: number;
  /** Who is called; default `1000`. */
  readonly destination?: string;
  /** Hold times follow from it: the same seed, the same times. Default 1. */
  readonly seed?: number;
  /** How long INVITE and BYE wait for their final answer; default 32 s, as RFC 3261 has it. */
  readonly transactionMs?: number;
}

export interface FailedCall {
  readonly callId: string;
  readonly why: string;
  /** Wall clock, ms since 1970. */
  readonly at: number;
}

export interface CallerStats {
  readonly attempted: number;
  readonly answered: number;
  /** Ended as they should, by whichever side. */
  readonly ended: number;
  readonly failed: readonly FailedCall[];
  /** Begun and neither ended nor failed. */
  readonly active: number;
}

export interface Caller {
  stats(): CallerStats;
  /**
   * Places no more calls and resolves when none is left. `letCallsEnd: true` waits for them to end by themselves,
   * otherwise they are hung up. Bounded by the longest hold time plus the time of two transactions.
   */
  stop(how: { readonly letCallsEnd: boolean }): Promise<CallerStats>;
}

/** How often it looks how many calls are due. */
const TICK_MS = 10;

/** @throws when the address cannot be bound */
export async function startCaller(options: CallerOptions): Promise<Caller> {
  const calls = new Map<string, Call>();
  const live = new Set<string>();
  const failed: FailedCall[] = [];
  const transactionMs = options.transactionMs ?? TRANSACTION_MS;
  const random = randomFrom(options.seed ?? 1);
  const maxCalls = options.maxCalls ?? Number.POSITIVE_INFINITY;
  const run = `${process.pid.toString(36)}${Math.floor(performance.now()).toString(36)}`;
  const lingering = new Set<NodeJS.Timeout>();
  let attempted = 0;
  let answered = 0;
  let ended = 0;
  let noneLeft: (() => void) | null = null;

  const socket = await openSipSocket({ host: options.from.host, port: options.from.port ?? 0 }, receive);

  function receive(message: SipMessage, source: HostPort): void {
    const call = calls.get(header(message, 'Call-ID'));
    if (call !== undefined) {
      call.receive(message, source);
    } else if (message.kind === 'request' && message.method !== 'ACK') {
      const inDialog = tagOf(header(message, 'To')) !== '';
      const [status, reason] = inDialog
        ? ([481, 'Call/Transaction Does Not Exist'] as const)
        : message.method === 'OPTIONS'
          ? ([200, 'OK'] as const)
          : ([405, 'Method Not Allowed'] as const);
      socket.send(replyTo(message, status, reason, 'caller'), source);
    }
  }

  function place(): void {
    attempted += 1;
    const callId = `${attempted.toString().padStart(8, '0')}-${run}@${socket.address.host}:${socket.address.port}`;
    const [shortest, longest] = options.holdMs;
    const call = createCall({
      callId,
      self: socket.address,
      proxy: options.proxy,
      destination: options.destination ?? '1000',
      holdMs: shortest + random() * (longest - shortest),
      transactionMs,
      send: (message, to) => socket.send(message, to),
      onAnswer: () => (answered += 1),
      onEnd(failure) {
        if (failure === null) ended += 1;
        else failed.push({ callId, why: failure, at: Date.now() });
        live.delete(callId);
        const timer = setTimeout(() => {
          lingering.delete(timer);
          calls.delete(callId);
        }, CALL_LINGER_MS);
        lingering.add(timer);
        if (live.size === 0) noneLeft?.();
      },
    });
    calls.set(callId, call);
    live.add(callId);
    call.start();
  }

  const startedAt = performance.now();
  const ticking = setInterval(() => {
    const due = ((performance.now() - startedAt) * options.callsPerSecond) / 1_000;
    while (attempted < Math.min(due, maxCalls)) place();
  }, TICK_MS);

  const stats = (): CallerStats => ({
    attempted,
    answered,
    ended,
    failed: [...failed],
    active: live.size,
  });

  return {
    stats,
    async stop({ letCallsEnd }) {
      clearInterval(ticking);
      if (!letCallsEnd) for (const callId of live) calls.get(callId)?.hangUp();
      if (live.size > 0) {
        const bound = options.holdMs[1] + 2 * transactionMs;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, bound);
          noneLeft = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      for (const timer of lingering) clearTimeout(timer);
      for (const call of calls.values()) call.abandon();
      await socket.close();
      return stats();
    },
  };
}
