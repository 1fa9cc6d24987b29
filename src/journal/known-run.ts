/** One journal as status needs it: read as far as that, and again only where it has changed. */
import { stat } from 'node:fs/promises';
import type { NodeRun } from '../domain/came-after.ts';
import type { LastRun, PartlyRun, RollingNote, UnfinishedRun } from '../domain/cluster-runs.ts';
import { errorInfo } from '../domain/errors.ts';
import { isSameLock } from '../domain/lock-name.ts';
import { nodesInHand } from '../domain/rolling/progress.ts';
import { rollingStanding } from '../domain/rolling-standing.ts';
import { changesOf, fold, restartIntended, type RunState } from '../domain/run.ts';
import type { RunSummary } from '../domain/run-summary.ts';
import { isErrnoOf } from './errno.ts';
import { GrowingRun } from './growing-run.ts';
import { isUnreadable } from './journal-errors.ts';
import { journalPath } from './journal-path.ts';
import { summariseRun } from './list-runs.ts';
import { mayHaveTouched, type NodeTraces } from './node-traces.ts';
import { readJournal } from './read-journal.ts';
import type { RunLocks } from './run-locks.ts';
import { peekEnd, type PeekedEnd } from './peek-end.ts';
import { scanTraces } from './scan-journal.ts';
import { nodeRun } from './standing-walk.ts';

export interface Clocks {
  now(): number;
  wall(): Date;
}

/** As its journal tells; whether it goes on it does not. */
export type OpenRun = Omit<UnfinishedRun, 'underWay'>;

/** Monotonic ms, and ms since 1970. */
export interface Moment {
  readonly now: number;
  readonly wall: number;
}

/** Whose runs, and where they lie. */
export interface RunsPlace {
  /** The state directory. */
  readonly dir: string;
  readonly cluster: string;
  readonly locks: RunLocks;
}

/** Why a journal is not known. */
export interface Damage {
  readonly what: string;
  /** The file system did not let it be read, and nothing says that it is damaged. */
  readonly unreadable: boolean;
}

function damageOf(error: unknown): Damage {
  return { what: errorInfo(error).message, unreadable: isUnreadable(error) };
}

export class KnownRun {
  readonly #run: string;
  readonly #path: string;
  readonly #cluster: string;
  readonly #lockName: string;
  /** Size, time and file of what was read last. */
  #version = '';
  /** Where a short look was enough, for now. */
  #end: PeekedEnd | null = null;
  #summary: RunSummary | null = null;
  #growing: GrowingRun | null = null;
  #traces: NodeTraces | null = null;
  /** undefined until somebody asks. */
  #partly: PartlyRun | null | undefined;
  /** What is wrong behind its first and before its last line. */
  #damage: Damage | null = null;
  #seenAt = 0;

  constructor(run: string, { dir, cluster, locks }: RunsPlace) {
    this.#run = run;
    this.#path = journalPath(dir, run);
    this.#cluster = cluster;
    this.#lockName = locks.name;
  }

  /** Why it cannot be read, as far as that was tried. */
  get damage(): Damage | null {
    const { state, damage = null } = this.#summary ?? {};
    return damage === null ? this.#damage : { what: damage, unreadable: state === 'unreadable' };
  }

  /** When it came to its end, or wrote last: ISO 8601, UTC; '' for one that did nothing. */
  get lastAt(): string {
    const { settledAt = null, startedAt = null } = this.#summary ?? {};
    return this.#end?.at ?? this.#growing?.state?.lastAt ?? settledAt ?? startedAt ?? '';
  }

