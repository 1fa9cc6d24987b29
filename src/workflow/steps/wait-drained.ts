import {
  beginDrain,
  decideDrain,
  type DrainDecision,
  type DrainMemory,
  type DrainPolicy,
  type DrainReading,
  nextLook,
} from '../../domain/drain.ts';
import { mayCut } from '../../domain/cutting.ts';
import { readOut } from '../../domain/drift.ts';
import { FshaError } from '../../domain/errors.ts';
import type { Observation } from '../../domain/observation.ts';
import { CUT_GRACE } from '../../domain/patience.ts';
import { type WindowEnds, windowEnds } from '../../domain/rolling/window.ts';
import { type CutAttempt, cutCalls } from '../cut-calls.ts';
import { keepMarked } from '../keep-marked.ts';
import { keepLoggedIn, tryLogin } from '../login-keeper.ts';
import { Needed } from '../needed.ts';
import {
  assertHeld,
  baselineOf,
  destinationsOf,
  frTimerOf,
  isForwardOnly,
  isIgnored,
  needsOf,
  type Step,
  type StepContext,
  tell,
  warn,
} from '../step.ts';
import { DrainReport } from '../drain-report.ts';

/** At the deadline, so many looks in a row may lack full sight before cutting is given up. */
const BLIND_LOOKS = 3;

/** Waits until the calls have ended by themselves. */
export const waitDrained: Step<'wait_drained'> = async (context) => {
  // The look that saw it out has counted too: where that was zero, settling has begun.
  await waitUntilDrained(context, context.memory.outSince ?? context.world.clock.now());
  return 'succeeded';
};

/**
 * Waits until the decision says drained. Drift is mended meanwhile by the guard around the step; here it only starts the
 * settling anew.
 * @param from readings that began then or later count, monotonic ms
 * @returns the observation on which it was decided
 * @throws FshaError `drain.expired` at the deadline, `drain.needed` where it has become the only node
 */
export async function waitUntilDrained(context: StepContext, from?: number): Promise<Observation> {
  const { world, watcher, node, memory, signal } = context;
  const { clock } = world;
  memory.outSince ??= clock.now();
  const needs = needsOf(context);
  let drain: DrainMemory = beginDrain(
    memory.outSince,
    currentUuid(watcher.latest(), node.name) ?? baselineOf(context).coreUuid,
  );
  let since = from ?? clock.now();
  // The first zero begins the settling: it is not to wait for the next poll.
  if (from === undefined) watcher.wake(needs);
  const report = new DrainReport(context);
  const needed = new Needed(context);
  const cutter = new Cutter(context, needed);
  const endLogin = keepLoggedIn(context);
  try {
    for (;;) {
      const observation = await watcher.since(since, needs, signal);
      assertHeld(context, observation);
      world.lock.assertHeld();
      const reading = readDrain(context, observation);
      since = newestOf(observation, needs) + 0.001;
      // Drift was mended since the last look: what was zero before says nothing any more.
      if (memory.outSince > drain.outSince)
        drain = { ...drain, outSince: memory.outSince, zeroSince: null, zeroReadings: 0 };
      const limits = drainPolicy(context);
      const decided = decideDrain(drain, reading, limits, clock.now());
      drain = decided.memory;
      const need = await needed.look(observation);
      const decision = await cutter.meet(decided.decision, reading);
      await report.record(observation, decision, need);

      if (decision.kind === 'expired') throw expired(context, decision.why);
      await keepMarked(context, observation);
      if (decision.kind === 'drained') {
        memory.drainedOut = drain.outSince;
        return observation;
      }
      const { poll } = context.policy();
      const next = Math.min(nextLook(drain, limits, poll, clock.now()), needed.nextLook);
      if (next < poll) {
        await clock.sleep(next, signal);
        watcher.wake(needs);
        if (needed.mayBeLast) needed.wakeOthers();
      }
    }
  } finally {
    report.end();
    await endLogin();
  }
}

/** When the newest of the readings began: the next look has to have a newer one of everything. */
function newestOf(observation: Observation, needs: ReturnType<typeof needsOf>): number {
  return Math.max(
    ...needs.nodes.map((name) => observation.nodes[name]?.at ?? 0),
    ...needs.proxies.map((name) => observation.proxies[name]?.at ?? 0),
  );
}

