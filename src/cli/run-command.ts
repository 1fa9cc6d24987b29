/** A command that changes one node: load, compose, journal, views, run, and the exit code. */
import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import type { Plan, Purpose } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import type { RunSettled } from '../domain/run-events.ts';
import { printable } from '../domain/text.ts';
import { openJournal, type OpenJournal } from '../journal/journal-file.ts';
import { newRunId } from '../journal/run-id.ts';
import { planLines } from '../output/plan-text.ts';
import { Recorder } from '../workflow/recorder.ts';
import { runPlan } from '../workflow/run-plan.ts';
import { type Call, callText, textOption } from './command.ts';
import { confirm } from './ask.ts';
import { compose } from './compose.ts';
import { HeldWords } from './held-words.ts';
import { inventoryOf } from './inventory-of.ts';
import { liveRunOf } from './live-run.ts';
import { nodeNamed, policyOf } from './node-policy.ts';
import { listen } from './signals.ts';
import { closeView, viewOf, wantsScreen } from './views.ts';

/** @param plan how the node's plan is made from the policy */
export async function runOnNode(
  call: Call,
  name: string,
  command: Exclude<Purpose, 'doctor'>,
  plan: (node: string, policy: Policy) => Plan,
): Promise<ExitCode> {
  const cluster = await inventoryOf(call);
  const node = nodeNamed(cluster, name);
  const policy = policyOf(cluster, call);
  if (command === 'drain') await askForCuts(call, node.name, policy);
  return carry(call, cluster, plan(node.name, policy), policy, `${command} ${node.name}`);
}

/** Cutting calls is not what `drain` means by itself: it is asked for, or answered by --yes. */
async function askForCuts(call: Call, node: string, policy: Policy): Promise<void> {
  const hangup = policy.onTimeout === 'hangup';
  if (call.globals.dryRun || (!hangup && policy.threshold === 0)) return;
  const when = [
    ...(hangup ? ['all that are left at the deadline'] : []),
    ...(policy.threshold > 0 ? [`the last ${policy.threshold} or fewer`] : []),
  ].join(', and ');
  await confirm(call, `calls of ${node} may be cut: ${when}`);
}

/**
 * Journals the plan, carries it out and shows it.
 * @param cluster as far as the run has to see of it
 * @param command as it was meant: `drain node-1`
 */
export async function carry(
  call: Call,
  cluster: Cluster,
  plan: Plan,
  policy: Policy,
  command: string,
): Promise<ExitCode> {
  const { host, globals } = call;
  const run = newRunId(host.clock.wall());
  const journal = globals.dryRun
    ? null
    : await openJournal({ dir: cluster.state.dir, run, cluster: cluster.name });
  const stop = listen(host, cluster.drain.onHangup);
  const words = new HeldWords(host.stderr, wantsScreen(call));
  const { world, close } = compose(cluster, { ...host, stderr: words });
  const { live, begin } = liveRunOf(world, stop.interrupt);
  const view = viewOf(call, { live, cluster, words, onLeave: () => undefined });
  try {
    const settled = await runPlan({
      world,
      recorder: new Recorder({
        run,
        clock: host.clock,
        journal: journal && (host.journal?.(journal) ?? journal),
        views: [view.onEvent],
        onViewFailure: (error) =>
          words.write(
            `fsha: the view failed and is gone (${String(error)}); the run goes on: fsha show ${run} --follow\n`,
          ),
      }),
      plan,
      dryRun: globals.dryRun,
      policy,
      run,
      command,
      reason: reasonOf(call),
      who: `${host.user}@${host.machine}`,
      call: callText(call),
      signal: stop.signal,
      leave: stop.leave,
      interruption: stop.interruption,
      abort: stop.abort,
      onBegin: (desk, latest) => {
        stop.onStop((by) => void desk.submit({ kind: 'abort' }, by).catch(() => undefined));
        const ends = [begin(desk, latest), host.onRun?.(desk)];
        return () => ends.forEach((end) => end?.());
      },
    });
    if (globals.dryRun && !globals.json) {
      for (const line of planLines(plan, { cluster, policy })) host.stdout.write(`${line}\n`);
    }
    return exitOf(settled);
  } finally {
    await closeView(view, call);
    words.release();
    await close();
    await closeJournal(journal);
    // Last: the end of a run is known, and Ctrl-C in this moment is not to make a signal's death of it.
    stop.dispose();
  }
}

function reasonOf(call: Call): string | null {
  const reason = textOption(call, 'reason');
  return reason === undefined ? null : printable(reason, 500);
}

function exitOf(settled: RunSettled): ExitCode {
  const exit = Object.values(EXIT).find((code) => code === settled.exit);
  if (exit === undefined) throw new FshaError('bug', `${settled.exit} is no exit code of fsha`);
  return exit;
}

async function closeJournal(journal: OpenJournal | null): Promise<void> {
  // Everything in it was synced when it was written; what fails here loses nothing.
  await journal?.close().catch(() => undefined);
}
