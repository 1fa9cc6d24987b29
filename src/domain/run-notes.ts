/**
 * What is to be said of runs beside a look at the cluster: which go on, which were interrupted, what was left out and by
 * whom, and where the last run and the proxies say different things.
 */
import { aliveElsewhere } from './alive-elsewhere.ts';
import type { Cluster, Node } from './cluster.ts';
import type { ClusterRuns, LastRun, RollingNote, UnfinishedRun } from './cluster-runs.ts';
import { type MarkNote, markNotes } from './mark-notes.ts';
import { type Missing, missingFromInventory } from './missing-from-inventory.ts';
import type { Observation } from './observation.ts';
import { contradictionOf, type Contradiction, isSeenIn } from './run-contradiction.ts';
import type { Service } from './run-events.ts';

export interface RunNotes {
  /** Wall clock at which this was judged, ms since 1970. */
  readonly wall: number;
  /** Those that go on, then the interrupted ones, then those that left something: each newest first. */
  readonly runs: readonly RunNote[];
  readonly contradictions: readonly Contradiction[];
  /** Marks in nodes' memory, by node; none where it is not known which runs there were here. */
  readonly marks: Readonly<Record<string, MarkNote>>;
  /** What the last run that changed a node says of it, by node; no entry where no such run is known here. */
  readonly last: Readonly<Record<string, LastWord>>;
  /** The state directory, where that is not there. */
  readonly missing: string | null;
  /** Why something may be missing, sentences without their full stop. */
  readonly gaps: readonly string[];
}

/**
 * `unfinished`: it has not come to its end, and whether it goes on cannot be told. `left-unknown`: it ended without knowing
 * what it left the nodes as. `partly`: a rolling run that ended without having brought these nodes through.
 */
export type RunNoteState =
  'in-progress' | 'interrupted' | 'unfinished' | 'left-out' | 'left-unknown' | 'partly';

export interface RunNote {
  readonly run: string;
  /** As it was meant: `drain node-1`. */
  readonly command: string;
  readonly who: string;
  readonly state: RunNoteState;
  /** The nodes that this is about. */
  readonly nodes: readonly string[];
  /** ISO 8601, UTC: when its process began (`in-progress`, `unfinished`), wrote last (`interrupted`), or came to its end. */
  readonly since: string;
  /** What it is at, or was: the kind of a step. */
  readonly step: string | null;
  /** How far it is with its nodes; absent for a run of another kind, and for one that has ended. */
  readonly rolling?: RollingNote;
  /** Whether it announced anything: where it did not, nothing was changed. */
  readonly changed: boolean;
  /** What it has in hand and is not in the inventory; absent: nothing. Until that is there, nobody can go on with it. */
  readonly missing?: Missing;
  /** Its process is stopped, and does nothing until it goes on; absent: it is not, as far as can be seen from here. */
  readonly stopped?: true;
  /** Commands that go on, exact. */
  readonly next: readonly string[];
}

export interface LastWord {
  readonly run: string;
  readonly says: Service;
}

export interface RunNotesInput {
  readonly cluster: Cluster;
  /** Read before `runs`, to the last reading in it. */
  readonly observation: Observation;
  readonly runs: ClusterRuns;
  /** Wall clock now, ms since 1970. */
  readonly wall: number;
  /** How fsha was called, for the commands: `fsha`, or `fsha --config FILE`. */
  readonly command: string;
}

export function runNotes(input: RunNotesInput): RunNotes {
  const { cluster, runs, wall } = input;
  const unfinished = [...begunJustNow(input), ...unfinishedNotes(input)];
  const left = [...leftNotes(input), ...partlyNotes(input)];
  const rank = (note: RunNote): number => ORDER.indexOf(note.state);
  const notes = [...unfinished, ...left].toSorted((one, other) => rank(one) - rank(other));
  const marks = markNotes(input, notes);
  return {
    wall,
    runs: notes,
    contradictions: cluster.nodes.flatMap((node) => {
      const last = runs.last.get(node.name);
      const isOthers = isBusy(node.name, unfinished) || isHeldByAnother(marks[node.name], last);
      const found = last === undefined || isOthers ? null : contradictionOf({ ...input, node, last });
      return found === null ? [] : [found];
    }),
    marks,
    last: Object.fromEntries(
      cluster.nodes.flatMap(({ name }) => {
        const last = runs.last.get(name);
        return last === undefined ? [] : [[name, { run: last.run, says: last.says }]];
      }),
    ),
    missing: runs.missing,
    gaps: runs.gaps,
  };
}

