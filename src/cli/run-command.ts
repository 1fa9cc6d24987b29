/** A command that changes one node: load, plan, lock, journal, and carry it out. */
import type { Cluster } from '../domain/cluster.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import type { Plan, Purpose } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import type { Foresee } from '../domain/rolling/foresee.ts';
import { openJournal } from '../journal/journal-file.ts';
import { newRunId } from '../journal/run-id.ts';
import { whereaboutsOf } from '../journal/whereabouts.ts';
import { planLines } from '../output/plan-text.ts';
import { confirm } from './ask.ts';
import type { Call } from './command.ts';
import { type Conduct, conduct } from './conduct.ts';
import { goOn, interruptedDrain } from './go-on.ts';
import { inventoryOf } from './inventory-of.ts';
import { nodeNamed, policyOf, reasonOf } from './node-policy.ts';
import { type HeldLock, lockName, underLock, withoutLock } from './run-lock.ts';
import { showRemains } from './show-remains.ts';
import { listen, type Stop } from './signals.ts';

/** @param plan how the node's plan is made from the policy */
export async function runOnNode(
  call: Call,
  name: string,
  command: Exclude<Purpose, 'doctor' | 'resume'>,
  plan: (node: string, policy: Policy) => Plan,
): Promise<ExitCode> {
  const cluster = await inventoryOf(call);
  const node = nodeNamed(cluster, name);
  const policy = policyOf(cluster, call);
  if (command === 'drain') await askForCuts(call, node.name, policy);
  const guards = call.options['guard'] === true ? ' --guard' : '';
  const wish: NewRun = { plan: plan(node.name, policy), policy, command: `${command} ${node.name}${guards}` };
  if (command !== 'drain') return carry(call, cluster, wish);
  if (call.globals.dryRun)
    return (await showGoingOn(call, cluster, node.name, policy)) ?? carry(call, cluster, wish);
  return locked(call, cluster, wish, async (lock, stop, run) => {
    const interrupted = await interruptedDrain(call, cluster, node.name);
    if (interrupted !== null) {
      const reason = reasonOf(call);
      const { mode, exit } = await goOn(call, cluster, interrupted, { policy, reason, lock, stop });
      // That one was being given back, and is: what is asked for here is still to be done.
      if (mode === 'forward' || exit !== EXIT.done) return exit;
      await lock.nameRun(run, stop.signal);
    }
    return begin(call, cluster, wish, { run, lock, stop });
  });
}

/** A dry run of a drain that would go on with an interrupted one; null where there is none. */
async function showGoingOn(
  call: Call,
  cluster: Cluster,
  node: string,
  policy: Policy,
): Promise<ExitCode | null> {
  const interrupted = await interruptedDrain(call, cluster, node, async (run) => {
    const lock = { name: lockName(call.host, cluster), use: withoutLock(cluster).use };
    return (await whereaboutsOf(cluster.state.dir, run, lock)) !== 'under way';
  });
  if (interrupted === null) return null;
  const stop = listen(call.host, cluster.drain.onHangup);
  try {
    const mode = await showRemains(call, cluster, interrupted, { policy, stop });
    if (mode === 'undo' && !call.globals.json)
      call.host.stdout.write(`then ${node} is drained anew, from the beginning\n`);
    return EXIT.done;
  } finally {
    stop.dispose();
  }
}

/** Cutting calls is not what `drain` means by itself: it is asked for, or answered by --yes. */
export async function askForCuts(call: Call, node: string, policy: Policy): Promise<void> {
  const hangup = policy.onTimeout === 'hangup';
  if (call.globals.dryRun || (!hangup && policy.threshold === 0)) return;
  const when = [
    ...(hangup ? ['all that are left at the deadline'] : []),
    ...(policy.threshold > 0 ? [`the last ${policy.threshold} or fewer`] : []),
  ].join(', and ');
  await confirm(call, `calls of ${node} may be cut: ${when}`);
}

export interface NewRun {
  readonly plan: Plan;
  readonly policy: Policy;
  /** As it was meant: `drain node-1`, `deactivate node-1 --guard`. */
  readonly command: string;
  /** It may go on beside another run: it takes nothing from that one. */
  readonly beside?: boolean;
  /** For a dry run of several nodes. */
  readonly foresee?: Foresee;
  /** Of a run of a playbook. */
  readonly playbook?: NonNullable<Conduct['playbook']>;
}

/** The same for a plan that hangs on how everything is now: made with the lock held, so that no other run changes it. */
export async function carryPlanned(
  call: Call,
  cluster: Cluster,
  wish: Omit<NewRun, 'plan'>,
  plan: (signal: AbortSignal) => Promise<Pick<NewRun, 'plan' | 'foresee'>>,
): Promise<ExitCode> {
  if (!call.globals.dryRun)
    return locked(call, cluster, wish, async (lock, stop, run) =>
      begin(call, cluster, { ...wish, ...(await plan(stop.signal)) }, { run, lock, stop }),
    );
  const stop = listen(call.host, cluster.drain.onHangup);
  try {
    const run = newRunId(call.host.clock.wall());
    const planned = { ...wish, ...(await plan(stop.signal)) };
    return await begin(call, cluster, planned, { run, lock: withoutLock(cluster), stop });
  } finally {
    stop.dispose();
  }
}

/** Journals the plan, carries it out and shows it. @param cluster as far as the run has to see of it */
export async function carry(call: Call, cluster: Cluster, wish: NewRun): Promise<ExitCode> {
  if (!call.globals.dryRun && wish.beside !== true)
    return locked(call, cluster, wish, (lock, stop, run) => begin(call, cluster, wish, { run, lock, stop }));
  const stop = listen(call.host, cluster.drain.onHangup);
  try {
    const run = newRunId(call.host.clock.wall());
    return await begin(call, cluster, wish, { run, lock: withoutLock(cluster), stop });
  } finally {
    stop.dispose();
  }
}

async function locked(
  call: Call,
  cluster: Cluster,
  { command }: Pick<NewRun, 'command'>,
  work: (lock: HeldLock, stop: Stop, run: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { host } = call;
  const run = newRunId(host.clock.wall());
  const stop = listen(host, cluster.drain.onHangup);
  try {
    return await underLock(call, cluster, { run, command }, stop.signal, (lock) => work(lock, stop, run));
  } finally {
    // Last: the end of a run is known, and Ctrl-C in this moment is not to make a signal's death of it.
    stop.dispose();
  }
}

async function begin(
  call: Call,
  cluster: Cluster,
  { plan, policy, command, foresee, playbook }: NewRun,
  { run, lock, stop }: { readonly run: string; readonly lock: HeldLock; readonly stop: Stop },
): Promise<ExitCode> {
  const { host, globals } = call;
  const { dryRun } = globals;
  const journal = dryRun ? null : await openJournal({ dir: cluster.state.dir, run, cluster: cluster.name });
  const beginning = { kind: 'started', command, reason: reasonOf(call), dryRun } as const;
  let foreseen: ReturnType<Foresee> | undefined;
  const looking: Foresee | undefined = foresee && ((refused) => (foreseen = foresee(refused)));
  const exit = await conduct(call, {
    ...{ run, cluster, beginning, plan, policy, journal, past: [], lock, stop },
    ...(looking === undefined ? {} : { foresee: looking }),
    ...(playbook === undefined ? {} : { playbook }),
  });
  if (dryRun && !globals.json) {
    const details = {
      ...{ cluster, policy, verbose: globals.verbose },
      ...(foreseen === undefined ? {} : { foreseen }),
    };
    for (const line of planLines(plan, details)) host.stdout.write(`${line}\n`);
  }
  return exit;
}
