/**
 * Keeps a node out while a step goes on that needs it out: every new reading of every proxy is looked at, and what somebody
 * enabled is disabled again. Each proxy has a loop of its own, so that one that does not answer never delays the others.
 */
import { setMaxListeners } from 'node:events';
import { foundDestinations } from '../domain/baseline.ts';
import { readFlags } from '../domain/dispatcher-state.ts';
import { destinationKey, type Drift, readOut } from '../domain/drift.ts';
import { effectKey } from '../domain/effect.ts';
import { FshaError, isInterruption } from '../domain/errors.ts';
import { afterDrift, afterMend } from '../domain/fight.ts';
import type { Observation } from '../domain/observation.ts';
import type { StepKind } from '../domain/plan.ts';
import type { BaselineDestination } from '../domain/run-events.ts';
import { mayKeepOut, noteReading } from './keeping.ts';
import {
  destinationsOf,
  disable,
  doEffect,
  isForwardOnly,
  isIgnored,
  type Step,
  type StepContext,
} from './step.ts';

/** While FreeSWITCH is down or booting, a proxy that was reloaded must not send it calls for long: ms between two looks. */
const CLOSE_LOOK = 500;

/** A proxy that answers and has not done so often in a row what it was told will not do it. */
const REFUSED = 3;

/** A step during which the node stays out. @param closely whether a node that is enabled now would cost calls at once */
export function whileOut<K extends StepKind>(step: Step<K>, closely = false): Step<K> {
  // A plan that has not taken the node out itself (`activate` alone) keeps nothing out.
  return async (context, params) =>
    context.memory.outSince === null
      ? step(context, params)
      : keepOut(context, closely, (inner) => step(inner, params));
}

async function keepOut<T>(
  context: StepContext,
  closely: boolean,
  work: (context: StepContext) => Promise<T>,
): Promise<T> {
  const { world, watcher } = context;
  const proxies = world.cluster.proxies.map(({ name }) => name);
  const { poll } = context.policy();
  if (closely) for (const proxy of proxies) watcher.setProxyPace(proxy, Math.min(poll, CLOSE_LOOK));

  // Two ends: the work's own, when somebody fights; the guard's, when the work is done.
  const end = new AbortController();
  const done = new AbortController();
  const troubles: unknown[] = [];
  const onOuter = (): void => end.abort();
  context.signal.addEventListener('abort', onOuter, { once: true });
  if (context.signal.aborted) end.abort();
  const watching = AbortSignal.any([end.signal, done.signal]);
  // Every proxy has waits of its own on these: tens of proxies are no leak.
  setMaxListeners(0, end.signal, watching);
  // What is being set when the work is done is set to its end: half done it would be nobody's.
  const guard = { ...context, signal: end.signal };
  const loops = proxies.map((proxy) =>
    guardProxy(guard, proxy, watching).catch((error: unknown) => {
      if (isInterruption(error) && watching.aborted) return;
      troubles.push(error);
      end.abort();
    }),
  );
  try {
    const result = await work({ ...context, signal: end.signal }).catch((error: unknown) => {
      throw troubles[0] ?? error;
    });
    done.abort();
    await Promise.all(loops);
    // Its last words count although the work is done: the node is in and fought over, or what was done is not written down.
    if (troubles.length > 0) throw troubles[0];
    return result;
  } finally {
    done.abort();
    await Promise.all(loops);
    context.signal.removeEventListener('abort', onOuter);
    if (closely) for (const proxy of proxies) watcher.setProxyPace(proxy, poll);
  }
}

async function guardProxy(context: StepContext, proxy: string, watching: AbortSignal): Promise<void> {
  const { watcher, world } = context;
  const needs = { nodes: [], proxies: [proxy] };
  let since = world.clock.now();
  for (;;) {
    const observation = await watcher.since(since, needs, watching);
    since = (observation.proxies[proxy]?.at ?? since) + 0.001;
    if (context.memory.isGuarding) noteReading(context, observation.proxies[proxy]);
    const wasSet = await (isIgnored(context, { proxy }) ? disableWhereIgnored : mend)(
      context,
      observation,
      proxy,
    );
    // What was read while it was set says nothing any more.
    if (wasSet) since = Math.max(since, world.clock.now());
  }
}

/**
 * Sets what somebody changed again, and says so.
 * @returns whether there was anything to set
 * @throws FshaError `drain.drift` where it is fought over
 */
async function mend(context: StepContext, observation: Observation, proxy: string): Promise<boolean> {
  const { memory, world, watcher } = context;
  const mine = destinationsOf(context).filter((one) => one.proxy === proxy);
  const { drift } = readOut(observation, mine, memory.startedAs);
  if (drift.length === 0) return false;
  // Before anything is awaited: a look that begins while it is set again already shows it disabled, and must not be taken
  // for one at a node that was out all the time.
  memory.outSince = world.clock.now();
  if (!(await mayKeepOut(context))) return false;
  // What a proxy would not set again is the same drift still, and was told.
  const isNew = ({ destination }: Drift): boolean =>
    (memory.refusals[destinationKey(destination)] ?? 0) === 0;
  await recordDrift(context, drift.filter(isNew));
  noteStart(context, observation, proxy);
  for (const { destination, now, cause } of drift) {
    noteFight(context, { destination, now, cause });
    const failure = await unlessItFails(context, () => doEffect(context, disable(destination)));
    if (failure === null) noteMend(context, destination);
    else noteRefusal(context, destination, failure);
    memory.outSince = world.clock.now();
  }
  watcher.wake({ nodes: [], proxies: [proxy] });
  return true;
}