const ORDER: readonly RunNoteState[] = [
  'in-progress',
  'unfinished',
  'interrupted',
  'left-unknown',
  'left-out',
  'partly',
];

/** Whoever holds the lock and has written no journal yet. */
function begunJustNow({ runs, command }: RunNotesInput): readonly RunNote[] {
  const { lock, known } = runs;
  if (lock?.held !== true || lock.holder === null || known?.has(lock.holder.run) === true) return [];
  const { run, command: meant, who, since } = lock.holder;
  const next = [`${command} show ${run} --follow`];
  return [
    { run, command: meant, who, state: 'in-progress', nodes: [], since, step: null, changed: false, next },
  ];
}

function unfinishedNotes(input: RunNotesInput): readonly RunNote[] {
  const { runs, command } = input;
  return runs.unfinished.flatMap((one): readonly RunNote[] => {
    const { run, nodes, step, who } = one;
    const { rolling } = one;
    const changed = one.touched.length > 0;
    const note = { run, command: one.command, who, nodes, step, changed, ...(rolling && { rolling }) };
    const follow = `${command} show ${run} --follow`;
    const resume = `${command} resume ${run}`;
    const missing = missingFromInventory(one, input.cluster);
    const lost = missing === null ? {} : { missing };
    const goesOn = goesOnElsewhere(one, input) ? null : one.underWay;
    if (goesOn === true) {
      // What only keeps a node out gives way to whoever brings it back.
      const back = step === 'guard' ? nodes.map((name) => `${command} activate ${name}`) : [];
      if (one.stopped === undefined)
        return [{ ...note, state: 'in-progress', since: one.since, next: [follow, ...back] }];
      const next = [`kill -CONT ${one.stopped}`, follow, ...back];
      return [{ ...note, state: 'in-progress', since: one.since, stopped: true, next }];
    }
    if (isOvertaken(one, runs)) return [];
    if (goesOn === null) {
      const back = missing === null ? [resume] : [];
      return [{ ...note, ...lost, state: 'unfinished', since: one.since, next: [follow, ...back] }];
    }
    if (one.damaged === true) {
      // Once its file is moved away, which the gap says, its mark is one of a run that nobody knows.
      const back = nodes
        .filter((name) => input.cluster.nodes.some((node) => node.name === name))
        .map((name) => `${command} activate ${name} --force mark`);
      return [{ ...note, state: 'interrupted', since: one.lastAt, next: back }];
    }
    const next = missing !== null ? [] : one.restartIntended ? [resume] : [resume, `${resume} --undo`];
    return [{ ...note, ...lost, state: 'interrupted', since: one.lastAt, next }];
  });
}

/** Whether it may go on where another lock is: its journal was copied here. */
function goesOnElsewhere(
  { run, nodes, touched, open, elsewhere, underWay, lastAt }: UnfinishedRun,
  { observation, wall }: RunNotesInput,
): boolean {
  if (!elsewhere || underWay === true) return false;
  const ahead = nodes.filter((name) => open.includes(name) || !touched.includes(name));
  return aliveElsewhere(run, ahead, observation, Date.parse(lastAt), wall) !== null;
}

/** Whether each of its nodes was changed by a later run: then that one's word counts, and nothing of this one is left to do. */
function isOvertaken({ run, nodes, lastAt, overtaken }: UnfinishedRun, { last }: ClusterRuns): boolean {
  // Which run is the last one is told by more than dates; of a node that this one did not change dates tell.
  const isLater = (other: LastRun | undefined): boolean =>
    other !== undefined && other.run !== run && other.lastAt > lastAt;
  return (
    nodes.length > 0 && nodes.every((name) => overtaken?.includes(name) === true || isLater(last.get(name)))
  );
}

