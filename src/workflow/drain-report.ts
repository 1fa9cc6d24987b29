/** What is told of a drain while it waits: counts, and what should not be there. It shows; it decides nothing. */
import { arrivalsOf, sourceOf, stillArriving, withActivity } from '../domain/arrivals.ts';
import type { DrainDecision } from '../domain/drain.ts';
import { destinationKey, flagsOf } from '../domain/drift.ts';
import { known, type NodeObservation, type Observation, valueOr } from '../domain/observation.ts';
import type { ProgressReading } from '../domain/run-events.ts';
import { destinationsOf, frTimerOf, needsOf, type StepContext, warn } from './step.ts';
import { nodePort } from './world.ts';

/** With so few sessions left every event of a call that ends is worth a look. */
const FEW = 20;
/** Rows and sessions are read one after the other: what differs in so many readings in a row is no call between the two. */
const SURE = 3;

export class DrainReport {
  readonly #context: StepContext;
  readonly #stop: () => void;
  #few = false;
  #surplus: readonly number[] = [];

  /** Begins to listen to what the node says of its calls. */
  constructor(context: StepContext) {
    this.#context = context;
    const { world, watcher, node, memory } = context;
    this.#stop = nodePort(world, node.name).onActivity((activity) => {
      if (activity.kind === 'created')
        memory.arrivals = withActivity(memory.arrivals, activity, world.clock.now());
      if (this.#few || activity.kind === 'shutdown') watcher.wake(needsOf(context));
    });
  }

  end(): void {
    this.#stop();
  }

  /** Records one look and what was decided on it. @param need why the node may be needed meanwhile, a clause */
  async record(observation: Observation, decision: DrainDecision, need: string | null): Promise<void> {
    const { node, step, record, memory, world } = this.#context;
    const seen = observation.nodes[node.name];
    this.#few = seen?.sessions.known === true && seen.sessions.value <= FEW;
    const ghosts = this.#ghostRows(seen);
    const arrivals = arrivalsOf(memory.arrivals, world.cluster, this.#context.policy().showNumbers);
    const { originated } = memory.arrivals;
    const reading: ProgressReading = {
      sessions: seen === undefined ? null : valueOr(seen.sessions, null),
      calls: seen === undefined ? null : valueOr(seen.calls, null),
      channels: seen === undefined ? null : valueOr(seen.channels, null),
      destinations: Object.fromEntries(
        destinationsOf(this.#context).map((one) => [
          destinationKey(one),
          valueOr(flagsOf(observation, one), null),
        ]),
      ),
      why: [...('why' in decision ? [decision.why] : []), ...(need === null ? [] : [need])],
      ...(ghosts > 0 ? { ghostRows: ghosts } : {}),
      ...(arrivals.length > 0 ? { arrivals } : {}),
      ...(originated > 0 ? { originated } : {}),
    };
    const data = { observation: reading, decision: decision.kind };
    await record({ type: 'step.progress', node: node.name, step, data });
    await this.#warnings(ghosts);
  }

  #ghostRows(seen: NodeObservation | undefined): number {
    const channels = seen?.channels ?? known(0);
    const sessions = seen?.sessions;
    const more = channels.known && sessions?.known === true ? channels.value - sessions.value : 0;
    this.#surplus = [...this.#surplus, Math.max(0, more)].slice(-SURE);
    return this.#surplus.length < SURE ? 0 : Math.min(...this.#surplus);
  }

  async #warnings(ghosts: number): Promise<void> {
    const { memory, world, node } = this.#context;
    if (ghosts > 0) {
      await warn(
        this.#context,
        'calls.ghosts',
        `the core database has rows of calls that are gone on ${node.name}: they are not waited for`,
      );
    }
    for (const address of stillArriving(memory.arrivals, memory.outSince ?? 0, frTimerOf(this.#context))) {
      const from = sourceOf(world.cluster, address, this.#context.policy().showNumbers);
      await warn(
        this.#context,
        'calls.arriving',
        `calls are still arriving at ${node.name} from ${from}, although it is out`,
        'That way does not heed the dispatcher: find it (--show-numbers shows whole addresses) and stop it.',
      );
    }
  }
}
