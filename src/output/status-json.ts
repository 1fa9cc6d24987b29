/** The document of `fsha status --json`. Public: keys stay, new ones may come. What is null is unknown, and says why. */
import type { Cluster, Node } from '../domain/cluster.ts';
import { readFlags } from '../domain/dispatcher-state.ts';
import type { ErrorInfo } from '../domain/errors.ts';
import { isFresh } from '../domain/mark.ts';
import type { Known, NodeObservation, Observation, Pause } from '../domain/observation.ts';
import type { LastWord, RunNote, RunNotes } from '../domain/run-notes.ts';
import { isTarget } from '../domain/targets.ts';
import { unknownNotes } from './status-notes.ts';
import { targetsOf } from './status-cells.ts';
import { missingTexts } from './status-runs.ts';

export interface StatusDocument {
  readonly v: 1;
  readonly type: 'status';
  /** Wall clock, ISO 8601, UTC. */
  readonly at: string;
  readonly cluster: string;
  /** Whether anything asked for is unknown. */
  readonly complete: boolean;
  readonly nodes: readonly StatusNode[];
  readonly proxies: readonly StatusProxy[];
  /** Those that go on, were interrupted, or left nodes out; null where nothing was asked of runs. */
  readonly runs: readonly StatusRun[] | null;
  /** Why something may be missing in what is said of runs. */
  readonly runsUnknown: readonly string[];
}

export interface StatusNode {
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly error: ErrorInfo | null;
  readonly ready: boolean | null;
  readonly sessions: number | null;
  readonly sessionLimit: number | null;
  readonly peak5Min: number | null;
  readonly calls: number | null;
  readonly channels: number | null;
  readonly uptimeMs: number | null;
  readonly version: string | null;
  readonly coreUuid: string | null;
  readonly pause: Pause | null;
  /** The mark of the run that holds it. Also null where there is none: then `unknown` has no reason for it. */
  readonly mark: string | null;
  /** Whether the run that wrote the mark may be under way; null where there is none, or it is none of fsha's. */
  readonly markFresh: boolean | null;
  /** What the last run says of it that changed it; null where none is known here. */
  readonly lastRun: StatusLastRun | null;
  /** Why a value is null, by its key. */
  readonly unknown: Readonly<Record<string, string>>;
  readonly destinations: readonly StatusDestination[];
}

/** A destination on a proxy. `listed` counts its lines in the list: other than 1 is a fault; null is unknown. */
export interface StatusDestination {
  readonly proxy: string;
  readonly set: number;
  readonly uri: string | null;
  readonly duid: string | null;
  readonly listed: number | null;
  readonly flags: string | null;
  readonly state: string | null;
  readonly probing: boolean | null;
}

export interface StatusProxy {
  readonly proxy: string;
  readonly error: ErrorInfo | null;
  readonly version: string | null;
  readonly instance: string | null;
}

/** `missing`: what it has in hand and is not in the inventory, which has to be put back before anything else; a sentence. */
export type StatusRun = Pick<
  RunNote,
  'run' | 'command' | 'who' | 'state' | 'nodes' | 'since' | 'step' | 'next'
> & { readonly missing: string | null; readonly stopped: boolean };

/** `contradictedBy`: the proxies that show something else. */
export interface StatusLastRun extends LastWord {
  readonly contradictedBy: readonly string[];
}

/** @param at wall clock of the observation */
export function statusDocument(
  cluster: Cluster,
  observation: Observation,
  at: Date,
  runs: RunNotes | null = null,
): StatusDocument {
  return {
    v: 1,
    type: 'status',
    at: at.toISOString(),
    cluster: cluster.name,
    complete: unknownNotes(cluster, observation).length === 0,
    nodes: cluster.nodes.map((node) => statusNode(cluster, observation, node, runs)),
    proxies: cluster.proxies.map(({ name }) => {
      const seen = observation.proxies[name];
      return {
        proxy: name,
        error: seen?.trouble ?? null,
        version: seen?.version.known === true ? seen.version.value : null,
        instance: seen?.instance.known === true ? seen.instance.value : null,
      };
    }),
    runs: runs?.runs.map(statusRun) ?? null,
    runsUnknown: runs === null ? [] : [...missingTexts(runs), ...runs.gaps],
  };
}

function statusRun({ missing, ...note }: RunNote): StatusRun {
  const { run, command, who, state, nodes, since, step, next } = note;
  const gone = missing === undefined ? null : `it ${missing.what}: ${missing.todo}`;
  return {
    run,
    command,
    who,
    state,
    nodes,
    since,
    step,
    next,
    missing: gone,
    stopped: note.stopped === true,
  };
}

function lastRun(node: Node, runs: RunNotes | null): StatusLastRun | null {
  const last = runs?.last[node.name];
  if (runs === null || last === undefined) return null;
  const shown = runs.contradictions.filter((one) => one.node === node.name).flatMap((one) => one.shown);
  return { ...last, contradictedBy: shown.map(({ proxy }) => proxy) };
}

function isMarkFresh(node: Node, runs: RunNotes | null): boolean | null {
  const note = runs?.marks[node.name];
  return runs === null || note === undefined || note.state === 'foreign'
    ? null
    : !note.mark.ended && isFresh(note.age);
}

const VALUES = [
  'ready',
  'sessions',
  'sessionLimit',
  'peak5Min',
  'calls',
  'channels',
  'uptimeMs',
  'version',
  'coreUuid',
  'pause',
  'mark',
] as const satisfies readonly (keyof NodeObservation)[];

type Values = Pick<StatusNode, (typeof VALUES)[number]>;

function statusNode(
  cluster: Cluster,
  observation: Observation,
  node: Node,
  runs: RunNotes | null,
): StatusNode {
  const seen = observation.nodes[node.name];
  const reading = (key: (typeof VALUES)[number]): Known<unknown> =>
    seen?.[key] ?? { known: false, why: 'it was not read' };
  return {
    node: node.name,
    labels: node.labels,
    error: seen?.trouble ?? null,
    // The keys of VALUES are those of Values; TypeScript cannot see that through fromEntries.
    ...(Object.fromEntries(
      VALUES.map((key) => {
        const value = reading(key);
        return [key, value.known ? value.value : null];
      }),
    ) as unknown as Values),
    markFresh: isMarkFresh(node, runs),
    lastRun: lastRun(node, runs),
    unknown: Object.fromEntries(
      VALUES.flatMap((key) => {
        const value = reading(key);
        return value.known ? [] : [[key, value.why]];
      }),
    ),
    destinations: cluster.proxies.flatMap((proxy) => {
      const targets = targetsOf(observation, proxy, node);
      return node.destinations.map((destination): StatusDestination => {
        const found = targets.known ? targets.value.filter((target) => isTarget(destination, target)) : [];
        const [only] = found.length === 1 ? found : [];
        const flags = only === undefined ? undefined : readFlags(only.flags);
        return {
          proxy: proxy.name,
          set: destination.set,
          uri: only?.uri ?? destination.uri ?? null,
          duid: only?.duid ?? destination.duid ?? null,
          listed: targets.known ? found.length : null,
          flags: only?.flags ?? null,
          state: flags?.state ?? null,
          probing: flags?.probing ?? null,
        };
      });
    }),
  };
}