/** One note for each run that left nodes out, or does not know what it left them as, with all of these. */
function leftNotes({ cluster, observation, runs, command }: RunNotesInput): readonly RunNote[] {
  const notes = new Map<string, { readonly last: LastRun; readonly nodes: string[] }>();
  for (const node of cluster.nodes) {
    const last = runs.last.get(node.name);
    if (last?.settled !== true || last.says === 'in service') continue;
    if (isBack(cluster, observation, node, last)) continue;
    const key = `${last.run} ${last.says}`;
    const note = notes.get(key) ?? { last, nodes: [] };
    note.nodes.push(node.name);
    notes.set(key, note);
  }
  return [...notes.values()]
    .toSorted(({ last: one }, { last: other }) => (one.lastAt < other.lastAt ? 1 : -1))
    .map(({ last, nodes }) => ({
      run: last.run,
      command: last.command,
      who: last.who,
      state: last.says === 'unknown' ? 'left-unknown' : 'left-out',
      nodes,
      since: last.lastAt,
      step: null,
      changed: true,
      next: nextFor(
        last,
        nodes,
        command,
        last.nodes.every((name) => cluster.nodes.some((node) => node.name === name)),
      ),
    }));
}

/** Of its nodes those that no later run has changed: what became of the others is that one's to say. */
function partlyNotes({ cluster, runs: { partly, last }, command }: RunNotesInput): readonly RunNote[] {
  if (partly === undefined) return [];
  const { run, who, lastAt, changed } = partly;
  const nodes = partly.nodes.filter((name) => {
    const other = last.get(name);
    const isLater = other !== undefined && other.run !== run && other.lastAt > lastAt;
    return !isLater && cluster.nodes.some((node) => node.name === name);
  });
  if (nodes.length === 0) return [];
  const next = [`${command} resume ${run}`];
  return [
    { run, command: partly.command, who, state: 'partly', nodes, since: lastAt, step: null, changed, next },
  ];
}

/** Whether somebody has brought it back since: then there is nothing to go on with, at most something to wonder about. */
function isBack(cluster: Cluster, observation: Observation, node: Node, { says }: LastRun): boolean {
  const isIn = isSeenIn(cluster, observation, node);
  if (says === 'out of service' || !isIn) return isIn;
  const seen = observation.nodes[node.name];
  return (
    seen?.trouble === null &&
    seen.pause.known &&
    !seen.pause.value.inbound &&
    seen.mark.known &&
    seen.mark.value === null
  );
}

/** What the run itself wrote down, called as fsha is called now; what only looks is left out, since this is a look. */
function nextFor(
  last: LastRun,
  nodes: readonly string[],
  command: string,
  isWhole: boolean,
): readonly string[] {
  const looks = [`${last.call} status`, `${last.call} show ${last.run}`];
  const isRefused = (one: string): boolean => !isWhole && one.includes(` resume ${last.run}`);
  const written = last.next
    .filter((one) => !looks.includes(one) && !isRefused(one) && concerns(one, nodes, last.nodes))
    .map((one) => (one.startsWith(`${last.call} `) ? `${command}${one.slice(last.call.length)}` : one));
  return written.length > 0 ? written : nodes.map((name) => `${command} activate ${name}`);
}

/** A command that names other nodes of the run is about these; one that names none may be about any. */
function concerns(line: string, nodes: readonly string[], all: readonly string[]): boolean {
  const words = line.split(' ');
  const named = all.filter((name) => words.includes(name));
  return named.length === 0 || named.some((name) => nodes.includes(name));
}

/** Whether a run changes the node at this moment, or may: what is seen of it is that run's doing. */
function isBusy(node: string, unfinished: readonly RunNote[]): boolean {
  return unfinished.some(
    ({ state, nodes }) => (state === 'in-progress' || state === 'unfinished') && nodes.includes(node),
  );
}

/** Whether a run that is not known here has taken the node since: then the last one known here is not the last one. */
function isHeldByAnother(mark: MarkNote | undefined, last: LastRun | undefined): boolean {
  const isOthers = mark?.state === 'fresh' || mark?.state === 'stale' || mark?.state === 'left';
  return isOthers && mark.mark.run !== last?.run;
}
