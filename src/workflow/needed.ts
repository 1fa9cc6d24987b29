/** Whether a node that waits for its calls is needed by now: the others may have gone, or filled up, since it was taken out. */
import { takesCalls } from '../domain/dispatcher-state.ts';
import { flagsOf } from '../domain/drift.ts';
import { FshaError } from '../domain/errors.ts';
import { afterAloneLook, type Doubt } from '../domain/last-one.ts';
import type { Observation } from '../domain/observation.ts';
import { type EmptySet, setsWithoutSurvivor } from '../domain/preflight/survivors.ts';
import { whyCrowded } from './crowded.ts';
import { baselineOf, isForwardOnly, type StepContext, tell } from './step.ts';

/** What is over for this long is told again when it comes back: ms. */
const OVER = 60_000;
/** Between two looks while it may be the last one: ms, where the poll is not sooner. */
const CLOSE_LOOK = 2_000;

type Need = 'alone' | 'crowded';

export class Needed {
  readonly #context: StepContext;
  #doubt: Doubt | null = null;
  #told: Need | null = null;
  /** Since when nothing is to be told: monotonic ms. */
  #quietSince: number | null = null;

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** Whether it may be the last one: then nothing is done that cannot be undone. */
  get mayBeLast(): boolean {
    return this.#doubt !== null;
  }

  /** In which time the others are to be looked at again: ms; Infinity: at their own pace. */
  get nextLook(): number {
    return this.#doubt === null ? Number.POSITIVE_INFINITY : CLOSE_LOOK;
  }

  /** Reads the others, and the proxies, soon. */
  wakeOthers(): void {
    const { watcher, world } = this.#context;
    watcher.wake({ nodes: this.#others(), proxies: [...world.proxies.keys()] });
  }

  /**
   * Judges one look.
   * @returns why it may be needed, a clause; null where it is not
   * @throws FshaError `drain.needed` where it is to be given back: nobody else is left, and a restart was not announced
   */
  async look(observation: Observation): Promise<string | null> {
    const { node, world } = this.#context;
    const now = world.clock.now();
    const empty = this.#emptySets(observation);
    const isSure = empty.some((one) => one.isSure);
    const look = empty.length === 0 ? null : { isSure, at: this.#oldest(observation) };
    const { doubt, isLast } = afterAloneLook(this.#doubt, look, now);
    this.#doubt = doubt;
    if (empty.length > 0) {
      const where = wordsOf(empty);
      const why = `nobody else may be left in ${where}`;
      const stays = this.#whyItStays();
      await this.#tell(
        'alone',
        `${node.name} is out, and ${why}`,
        stays ?? 'It is given back if that stays so.',
      );
      if (!isLast || stays !== null) return why;
      throw new FshaError(
        'drain.needed',
        `nobody but ${node.name} is left in ${wordsOf(isSure ? empty.filter((one) => one.isSure) : empty)}`,
        'It is given back, and its calls go on. Bring another node in first; --force survivors overrules this.',
      );
    }
    const crowded = this.#isReadable(observation) ? whyCrowded(this.#context, observation) : null;
    if (crowded === null) this.#quiet(now);
    else
      await this.#tell(
        'crowded',
        `${node.name} is out, and may be needed: ${crowded}`,
        'It is not restarted before the others have room again; Ctrl-C gives it back.',
      );
    return crowded;
  }

  /** Why it is not given back although nobody else is left, as a hint; null where it is. */
  #whyItStays(): string | null {
    const { node, policy } = this.#context;
    const byHand = `Bring another node in, or this one back: fsha activate ${node.name}.`;
    return isForwardOnly(this.#context) || policy().hold ? byHand : null;
  }

  /** Where nobody else is left, and giving the node back would help: it took calls there before, and is still listed. */
  #emptySets(observation: Observation): readonly EmptySet[] {
    const { world, node, policy } = this.#context;
    const before = baselineOf(this.#context);
    if (policy().force.includes('survivors') || before.pause.inbound) return [];
    const helps = ({ proxy, set }: EmptySet): boolean =>
      before.destinations.some((one) => {
        if (one.proxy !== proxy || one.set !== set) return false;
        return takesCalls(one.flags) && flagsOf(observation, one).known;
      });
    const empty = setsWithoutSurvivor({ cluster: world.cluster, node, observation }).filter(helps);
    // Where this one cannot be read either, that others are not seen says nothing of them.
    return this.#isReadable(observation) ? empty : empty.filter(({ isSure }) => isSure);
  }

  #isReadable({ nodes }: Observation): boolean {
    return nodes[this.#context.node.name]?.trouble === null;
  }

  /** When the oldest reading of the others and of the proxies began: monotonic ms. */
  #oldest({ nodes, proxies }: Observation): number {
    const read = Object.values(proxies).filter(({ trouble }) => trouble === null);
    return Math.min(...this.#others().map((name) => nodes[name]?.at ?? 0), ...read.map(({ at }) => at));
  }

  /** Those that could take calls instead. */
  #others(): readonly string[] {
    const { node, world } = this.#context;
    const sets = new Set(node.destinations.map(({ set }) => set));
    return world.cluster.nodes.flatMap(({ name, destinations }) =>
      name !== node.name && destinations.some(({ set }) => sets.has(set)) ? [name] : [],
    );
  }

  #quiet(now: number): void {
    this.#quietSince ??= now;
    if (now - this.#quietSince >= OVER) this.#told = null;
  }

  /** Once as long as it is so, however the numbers in it change. */
  async #tell(need: Need, message: string, hint: string): Promise<void> {
    this.#quietSince = null;
    if (this.#told === need) return;
    this.#told = need;
    await tell(this.#context, 'drain.needed', message, hint);
  }
}

function wordsOf(empty: readonly EmptySet[]): string {
  return empty
    .map(({ proxy, set, why }) => `set ${set} of ${proxy}${why === '' ? '' : ` (${why})`}`)
    .join(', ');
}
