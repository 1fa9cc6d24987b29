/**
 * The decision that matters: may this node be restarted now? Sessions in memory decide, the database never does, and
 * one glance at zero is not enough: a call may be on its way.
 */
import { formatDuration, roughDuration } from './duration.ts';
import type { Drift } from './drift.ts';
import type { Known } from './observation.ts';

/** What one poll says of the draining node. */
export interface DrainReading {
  /** Monotonic ms at which the oldest of the readings behind it began. */
  readonly at: number;
  readonly sessions: Known<number>;
  readonly coreUuid: Known<string>;
  readonly drift: readonly Drift[];
  /** Proxies and destinations that could not be read, in words. */
  readonly unknown: readonly string[];
}

/** What has to be remembered from poll to poll. All readings of the clock are monotonic ms. */
export interface DrainMemory {
  /** When the last destination was read back as disabled. */
  readonly outSince: number;
  /** When the run of zero readings began; null while the last reading was not zero. */
  readonly zeroSince: number | null;
  readonly zeroReadings: number;
  readonly coreUuid: string;
}

export interface DrainPolicy {
  /** Zero has to be seen at least twice over this long. */
  readonly settle: number;
  /** How long after it is out an INVITE may still reach the node: the longest fr_timer of the proxies. */
  readonly frTimer: number;
  /** Monotonic ms; null: none. */
  readonly deadline: number | null;
}

export type DrainDecision =
  | { readonly kind: 'drained' }
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'blind'; readonly why: string }
  | { readonly kind: 'regressed'; readonly why: string; readonly drift: readonly Drift[] }
  | { readonly kind: 'expired'; readonly why: string };

/** The memory with which waiting begins. */
export function beginDrain(outSince: number, coreUuid: string): DrainMemory {
  return { outSince, zeroSince: null, zeroReadings: 0, coreUuid };
}

/** Decides on one reading; `now` is monotonic ms. Pure: the same arguments give the same answer. */
export function decideDrain(
  memory: DrainMemory,
  reading: DrainReading,
  policy: DrainPolicy,
  now: number,
): { readonly decision: DrainDecision; readonly memory: DrainMemory } {
  const notZero: DrainMemory = { ...memory, zeroSince: null, zeroReadings: 0 };
  const late = policy.deadline !== null && now >= policy.deadline;
  const orExpired = (decision: DrainDecision): DrainDecision =>
    late && decision.kind !== 'drained'
      ? { kind: 'expired', why: 'why' in decision ? decision.why : 'the deadline has passed' }
      : decision;

  if (reading.drift.length > 0) {
    const why = reading.drift
      .map((drift) => `${drift.destination.proxy} shows ${drift.now}: ${drift.cause}`)
      .join('; ');
    // Drift is mended even when the deadline has passed: first the node must be out, then one may judge.
    return { decision: { kind: 'regressed', why, drift: reading.drift }, memory: notZero };
  }
  if (reading.coreUuid.known && reading.coreUuid.value !== memory.coreUuid) {
    const why = 'FreeSWITCH was restarted by somebody else while its calls were awaited';
    return {
      decision: orExpired({ kind: 'regressed', why, drift: [] }),
      memory: { ...notZero, coreUuid: reading.coreUuid.value },
    };
  }
  if (!reading.sessions.known) {
    return {
      decision: orExpired({ kind: 'blind', why: `sessions unknown: ${reading.sessions.why}` }),
      memory: notZero,
    };
  }
  if (reading.unknown.length > 0 || !reading.coreUuid.known) {
    const why = [
      ...reading.unknown,
      ...(reading.coreUuid.known ? [] : [`core_uuid unknown: ${reading.coreUuid.why}`]),
    ];
    return { decision: orExpired({ kind: 'blind', why: why.join('; ') }), memory: notZero };
  }
  if (reading.sessions.value > 0) {
    const why = `${reading.sessions.value} ${reading.sessions.value === 1 ? 'session' : 'sessions'} still up`;
    return { decision: orExpired({ kind: 'wait', why }), memory: notZero };
  }
  if (reading.at < memory.outSince) {
    const why = 'empty, but that was read before it was out';
    return { decision: orExpired({ kind: 'wait', why }), memory: notZero };
  }

  const zeroSince = memory.zeroSince ?? reading.at;
  const seen: DrainMemory = { ...memory, zeroSince, zeroReadings: memory.zeroReadings + 1 };
  if (reading.at < memory.outSince + policy.frTimer) {
    const left = roughDuration(memory.outSince + policy.frTimer - reading.at);
    return {
      decision: orExpired({
        kind: 'wait',
        why: `empty, but an INVITE under way may still arrive for ${left} (frTimer)`,
      }),
      memory: seen,
    };
  }
  if (seen.zeroReadings < 2 || reading.at - zeroSince < policy.settle) {
    return {
      decision: orExpired({
        kind: 'wait',
        why: `empty, waiting ${formatDuration(policy.settle)} to be sure (settle)`,
      }),
      memory: seen,
    };
  }
  return { decision: { kind: 'drained' }, memory: seen };
}

/**
 * When to look again: sooner where the decision hangs on a moment that is known, else at the poll interval.
 * @returns ms from `now`
 */
export function nextLook(memory: DrainMemory, policy: DrainPolicy, poll: number, now: number): number {
  const moments = [now + poll];
  if (memory.zeroSince !== null) {
    moments.push(Math.max(memory.zeroSince + policy.settle, memory.outSince + policy.frTimer, now + 50));
  }
  if (policy.deadline !== null && policy.deadline > now) moments.push(policy.deadline);
  return Math.max(0, Math.min(...moments) - now);
}
