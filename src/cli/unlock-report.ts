/** How the run ended that was asked to stop, from its journal, in words and as a document. */
import { stat } from 'node:fs/promises';
import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import type { LockHolder } from '../domain/lock-holder.ts';
import type { EventOf, RunSettled } from '../domain/run-events.ts';
import { guardOf } from '../journal/guard-lock.ts';
import { readJournalEnds } from '../journal/journal-ends.ts';
import { journalPath } from '../journal/journal-path.ts';
import { isStopped } from '../journal/lock-holder-process.ts';
import { holderWords } from '../journal/lock-holder-words.ts';
import { readJournal } from '../journal/read-journal.ts';
import { sayEvent } from '../output/sentences/registry.ts';
import { SentenceMemory } from '../output/sentences/sentence.ts';

export type RunEnd =
  | {
      readonly kind: 'settled';
      readonly started: EventOf<'run.started'>;
      readonly last: EventOf<'run.settled'>;
    }
  /** It recorded nothing, so it did nothing. */
  | { readonly kind: 'nothing' }
  /** Its journal does not say; `why` where it cannot be read. */
  | { readonly kind: 'unknown'; readonly why: string | null };

/** How a run ended whose process is no more. Never throws for a journal that cannot be read. */
export async function endOf(dir: string, run: string): Promise<RunEnd> {
  const path = journalPath(dir, run);
  try {
    if ((await stat(path).catch(() => null)) === null) return { kind: 'nothing' };
    const { started, settled } = await readJournalEnds(path);
    if (started === null) return { kind: 'nothing' };
    return settled === null ? { kind: 'unknown', why: null } : { kind: 'settled', started, last: settled };
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    return { kind: 'unknown', why: error.message };
  }
}

/** Whether the process that writes this journal has been asked to stop before: by a signal, a key, or from elsewhere. */
export async function isStopping(dir: string, run: string): Promise<boolean> {
  try {
    const { events } = await readJournal(journalPath(dir, run));
    const own = events.slice(events.findLastIndex(({ type }) => type === 'run.resumed') + 1);
    return own.some((event) => event.type === 'request.received' && event.data.request.kind === 'abort');
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    return false;
  }
}

/** @param call how fsha is called now */
export function endLines(end: RunEnd, run: string, call: string): readonly string[] {
  if (end.kind === 'nothing') return [`run ${run} has ended; it had done nothing`];
  if (end.kind === 'unknown')
    return [
      `run ${run} has ended without saying how${end.why === null ? '' : `: ${end.why}`}`,
      `  look: ${call} status`,
      `  then go on with it: ${call} resume ${run}`,
    ];
  const memory = new SentenceMemory(false);
  memory.note(end.started);
  const said = sayEvent(end.last, memory)?.text ?? '';
  return `run ${run} has ended: ${said}`.split('\n');
}

/** The document of `fsha unlock --json`. Public: keys stay, new ones may come. */
export interface UnlockDocument {
  readonly v: 1;
  readonly type: 'unlock';
  /** Wall clock, ISO 8601, UTC. */
  readonly at: string;
  readonly cluster: string;
  /** Whether nobody holds the lock now. */
  readonly free: boolean;
  /** Who held it; null where nobody did, or nothing says who. */
  readonly holder: LockHolder | null;
  /** How that run ended; null where it has not, or that is unknown. */
  readonly ended: RunSettled | null;
  /** Runs that keep a node out, which have a lock of its own: null where nothing says who. */
  readonly guards: readonly Guard[];
}

export interface Guard {
  readonly node: string;
  readonly holder: LockHolder | null;
  /** Whether its process is stopped (Ctrl-Z, SIGSTOP), as far as it can be seen from here: until it goes on, it hears nothing. */
  readonly stopped: boolean;
}

/** The runs that keep nodes of a cluster out at this moment. @throws FshaError `journal`, `refused`, `interrupted` */
export async function guardsOf(
  { state, name, nodes }: Cluster,
  signal: AbortSignal,
): Promise<readonly Guard[]> {
  const guards: Guard[] = [];
  for (const { name: node } of nodes) {
    const guard = await guardOf({ dir: state.dir, cluster: name, node }, signal);
    if (guard === null) continue;
    const holder = guard === 'unnamed' ? null : guard;
    guards.push({ node, holder, stopped: holder !== null && (await isStopped(holder)) });
  }
  return guards;
}

/**
 * Who keeps which node out, and how that ends: not with the lock of the cluster.
 * @param call how fsha is called now
 * @param now wall clock, ms
 */
export function guardLines(guards: readonly Guard[], call: string, now: number): readonly string[] {
  return guards.flatMap(({ node, holder, stopped }) => [
    `${node} is kept out by ${holder === null ? 'a run that nothing names' : holderWords(holder, now)}`,
    ...(holder !== null && stopped ? [`  ${goesOnWith(holder)}`] : []),
    `  ${stopped ? 'then it ends' : 'it ends'} with: ${call} activate ${node}`,
  ]);
}

/** Not done by fsha: whoever stopped it may have had a reason. */
export function goesOnWith({ pid }: LockHolder): string {
  return `its process is stopped; it goes on with: kill -CONT ${pid}`;
}

export function endData(end: RunEnd | undefined): RunSettled | null {
  return end?.kind === 'settled' ? end.last.data : null;
}
