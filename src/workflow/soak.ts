/** The watch over a node that is back in. */
import { destinationKey, flagsOf, isIn } from '../domain/drift.ts';
import { FshaError } from '../domain/errors.ts';
import type { Observation } from '../domain/observation.ts';
import { PROXY_PATIENCE } from '../domain/patience.ts';
import type { BaselineDestination } from '../domain/run-events.ts';
import { look, LOOK_PATIENTLY, type Sight } from './back-in.ts';
import { assertHeld, assertSameStart, needsOf, type StepContext } from './step.ts';

/** What was seen while it was active. */
export interface Soaked {
  /** ms */
  readonly activeMs: number;
  /** The most sessions; it had none when it went in. null: unknown. */
  readonly sessions: number | null;
}

/**
 * Seen active on every proxy, in every look, for minSoak. A look that could not be made begins it anew.
 * @throws FshaError `activate.failed` where that does not come, `verify.failed` where it has started once more, `locked`
 */
export async function soak(
  context: StepContext,
  destinations: readonly BaselineDestination[],
  { careful, activeSince: seenSince }: Sight,
): Promise<Soaked> {
  const { world, watcher, signal, node } = context;
  const policy = context.policy();
  const long = careful ? Math.max(policy.minSoak, PROXY_PATIENCE) : policy.minSoak;
  const deadline = world.clock.now() + PROXY_PATIENCE + long;
  let activeSince = seenSince;
  let sessions: number | null = null;
  for (;;) {
    const observation = await look(context);
    const now = world.clock.now();
    const seen = observation.nodes[node.name];
    assertSameStart(context, seen);
    assertHeld(context, observation);
    const isSeen = seen?.coreUuid.known === true && seen.ready.known && seen.ready.value;
    const not = destinations.filter((one) => !isIn(observation, one));
    const [first] = not;
    activeSince = first === undefined && isSeen ? (activeSince ?? now) : null;
    if (activeSince !== null && seen?.sessions.known === true)
      sessions = Math.max(sessions ?? 0, seen.sessions.value);
    if (activeSince !== null && now - activeSince >= long)
      return { activeMs: Math.round(now - activeSince), sessions };
    if (now >= deadline) {
      const what =
        first === undefined
          ? 'it does not stay active'
          : `${destinationKey(first)} shows ${shown(observation, first)}`;
      throw new FshaError(
        'activate.failed',
        `${node.name} is not active everywhere: ${what}`,
        'Look at `kamcmd dispatcher.list` and at what else sets states there.',
      );
    }
    await world.clock.sleep(
      activeSince === null ? LOOK_PATIENTLY : Math.min(policy.poll, Math.max(50, activeSince + long - now)),
      signal,
    );
    watcher.wake(needsOf(context));
  }
}

function shown(observation: Observation, destination: BaselineDestination): string {
  const flags = flagsOf(observation, destination);
  return flags.known ? flags.value : flags.why;
}
