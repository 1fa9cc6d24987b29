/** A run of fsha on node-1, followed through its journal: what is there is on the disk, whatever became of stdout. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent, RunSettled } from '../../../src/domain/run-events.ts';
import { until } from '../../support/until.ts';
import type { Changes } from './deep-merge.ts';
import {
  type FshaOptions,
  type FshaResult,
  journalEvents,
  only,
  startFsha,
  type StartedFsha,
} from './fsha.ts';
import type { HeldCalls } from './held-calls.ts';
import type { RealCluster } from './real-cluster.ts';
import type { RpcGate } from './rpc-gate.ts';

/**
 * A cluster for drains in trouble. On a busy machine a login through SSH takes longer than the second it has in QUICK; these
 * are not about that.
 */
export const WITH_GATES = {
  via: 'direct',
  jump: false,
  gates: true,
  quick: true,
  settings: { timeouts: { connect: '5s' } },
} as const;

export interface RunOf {
  readonly fsha: StartedFsha;
  readonly stateDir: string;
  /** Of the newest run in its state directory: all that is on the disk now. */
  events(): readonly RunEvent[];
  /** The first such event. @throws when it is not there within `timeoutMs` */
  until(what: string, wanted: (event: RunEvent) => boolean, timeoutMs?: number): Promise<RunEvent>;
  /** Resolves when fsha has ended. @throws when its journal has no run.settled */
  end(): Promise<EndedRun>;
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
}

/** Starts `fsha drain node-1`, in a state directory of its own unless `config` is told. */
export async function startRun(cluster: RealCluster, options: RunOptions = {}): Promise<RunOf> {
  const { flags = ['--json'], settings = {}, command = 'drain', ...rest } = options;
  const config = options.config ?? (await cluster.configWith(settings));
  const stateDir = cluster.stateDirOf(config);
  // Before it is started: it may have begun its journal when this process comes to look.
  const before = runsIn(stateDir);
  const fsha = await startFsha([command, 'node-1', '--config', config, ...flags], rest);
  return followRun(fsha, stateDir, before);
}

function followRun(fsha: StartedFsha, stateDir: string, before: number): RunOf {
  const events = (): readonly RunEvent[] =>
    runsIn(stateDir) === before ? [] : (journalEvents(stateDir).at(-1) ?? []);
  return {
    fsha,
    stateDir,
    events,
    async until(what, wanted, timeoutMs = 60_000) {
      let ended: FshaResult | undefined;
      void fsha.done.then(
        (result) => (ended = result),
        () => undefined,
      );
      // An end without it needs no waiting for; what it wrote last is looked at once more.
      const found = await until(
        what,
        () => {
          const over = ended;
          return events().find(wanted) ?? (over === undefined ? undefined : { over });
        },
        timeoutMs,
      );
      if (!('over' in found)) return found;
      const { exitCode, stdout, stderr } = found.over;
      throw new Error(
        `${what}: fsha has ended with ${exitCode ?? 'a signal'}\n${stdout.slice(-2_000)}\n${stderr}`,
      );
    },
    async end() {
      const result = await fsha.done;
      const all = events();
      const settled = only(all, 'run.settled').at(-1)?.data;
      if (settled === undefined)
        throw new Error(`no run.settled in the journal:\n${result.stdout.slice(-2_000)}\n${result.stderr}`);
      return { ...result, events: all, settled };
    },
  };
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

/** A call on node-1 itself, past the proxies: its drain waits for as long as it is up. */
export function oneCall(cluster: RealCluster): Promise<HeldCalls> {
  return cluster.hold({ '1000': 1 }, { at: { host: cluster.nodes[0].host, port: 5080 } });
}

/** The drain sees the call and waits for it. */
export const waits = (event: RunEvent): boolean =>
  event.type === 'step.progress' && event.step === 'node-1/wait_drained';

export const stepStarted =
  (kind: string) =>
  (event: RunEvent): boolean =>
    event.type === 'step.started' && event.step === `node-1/${kind}`;

/**
 * A step of that kind began, and what is asked of the proxy then is not answered before `act` has been called, once.
 * @param methods the requests that count; readings go on in every step, what sets a state is the step's own
 */
export function atRequestOf(
  gate: RpcGate,
  run: () => RunOf | undefined,
  kind: string,
  methods: readonly string[],
  act: () => void,
): void {
  let acted = false;
  // The journal is on the disk before a request that follows from it is sent: there is no race in looking there.
  const look = (): void => {
    const began = run()
      ?.events()
      .findLast((event) => event.type === 'step.started');
    if (acted || began === undefined || !stepStarted(kind)(began)) return;
    acted = true;
    act();
  };
  for (const method of methods) gate.before(method, look);
}