/**
 * A proxy that answers and does not do what it is told is no fight: nobody else is to be looked for.
 * @throws FshaError `effect.failed` where that has been so a few times in a row
 */
function noteRefusal(context: StepContext, destination: BaselineDestination, failure: FshaError): void {
  const { memory, node } = context;
  if (failure.code !== 'effect.failed') return;
  const key = destinationKey(destination);
  const refusals = (memory.refusals[key] ?? 0) + 1;
  memory.refusals[key] = refusals;
  if (refusals < REFUSED || isForwardOnly(context) || context.memory.isGuarding) return;
  throw new FshaError(
    'effect.failed',
    `${destination.proxy} does not take ${node.name} out again, although it answers: ${failure.message}`,
    `Look at what stands between fsha and the RPC of ${destination.proxy}.`,
  );
}

/** What cannot be set now is unknown or still enabled in the next reading, and tried again then. */
async function unlessItFails(context: StepContext, work: () => Promise<unknown>): Promise<FshaError | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof FshaError) || ['journal', 'bug'].includes(error.code) || context.signal.aborted)
      throw error;
    return error;
  }
}

/**
 * A proxy that may be ignored is tried all the same, whenever it answers; what was out there and no longer is, is told.
 * @returns whether there was anything to set
 */
async function disableWhereIgnored(
  context: StepContext,
  observation: Observation,
  proxy: string,
): Promise<boolean> {
  const { world, node, memory } = context;
  const enabled = foundDestinations(world.cluster, node, observation).filter(
    (found) => found.proxy === proxy && readFlags(found.flags)?.state !== 'disabled',
  );
  if (enabled.length > 0 && !(await mayKeepOut(context))) return false;
  const wasOut = enabled.filter((found) => wasDisabled(context, found));
  await recordDrift(context, readOut(observation, wasOut, memory.startedAs).drift);
  if (enabled.length > 0) noteStart(context, observation, proxy);
  for (const found of enabled) await unlessItFails(context, () => doEffect(context, disable(found)));
  return enabled.length > 0;
}

/** Whether this run has had it out. */
function wasDisabled(context: StepContext, destination: BaselineDestination): boolean {
  const key = effectKey(disable(destination));
  return context
    .soFar()
    .effects.some(
      ({ intent, settled }) =>
        effectKey(intent) === key && (settled?.outcome === 'done' || settled?.outcome === 'already'),
    );
}

/** Since when the proxy runs, so that the next drift is told from a restart that was told already. */
export function noteStart({ memory }: StepContext, observation: Observation, proxy: string): void {
  const instance = observation.proxies[proxy]?.instance;
  if (instance?.known === true) memory.startedAs[proxy] = instance.value;
}

/** Says what somebody changed. */
export async function recordDrift(context: StepContext, drift: readonly Drift[]): Promise<void> {
  const { node, step, record } = context;
  for (const { destination, now, cause } of drift) {
    const data = { target: destinationKey(destination), before: 'DX', now, cause };
    await record({ type: 'drift.detected', node: node.name, step, data });
  }
}

/** Sets destinations on proxies that may be ignored: what fails there is recorded, and does not stop the run. */
export async function setWhereIgnored(
  context: StepContext,
  destinations: readonly BaselineDestination[],
): Promise<void> {
  for (const destination of destinations)
    await unlessItFails(context, () => doEffect(context, disable(destination)));
}

/**
 * Counts a drift; to be called before it is mended.
 * @throws FshaError `drain.drift` where somebody enables the node again each time at once
 */
export function noteFight(context: StepContext, { destination, now, cause }: Drift): void {
  const { memory, node, world } = context;
  const key = destinationKey(destination);
  const { fight, fought } = afterDrift(memory.fight, key, world.clock.now(), context.policy().poll);
  memory.fight = fight;
  // Behind the point of no return giving up would leave a node in that may not be well: there it is set again for ever.
  if (!fought || isForwardOnly(context) || memory.isGuarding) return;
  throw new FshaError(
    'drain.drift',
    `${node.name} is enabled again and again: ${key} shows ${now} (${cause})`,
    'Find who sets it (a script, a timer, another tool) and stop that first.',
  );
}

/** A destination was set again, or a proxy would not: what is enabled after that was enabled by somebody. */
export function noteMend({ memory, world }: StepContext, destination: BaselineDestination): void {
  memory.refusals[destinationKey(destination)] = 0;
  memory.fight = afterMend(memory.fight, destinationKey(destination), world.clock.now());
}