  /**
   * Reads it where it has changed since. Never throws: what cannot be read is damage.
   * @param begun both clocks when this reading of all runs began
   */
  async refresh(begun: Moment, clock: Clocks): Promise<void> {
    const { version, size } = await versionOf(this.#path);
    if (version === this.#version) return;
    this.#version = version;
    this.#damage = null;
    this.#traces = null;
    this.#partly = undefined;
    this.#summary = null;
    this.#end = null;
    if (version === GONE) return;
    this.#end = await peekEnd(this.#path, this.#run, size).catch(() => null);
    if (this.#end === null) this.#summary = await summariseRun(this.#run, this.#path);
    await this.#grow();
    // What ended before this reading began, had ended then; whether it did cannot be told where a clock was set back.
    this.#seenAt = Date.parse(this.lastAt) <= begun.wall ? begun.now : clock.now();
  }

  async #grow(): Promise<void> {
    const growing = this.#growing ?? new GrowingRun(this.#path);
    this.#growing = null;
    if (this.#open === null) return;
    try {
      await growing.advance();
      this.#growing = growing;
    } catch (error) {
      this.#damage = damageOf(error);
    }
  }

  /** A hang-up leaves nothing half done: it is never open. */
  get #open(): RunSummary | null {
    const summary = this.#summary;
    const isOpen = summary?.state === 'unfinished' && summary.kind !== 'hangup';
    return isOpen && summary.cluster === this.#cluster ? summary : null;
  }

  /** null where it has come to its end. */
  get unfinished(): OpenRun | null {
    const summary = this.#open;
    if (summary === null) return null;
    const { run, kind, nodes, startedAt } = summary;
    const begun = { run, kind, command: summary.command ?? '', nodes };
    const growing = this.#growing?.state;
    if (growing === null || growing === undefined) {
      // Nothing is known of what it did: it may be anything.
      const [who, since] = [summary.who ?? '', startedAt ?? ''];
      const worst = {
        touched: nodes,
        open: nodes,
        changed: [],
        restartIntended: true,
        step: null,
        elsewhere: false,
      };
      const damage = this.#damage === null ? {} : { damaged: true as const };
      return { ...begun, who, since, lastAt: since, ...worst, ...damage };
    }
    const { state, who, since, lastAt, step, lock } = growing;
    const touched = Object.keys(state.nodes).filter((name) => (state.nodes[name]?.effects.length ?? 0) > 0);
    const rolling = rollingNoteOf(state);
    // Of a node that is through nothing can be undone any more, and nothing has to.
    const open = nodesInHand(state);
    const announced = open.map((name) => state.nodes[name]).filter((node) => node !== undefined);
    return {
      ...begun,
      who,
      since,
      lastAt,
      step,
      touched,
      open,
      changed: changesOf(state),
      restartIntended: announced.some(restartIntended),
      elsewhere: lock !== null && !isSameLock(lock, this.#lockName),
      ...(rolling === undefined ? {} : { rolling }),
    };
  }

  /** What it has not brought through, where it is a rolling run that has ended so and can be gone on with; null: it is none. */
  async partly(): Promise<PartlyRun | null> {
    const next = this.#end?.next ?? this.#summary?.next ?? [];
    if (!next.some((line) => line.endsWith(` resume ${this.#run}`))) return null;
    if (this.#partly === undefined) this.#partly = await this.#readPartly();
    return this.#partly;
  }

  async #readPartly(): Promise<PartlyRun | null> {
    try {
      const state = fold((await readJournal(this.#path)).events);
      const standing = state === undefined ? null : rollingStanding(state);
      if (state === undefined || standing === null || state.started.cluster !== this.#cluster) return null;
      const isOpen = new Set<string>(['untouched', 'in hand', 'failed', 'held']);
      return {
        run: this.#run,
        command: state.started.command,
        who: state.started.who,
        lastAt: this.lastAt,
        nodes: standing.nodes.filter(({ phase }) => isOpen.has(phase)).map(({ name }) => name),
        changed: Object.values(state.nodes).some(({ effects }) => effects.length > 0),
      };
    } catch (error) {
      this.#damage = damageOf(error);
      return null;
    }
  }

  /** Whether it says what this node is, at its end or by having none. */
  isAbout(node: string): boolean {
    if (this.#end !== null) return Object.hasOwn(this.#end.nodes, node);
    const summary = this.#summary;
    const isRun = summary?.state === 'settled' || summary?.state === 'unfinished';
    return isRun && mayHaveTouched(summary, this.#cluster, node);
  }

  /** As it is told from the other runs of a node which came after which; null where it did not mean to change that one. */
  async asOf(node: string): Promise<(NodeRun & { readonly known: KnownRun }) | null> {
    this.#summary ??= await summariseRun(this.#run, this.#path);
    const summary = this.#summary;
    if (summary.damage !== null || !mayHaveTouched(summary, this.#cluster, node)) return null;
    const trace = (await this.#readTraces(summary))?.of(node) ?? null;
    if (trace?.touched === false) return null;
    const { run, state } = summary;
    return { ...nodeRun({ run, settled: state === 'settled', lastAt: this.lastAt }, trace), known: this };
  }

  /** What it says of a node whose destinations it meant to change; null where it did not. */
  async lastRun(node: string): Promise<LastRun | null> {
    this.#summary ??= await summariseRun(this.#run, this.#path);
    const summary = this.#summary;
    if (summary.damage !== null || !mayHaveTouched(summary, this.#cluster, node)) return null;
    const traces = await this.#readTraces(summary);
    const trace = traces?.of(node);
    if (trace?.touched === false) return null;
    return {
      run: summary.run,
      command: summary.command ?? '',
      who: summary.who ?? '',
      kind: summary.kind ?? 'drain',
      nodes: summary.nodes,
      settled: summary.state === 'settled',
      lastAt: this.lastAt,
      says: summary.services[node] ?? 'unknown',
      found: trace?.baseline?.destinations ?? null,
      next: summary.next,
      call: summary.call ?? 'fsha',
      seenAt: this.#seenAt,
    };
  }

  /** null where its journal is damaged: then it may have changed each of its nodes. */
  async #readTraces({ nodes }: RunSummary): Promise<NodeTraces | null> {
    if (this.#damage !== null) return null;
    if (this.#growing !== null) return this.#growing.traces;
    if (this.#traces !== null) return this.#traces;
    try {
      this.#traces = await scanTraces(this.#path, nodes);
    } catch (error) {
      this.#damage = damageOf(error);
    }
    return this.#traces;
  }
}

function rollingNoteOf(state: RunState): RollingNote | undefined {
  const standing = rollingStanding(state);
  if (standing === null) return undefined;
  const named = (...phases: readonly string[]): readonly string[] =>
    standing.nodes.filter(({ phase }) => phases.includes(phase)).map(({ name }) => name);
  return {
    done: standing.counts.done,
    of: standing.nodes.length,
    inHand: named('in hand'),
    untouched: named('untouched'),
    failed: named('failed', 'held'),
  };
}

/** Pruned since the directory was read. */
const GONE = 'gone';

/** Another text for another state of the file. */
async function versionOf(path: string): Promise<{ readonly version: string; readonly size: number }> {
  try {
    // What changed last may be who may read it.
    const { size, mtimeMs, ctimeMs, ino } = await stat(path);
    return { version: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, size };
  } catch (error) {
    return { version: isErrnoOf(error, 'ENOENT') ? GONE : 'cannot be read', size: 0 };
  }
}
