/** One journal as status needs it: read as far as that, and again only where it has changed. */
import { stat } from 'node:fs/promises';
import type { LastRun, UnfinishedRun } from '../domain/cluster-runs.ts';
import { errorInfo } from '../domain/errors.ts';
import { restartIntended } from '../domain/run.ts';
import type { RunSummary } from '../domain/run-summary.ts';
import { GrowingRun } from './growing-run.ts';
import { summariseRun } from './list-runs.ts';
import { mayHaveTouched, type NodeTraces } from './node-traces.ts';
import { scanTraces } from './scan-journal.ts';

export interface Clocks {
  now(): number;
  wall(): Date;
}

export class KnownRun {
  readonly #path: string;
  readonly #cluster: string;
  /** Size, time and file of what was read last. */
  #version = '';
  #summary: RunSummary | null = null;
  #growing: GrowingRun | null = null;
  #traces: NodeTraces | null = null;
  /** What is wrong behind its first and before its last line. */
  #damage: string | null = null;
  #seenAt = 0;

  constructor(path: string, cluster: string) {
    this.#path = path;
    this.#cluster = cluster;
  }

  /** null for one of another cluster, one that did nothing, and one of which nothing can be read. */
  get own(): RunSummary | null {
    const summary = this.#summary;
    const isOwn = summary?.cluster === this.#cluster;
    return isOwn && (summary.state === 'settled' || summary.state === 'unfinished') ? summary : null;
  }

  get damage(): string | null {
    return this.#summary?.damage ?? this.#damage;
  }

  /** When it came to its end, or wrote last. ISO 8601, UTC. */
  get lastAt(): string {
    return this.#growing?.state?.lastAt ?? this.#summary?.settledAt ?? this.#summary?.startedAt ?? '';
  }

  /** Reads it where it has changed since. Never throws: what cannot be read is damage. */
  async refresh(run: string, clock: Clocks): Promise<void> {
    const [now, wall] = [clock.now(), clock.wall().getTime()];
    const version = await versionOf(this.#path);
    if (version === this.#version) return;
    this.#version = version;
    this.#damage = null;
    this.#traces = null;
    this.#summary = null;
    if (version === GONE) return;
    const summary = await summariseRun(run, this.#path);
    this.#summary = summary;
    if (this.own?.state === 'unfinished' && summary.kind !== 'hangup') await this.#grow();
    else this.#growing = null;
    // What had ended before this began, had ended by now; its end may be later than that where a clock was set.
    this.#seenAt = Date.parse(summary.settledAt ?? '') <= wall ? now : clock.now();
  }

  async #grow(): Promise<void> {
    const growing = this.#growing ?? new GrowingRun(this.#path);
    try {
      await growing.advance();
      this.#growing = growing;
    } catch (error) {
      this.#growing = null;
      this.#damage = errorInfo(error).message;
    }
  }

  /** null where it has come to its end; a hang-up leaves nothing half done either. */
  get unfinished(): UnfinishedRun | null {
    const summary = this.own;
    if (summary?.state !== 'unfinished' || summary.kind === 'hangup') return null;
    const { run, nodes, startedAt } = summary;
    const begun = { run, command: summary.command ?? '', nodes };
    const growing = this.#growing?.state;
    if (growing === null || growing === undefined) {
      // Nothing is known of what it did: it may be anything.
      const [who, since] = [summary.who ?? '', startedAt ?? ''];
      return { ...begun, who, since, lastAt: since, touched: nodes, restartIntended: true, step: null };
    }
    const { state, who, since, lastAt, step } = growing;
    const touched = Object.entries(state.nodes).filter(([, node]) => node.effects.length > 0);
    return {
      ...begun,
      who,
      since,
      lastAt,
      step,
      touched: touched.map(([name]) => name),
      restartIntended: touched.some(([, node]) => restartIntended(node)),
    };
  }

  mayHaveTouched(node: string): boolean {
    const summary = this.own;
    return summary !== null && mayHaveTouched(summary, this.#cluster, node);
  }

  /** What it says of a node whose destinations it meant to change; null where it did not. */
  async lastRun(node: string): Promise<LastRun | null> {
    const summary = this.own;
    if (summary === null) return null;
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
      this.#damage = errorInfo(error).message;
    }
    return this.#traces;
  }
}

/** Pruned since the directory was read. */
const GONE = 'gone';

/** Another text for another state of the file. */
async function versionOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? GONE : 'cannot be read';
  }
}