function currentUuid(observation: Observation, node: string): string | undefined {
  const uuid = observation.nodes[node]?.coreUuid;
  return uuid?.known === true ? uuid.value : undefined;
}

/** What one observation says about the drain. */
export function readDrain(context: StepContext, observation: Observation): DrainReading {
  const { node, memory } = context;
  const seen = observation.nodes[node.name];
  const destinations = destinationsOf(context).filter((one) => !isIgnored(context, one));
  const out = readOut(observation, destinations, memory.startedAs);
  const times = needsOf(context).proxies.map(
    (name) => observation.proxies[name]?.at ?? Number.POSITIVE_INFINITY,
  );
  const unseen = { known: false as const, why: `${node.name} was not read` };
  return {
    at: Math.min(seen?.at ?? 0, ...times),
    sessions: seen?.sessions ?? unseen,
    coreUuid: seen?.coreUuid ?? unseen,
    drift: out.drift,
    unknown: out.unknown,
  };
}

/** Monotonic ms at which the drain has run out of time; null: never. */
export function deadlineOf(context: StepContext): number | null {
  const own = ownDeadlineOf(context);
  const { memory, node } = context;
  const window = windowOf(context);
  const end = (memory.cutAt === null ? window?.of(node.name) : window?.last(node.name)) ?? null;
  return end === null ? own : Math.min(own ?? Number.POSITIVE_INFINITY, end);
}

/** Asked for anew each time: the window is one of the wall clock. */
function windowOf(context: StepContext): WindowEnds | null {
  const { memory, world } = context;
  const moment = { now: world.clock.now(), wall: world.clock.wall() };
  return windowEnds(memory.rolling?.plan, world.cluster, context.policy(), moment);
}

/** Until when a protected call keeps the others from being cut: monotonic ms; the window ends that, too. */
function protectedUntil(context: StepContext): number {
  const { protectTimeout } = context.policy().cutting;
  const own =
    protectTimeout === null ? Number.POSITIVE_INFINITY : (deadlineOf(context) ?? 0) + protectTimeout;
  return Math.min(own, windowOf(context)?.last(context.node.name) ?? Number.POSITIVE_INFINITY);
}

function ownDeadlineOf(context: StepContext): number | null {
  const { memory, node, world } = context;
  const { timeout, settle } = context.policy();
  if (timeout === null) return null;
  const began = context.soFar().steps[`${node.name}/wait_drained`]?.startedAt;
  // Drift starts the settling anew, but not the deadline: it counts from when the node was first out.
  const deadline =
    Math.min(memory.outSince ?? world.clock.now(), began ?? Number.POSITIVE_INFINITY) + timeout;
  if (memory.cutAt === null) return deadline;
  return Math.max(deadline, memory.cutAt + CUT_GRACE + settle + frTimerOf(context));
}

function drainPolicy(context: StepContext): DrainPolicy {
  const { settle } = context.policy();
  return { settle, frTimer: frTimerOf(context), deadline: deadlineOf(context) };
}

function expired(context: StepContext, why: string): FshaError {
  const { node } = context;
  const { onTimeout } = context.policy();
  const end =
    onTimeout === 'restore' && !isForwardOnly(context)
      ? 'it is given back as it was found'
      : 'it stays out of service';
  return new FshaError(
    'drain.expired',
    `the deadline passed and ${node.name} is not drained: ${why}; ${end}`,
    'Try again with a longer --timeout, or look at the calls that stay.',
  );
}

/** Cuts calls where the user's settings or a request allow it; everywhere else calls end by themselves. */
class Cutter {
  readonly #context: StepContext;
  readonly #needed: Needed;
  #blindLooks = 0;

  constructor(context: StepContext, needed: Needed) {
    this.#context = context;
    this.#needed = needed;
  }

