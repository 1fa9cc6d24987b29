/** Carries a run out and shows it, from its first event in this process to its last, and says its exit code. */
import { randomBytes } from 'node:crypto';
import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import type { Plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import type { Foresee } from '../domain/rolling/foresee.ts';
import { fold } from '../domain/run.ts';
import type { RunEvent, RunSettled } from '../domain/run-events.ts';
import type { OpenJournal } from '../journal/journal-file.ts';
import { pruneRuns } from '../journal/prune-runs.ts';
import { Recorder } from '../workflow/recorder.ts';
import { type Beginning, runPlan, type RunOptions } from '../workflow/run-plan.ts';
import { type Call, callText, whoAsks } from './command.ts';
import { compose } from './compose.ts';
import { HeldWords } from './held-words.ts';
import { liveRunOf } from './live-run.ts';
import type { HeldLock } from './run-lock.ts';
import type { Stop } from './signals.ts';
import { closeView, viewOf, wantsScreen } from './views.ts';

export interface Conduct {
  readonly run: string;
  /** As far as the run has to see of it. */
  readonly cluster: Cluster;
  readonly beginning: Beginning;
  readonly plan: Plan;
  readonly policy: Policy;
  /** null for a dry run, which leaves no trace; it is closed here. */
  readonly journal: OpenJournal | null;
  /** What an earlier process of the run has recorded. */
  readonly past: readonly RunEvent[];
  readonly lock: HeldLock;
  readonly stop: Stop;
  /** Of a dry run of several nodes. */
  readonly foresee?: Foresee;
  /** Of a run of a playbook. */
  readonly playbook?: NonNullable<RunOptions['playbook']>;
}

export async function conduct(call: Call, run: Conduct): Promise<ExitCode> {
  const { host } = call;
  const { cluster, stop, journal, lock } = run;
  const words = new HeldWords(host.stderr, wantsScreen(call));
  const { world, close } = compose(cluster, { ...call, host: { ...host, stderr: words } }, lock);
  const { live, begin } = liveRunOf(world, stop.interrupt);
  const view = viewOf(call, { live, cluster, words, onLeave: () => undefined });
  for (const event of run.past) view.onPast(event);
  const before = fold(run.past);
  try {
    const settled = await runPlan({
      world,
      recorder: new Recorder({
        run: run.run,
        clock: host.clock,
        journal: journal && (host.journal?.(journal) ?? journal),
        views: [view.onEvent],
        onViewFailure: (error) =>
          words.write(
            `fsha: the view failed and is gone (${String(error)}); the run goes on: ${callText(call)} show ${run.run} --follow\n`,
          ),
        ...(before === undefined ? {} : { before }),
      }),
      beginning: run.beginning,
      plan: run.plan,
      policy: run.policy,
      run: run.run,
      who: whoAsks(call),
      token: randomBytes(4).toString('hex'),
      call: callText(call),
      lock: lock.name,
      signal: stop.signal,
      leave: stop.leave,
      interruption: stop.interruption,
      ...(run.foresee === undefined ? {} : { foresee: run.foresee }),
      ...(run.playbook === undefined ? {} : { playbook: run.playbook }),
      abort: stop.abort,
      onBegin: (desk, latest) => {
        stop.onStop((by) => void desk.submit({ kind: 'abort' }, by).catch(() => undefined));
        const ends = [begin(desk, latest), host.onRun?.(desk)];
        return () => ends.forEach((end) => end?.());
      },
    });
    return exitOf(settled);
  } finally {
    await closeView(view, call);
    words.release();
    await close();
    // Everything in it was synced when it was written; what fails here loses nothing.
    await journal?.close().catch(() => undefined);
    if (journal !== null && lock.name !== null) await prune(call, cluster);
  }
}

/** With the lock held still: nobody begins or goes on with one of them meanwhile. */
async function prune({ host }: Call, { name, state }: Cluster): Promise<void> {
  const { trouble } = await pruneRuns(state.dir, name, state, host.clock.wall());
  if (trouble !== null) host.stderr.write(`fsha: ${trouble}\n`);
}

function exitOf(settled: RunSettled): ExitCode {
  const exit = Object.values(EXIT).find((code) => code === settled.exit);
  if (exit === undefined) throw new FshaError('bug', `${settled.exit} is no exit code of fsha`);
  return exit;
}
