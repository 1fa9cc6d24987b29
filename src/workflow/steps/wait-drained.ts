import { foundDestinations } from '../../domain/baseline.ts';
import { readFlags } from '../../domain/dispatcher-state.ts';
import {
  beginDrain,
  decideDrain,
  type DrainDecision,
  type DrainMemory,
  type DrainPolicy,
  type DrainReading,
  nextLook,
} from '../../domain/drain.ts';
import { destinationKey, flagsOf, readOut } from '../../domain/drift.ts';
import { FshaError } from '../../domain/errors.ts';
import { type Observation, valueOr } from '../../domain/observation.ts';
import type { ProgressReading } from '../../domain/run-events.ts';
import {
  assertHeld,
  baselineOf,
  destinationsOf,
  doEffect,
  needsOf,
  ownMark,
  setDestinations,
  type Step,
  type StepContext,
} from '../step.ts';
import { nodePort } from '../world.ts';
import { disable, disableWhereIgnored, recordDrift } from './deactivate.ts';

/** With so few sessions left every event of a call that ends is worth a look. */
const FEW = 20;
/** A destination that somebody enables again this many times in a row is fought over. */
const FOUGHT = 5;

/** Waits until the calls have ended by themselves. */
export const waitDrained: Step<'wait_drained'> = async (context) => {
  await waitUntilDrained(context);
  return 'succeeded';
};

/**
 * Waits until the decision says drained, mending drift meanwhile.
 * @returns the observation on which it was decided
 * @throws FshaError `drain.expired` at the deadline, `drain.drift` when somebody keeps enabling the node
 */
export async function waitUntilDrained(context: StepContext): Promise<Observation> {
  const { world, watcher, node, policy, memory, signal } = context;
  const { clock } = world;
  memory.outSince ??= clock.now();
  const needs = needsOf(context);
  let drain: DrainMemory = beginDrain(
    memory.outSince,
    currentUuid(watcher.latest(), node.name) ?? baselineOf(context).coreUuid,
  );
  let fought = 0;
  let since = clock.now();
  const activity = watchActivity(context);
  try {
    for (;;) {
      const observation = await watcher.since(since, needs, signal);
      assertHeld(context, observation);
      const reading = readDrain(context, observation);
      // The next reading has to be a new one of everything.
      since =
        Math.max(
          ...needs.nodes.map((name) => observation.nodes[name]?.at ?? 0),
          ...needs.proxies.map((name) => observation.proxies[name]?.at ?? 0),
        ) + 0.001;
      const limits = drainPolicy(context);
      const decided = decideDrain(drain, reading, limits, clock.now());
      drain = decided.memory;
      activity.few = reading.sessions.known && reading.sessions.value <= FEW;
      await recordProgress(context, observation, decided.decision);

      if (decided.decision.kind === 'drained') return observation;
      if (decided.decision.kind === 'expired') throw expired(context, decided.decision.why);
      if (decided.decision.kind === 'regressed' && decided.decision.drift.length > 0) {
        fought += 1;
        await mend(context, decided.decision, fought);
        memory.outSince = clock.now();
        drain = { ...drain, outSince: memory.outSince };
        since = clock.now();
        watcher.wake(needs);
        continue;
      }
      if (decided.decision.kind === 'regressed') {
        // FreeSWITCH was restarted by another hand, and the mark died with it.
        await doEffect(context, {
          effect: 'node.mark',
          target: { node: node.name },
          wanted: ownMark(context),
        });
      }
      if (decided.decision.kind !== 'blind') fought = 0;
      await disableWhereIgnored(context, enabledOnIgnored(context, observation));
      const next = nextLook(drain, limits, policy.poll, clock.now());
      if (next < policy.poll) {
        await clock.sleep(next, signal);
        watcher.wake(needs);
      }
    }
  } finally {
    activity.stop();
  }
}

function currentUuid(observation: Observation, node: string): string | undefined {
  const uuid = observation.nodes[node]?.coreUuid;
  return uuid?.known === true ? uuid.value : undefined;
}

/** ESL events wake the poll when few are left; what they say is not believed, the poll decides. */
function watchActivity(context: StepContext): { few: boolean; stop: () => void } {
  const { world, watcher, node } = context;
  const activity = { few: false, stop: (): void => undefined };
  activity.stop = nodePort(world, node.name).onActivity(() => {
    if (activity.few) watcher.wake(needsOf(context));
  });
  return activity;
}

/** What one observation says about the drain. */
export function readDrain(context: StepContext, observation: Observation): DrainReading {
  const { node, policy, memory } = context;
  const seen = observation.nodes[node.name];
  const destinations = destinationsOf(context).filter((one) => !policy.ignoreProxies.includes(one.proxy));
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
  const { policy, memory, node, world } = context;
  if (policy.timeout === null) return null;
  const began = context.soFar().steps[`${node.name}/wait_drained`]?.startedAt;
  // Drift starts the settling anew, but not the deadline: it counts from when the node was first out.
  return Math.min(memory.outSince ?? world.clock.now(), began ?? Number.POSITIVE_INFINITY) + policy.timeout;
}

function drainPolicy(context: StepContext): DrainPolicy {
  const { world, policy } = context;
  const frTimer = Math.max(0, ...world.cluster.proxies.map((proxy) => proxy.frTimer));
  return { settle: policy.settle, frTimer, deadline: deadlineOf(context) };
}

function expired(context: StepContext, why: string): FshaError {
  const { node, policy } = context;
  const end = policy.onTimeout === 'restore' ? 'it is given back as it was found' : 'it stays out of service';
  return new FshaError(
    'drain.expired',
    `the deadline passed and ${node.name} is not drained: ${why}; ${end}`,
    'Try again with a longer --timeout, or look at the calls that stay.',
  );
}

/** Sets what somebody changed again, and says so. */
async function mend(
  context: StepContext,
  decision: DrainDecision & { kind: 'regressed' },
  fought: number,
): Promise<void> {
  const { node } = context;
  await recordDrift(context, decision.drift);
  if (fought >= FOUGHT) {
    throw new FshaError(
      'drain.drift',
      `${node.name} was enabled again ${fought} times in a row: ${decision.why}`,
      'Find who sets it (a script, a timer, another tool) and stop that first.',
    );
  }
  await setDestinations(
    context,
    decision.drift.map(({ destination }) => disable(destination)),
  );
}

/** Destinations on ignored proxies that answer and do not show them disabled. */
function enabledOnIgnored(
  context: StepContext,
  observation: Observation,
): ReturnType<typeof foundDestinations> {
  const { world, node, policy } = context;
  if (policy.ignoreProxies.length === 0) return [];
  return foundDestinations(world.cluster, node, observation).filter(
    (found) => policy.ignoreProxies.includes(found.proxy) && readFlags(found.flags)?.state !== 'disabled',
  );
}

async function recordProgress(
  context: StepContext,
  observation: Observation,
  decision: DrainDecision,
): Promise<void> {
  const { node, step, record } = context;
  const seen = observation.nodes[node.name];
  const reading: ProgressReading = {
    sessions: seen === undefined ? null : valueOr(seen.sessions, null),
    calls: seen === undefined ? null : valueOr(seen.calls, null),
    channels: seen === undefined ? null : valueOr(seen.channels, null),
    destinations: Object.fromEntries(
      destinationsOf(context).map((one) => [destinationKey(one), valueOr(flagsOf(observation, one), null)]),
    ),
    why: 'why' in decision ? [decision.why] : [],
  };
  await record({
    type: 'step.progress',
    node: node.name,
    step,
    data: { observation: reading, decision: decision.kind },
  });
}