  /** @returns the decision, or what becomes of it by cutting */
  async meet(decision: DrainDecision, reading: DrainReading): Promise<DrainDecision> {
    if (decision.kind === 'drained' || decision.kind === 'regressed') return decision;
    await this.#onRequest(reading);
    if (decision.kind === 'expired') return this.#atDeadline(decision, reading);
    if (decision.kind === 'wait' && reading.sessions.known && reading.sessions.value > 0) {
      const atMost = mayCut(this.#context.policy());
      if (atMost !== null) await this.#below(atMost, reading);
    }
    return decision;
  }

  async #onRequest(reading: DrainReading): Promise<void> {
    const { memory, node } = this.#context;
    const { cut } = this.#context.soFar().wishes;
    if (cut === null || cut.nth === memory.cutServed) return;
    memory.cutServed = cut.nth;
    const attempt = await this.#cut(cut.confirmed, reading);
    if (attempt.kind !== 'refused') return;
    const message = `no ${attempt.calls > 0 ? 'more calls' : 'call'} of ${node.name} ${attempt.calls > 0 ? 'were' : 'was'} cut: ${attempt.why}`;
    // Not `warn`: whoever asks again is answered again, in the same words where nothing has changed.
    await tell(this.#context, 'cut.refused', message);
  }

  /** Few enough are left, or only such as may be cut without counting. */
  async #below(atMost: number, reading: DrainReading): Promise<void> {
    const attempt = await this.#cut(atMost, reading);
    // Too many yet, or a protected one among them: that is what is waited for, and no news.
    if (attempt.kind !== 'refused' || attempt.by !== 'sight') return;
    const { node } = this.#context;
    await warn(this.#context, 'cut.refused', `no call of ${node.name} is cut: ${attempt.why}`);
  }

  async #atDeadline(
    decision: DrainDecision & { kind: 'expired' },
    reading: DrainReading,
  ): Promise<DrainDecision> {
    const { memory, world } = this.#context;
    const { onTimeout } = this.#context.policy();
    // Cut once, they had their time to be gone; what is up still is not forced any further.
    if (onTimeout !== 'hangup' || memory.cutAt !== null) return decision;
    const attempt = await this.#cut(Number.POSITIVE_INFINITY, reading);
    if (attempt.kind === 'refused') return this.#refused(decision, attempt);
    memory.cutAt = world.clock.now();
    return {
      kind: 'wait',
      why: attempt.kind === 'cut' ? 'the deadline passed: calls were cut' : decision.why,
    };
  }

  /** No call is cut for nothing: what the drain needs in order to go on afterwards has to be there. */
  async #cut(atMost: number, reading: DrainReading): Promise<CutAttempt> {
    const why = await this.#whyForNothing(reading);
    return why === null ? cutCalls(this.#context, atMost) : { kind: 'refused', by: 'sight', why, calls: 0 };
  }

  async #whyForNothing({ unknown, coreUuid, drift }: DrainReading): Promise<string | null> {
    if (unknown.length > 0) return unknown.join('; ');
    if (!coreUuid.known) return `core_uuid unknown: ${coreUuid.why}`;
    if (drift.length > 0) return 'the node is not out everywhere';
    const { restart, hold } = this.#context.policy();
    if (!restart || hold) return null;
    if (this.#needed.mayBeLast) return 'nobody else may be left who takes calls';
    const trouble = await tryLogin(this.#context);
    return trouble === null ? null : `it could not be restarted: ${trouble.message}`;
  }

  #refused(
    decision: DrainDecision & { kind: 'expired' },
    { by, why }: CutAttempt & { kind: 'refused' },
  ): DrainDecision {
    if (by === 'protected') {
      if (this.#context.world.clock.now() < protectedUntil(this.#context)) return { kind: 'wait', why };
    } else {
      // A call that began or ended between two questions looks like one without a row: looked at again.
      this.#blindLooks += 1;
      if (this.#blindLooks < BLIND_LOOKS) return { kind: 'wait', why };
    }
    const hasCut = this.#context.soFar().effects.some(({ intent, settled }) => {
      return (
        intent.effect === 'call.hangup' && settled?.outcome !== 'already' && settled?.outcome !== 'failed'
      );
    });
    return { kind: 'expired', why: `${decision.why}; ${hasCut ? 'no more' : 'nothing'} was cut: ${why}` };
  }
}
