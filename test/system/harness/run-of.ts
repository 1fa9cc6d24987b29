/** A run of fsha on node-1, followed through its journal: what is there is on the disk, whatever became of stdout. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EventOf, RunEvent, RunSettled } from '../../../src/domain/run-events.ts';
import { until } from '../../support/until.ts';
import type { Changes } from './deep-merge.ts';
import { lastSeq, type Look, lookWhere, settledRun, waits } from './events-of.ts';
import { type FshaOptions, type FshaResult, journalEvents, startFsha, type StartedFsha } from './fsha.ts';
import type { HeldCalls } from './held-calls.ts';
import { oneCall } from './hold-at-node.ts';
import type { RealCluster } from './real-cluster.ts';

/** A cluster for drains in trouble. */
export const WITH_GATES = { via: 'direct', jump: false, gates: true, quick: true } as const;

export interface RunOf {
  readonly fsha: StartedFsha;
  readonly stateDir: string;
  /** Of the newest run in its state directory: all that is on the disk now. */
  events(): readonly RunEvent[];
  /** The first such event. @throws when it is not there within `timeoutMs`, or fsha ends without it */
  until(what: string, wanted: (event: RunEvent) => boolean, timeoutMs?: number): Promise<RunEvent>;
  /** Resolves when fsha has ended. @throws when its journal does not end with the one run.settled */
  readonly end: () => Promise<EndedRun>;
}

export interface EndedRun extends FshaResult {
  readonly events: readonly RunEvent[];
  readonly settled: RunSettled;
}

export interface RunOptions extends FshaOptions {
  /** Default `['--json']`: with none the lines for people. */
  readonly flags?: readonly string[];
  readonly settings?: Changes;
  /** An inventory that is there already, with its state directory; else one is made with `settings`. */
  readonly config?: string;
  /** Default `drain`. */
  readonly command?: string;
  /** What the command is about; default node-1. A run that is there already is followed from its beginning. */
  readonly subject?: string;
}

/** Starts `fsha drain node-1`, in a state directory of its own unless `config` is told. */
export async function startRun(cluster: RealCluster, options: RunOptions = {}): Promise<RunOf> {
  const { flags = ['--json'], settings = {}, command = 'drain', subject = 'node-1', ...rest } = options;
  const config = options.config ?? (await cluster.configWith(settings));
  const stateDir = options.disk?.seenAt ?? cluster.stateDirOf(config);
  // Before it is started: it may have begun its journal when this process comes to look.
  const before = command === 'resume' ? 0 : runsIn(stateDir);
  const fsha = await startFsha([command, subject, '--config', config, ...flags], rest);
  return followRun(fsha, stateDir, before);
}

/** The same, and resolves when it has ended. */
export async function runToEnd(cluster: RealCluster, options: RunOptions = {}): Promise<EndedRun> {
  return (await startRun(cluster, options)).end();
}

/** A drain with --json that waits for a call on node-1, which came past the proxies and is up until it is hung up. */
export async function startWaitingRun(
  cluster: RealCluster,
  options: RunOptions = {},
): Promise<RunOf & { readonly call: HeldCalls }> {
  const call = await oneCall(cluster);
  const run = await startRun(cluster, options);
  // As it is printed: what else is looked for in there comes behind it.
  await run.fsha.untilEvent(waits);
  return { ...run, call };
}

function followRun(fsha: StartedFsha, stateDir: string, before: number): RunOf {
  const events = (): readonly RunEvent[] =>
    runsIn(stateDir) === before ? [] : (journalEvents(stateDir).at(-1) ?? []);
  return {
    fsha,
    stateDir,
    events,
    until: (what, wanted, timeoutMs) => whileItRuns(fsha, what, () => events().find(wanted), timeoutMs),
    async end() {
      const result = await fsha.done;
      const all = events();
      try {
        return { ...result, events: all, settled: settledRun(all) };
      } catch (error) {
        throw new Error(`exit ${result.exitCode}\n${result.stdout.slice(-2_000)}\n${result.stderr}`, {
          cause: error,
        });
      }
    },
  };
}

/** Waits for something that happens while fsha runs. @throws with what fsha said when it ends before that */
export async function whileItRuns<T>(
  fsha: StartedFsha,
  what: string,
  look: () => T | undefined | false,
  timeoutMs = 60_000,
): Promise<T> {
  let ended: FshaResult | undefined;
  void fsha.done.then(
    (result) => (ended = result),
    () => undefined,
  );
  // An end without it needs no waiting for; what it did last is looked at once more.
  const found = await until<{ readonly seen: T } | { readonly over: FshaResult }>(
    what,
    () => {
      const over = ended;
      const seen = look();
      if (seen !== undefined && seen !== false) return { seen };
      return over === undefined ? undefined : { over };
    },
    timeoutMs,
  );
  if ('seen' in found) return found.seen;
  const { exitCode, stdout, stderr } = found.over;
  throw new Error(
    `${what}: fsha has ended with ${exitCode ?? 'a signal'}\n${stdout.slice(-2_000)}\n${stderr}`,
  );
}

/** Waits for a look that comes after everything that was told so far. */
export function nextLook(
  fsha: StartedFsha,
  wanted: (look: Look) => boolean,
): Promise<EventOf<'step.progress'>> {
  const after = lastSeq(fsha.events());
  return fsha.untilEvent(lookWhere((look) => look.seq > after && wanted(look)));
}

function runsIn(stateDir: string): number {
  const runs = join(stateDir, 'runs');
  return existsSync(runs) ? readdirSync(runs).filter((name) => name.endsWith('.ndjson')).length : 0;
}

/** The file of the newest run, and how long it is. */
export function journalFile(stateDir: string): { readonly path: string; readonly bytes: number } {
  const runs = join(stateDir, 'runs');
  const name = readdirSync(runs)
    .filter((one) => one.endsWith('.ndjson'))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error(`no journal in ${runs}`);
  return { path: join(runs, name), bytes: statSync(join(runs, name)).size };
}
