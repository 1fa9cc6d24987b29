/** How a run ended: its outcome, exit code, the state of every node, and the commands that go on. Derived, never stored. */
import { backByHand, outByHand, undoByHand } from './by-hand.ts';
import { effectKey } from './effect.ts';
import type { ErrorInfo } from './errors.ts';
import { EXIT, type ExitCode, firstExit } from './exit-codes.ts';
import { type NodeRunState, policyFor, restartIntended, type RunState, stepOutcome } from './run.ts';
import type { RunSettled, Service } from './run-events.ts';
import { serviceOf } from './service.ts';

/** What ended the run from outside; null where nothing did. */
export type Interruption = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null;

interface End {
  readonly outcome: RunSettled['outcome'];
  readonly exit: ExitCode;
}

const UNKNOWN: End = { outcome: 'unknown', exit: EXIT.unknown };

/**
 * @param command how fsha was called, for the commands that go on: `fsha`, or `fsha --config FILE`
 */
export function conclude(state: RunState, interruption: Interruption, command: string): RunSettled {
  const names = state.plan.nodes.map(({ node }) => node);
  const ends = names.map((name) => ({ name, node: state.nodes[name], ...endOf(state, name, interruption) }));
  const exit = firstExit(ends.map((end) => end.exit));
  const decisive = ends.find((end) => end.exit === exit) ?? ends[0];
  const error = decisive?.node?.failure?.error;
  const nodes = Object.fromEntries(
    ends.map(({ name, node }) => [name, node === undefined ? 'unknown' : serviceOf(name, node)]),
  );
  return {
    outcome: decisive?.outcome ?? 'already',
    exit,
    nodes,
    callsCut: names.reduce((sum, name) => sum + cutOf(state, name), 0),
    next:
      exit === EXIT.done || exit === EXIT.callsCut
        ? [...nextAfterSuccess(nodes, command), ...names.flatMap((name) => leftOnIgnored(state, name))]
        : ends.flatMap(({ name, node, exit: code }) =>
            nextCommands(name, node, nodes[name] ?? 'unknown', code, state.run, command),
          ),
    ...(error === undefined ? {} : { error }),
  };
}

function cutOf(state: RunState, name: string): number {
  const node = state.nodes[name];
  return node === undefined ? 0 : callsCutOn(node);
}

/**
 * How many calls the run cut on the node, expendable ones left out. One of which it is unknown whether it was cut counts;
 * one that had ended by itself does not.
 */
function callsCutOn(node: NodeRunState): number {
  const calls = new Set<string>();
  for (const { intent, settled } of node.effects) {
    if (intent.effect !== 'call.hangup' || intent.wanted.expendable) continue;
    if (isUnknown(settled) || settled?.outcome === 'done') calls.add(intent.wanted.call);
  }
  return calls.size;
}

function endOf(state: RunState, name: string, interruption: Interruption): End {
  const node = state.nodes[name];
  if (node === undefined) return UNKNOWN;
  const unsettled = node.effects.some(
    (record, index) => tellsTheState(record) && isUnknown(record.settled) && !laterKnown(node, index),
  );
  if (node.failure === null) {
    if (state.started.dryRun === true) return { outcome: 'dry-run', exit: EXIT.done };
    if (unsettled) return UNKNOWN;
    // Held too late: it is back in.
    const isHeld = policyFor(state, name).hold && stepOutcome(node, name, 'activate') !== 'succeeded';
    if (isHeld && state.plan.kind === 'drain') return held(name, node);
    const nothingDone = node.effects.every(
      (record) => record.settled?.outcome === 'already' || record.intent.effect === 'node.mark',
    );
    if (callsCutOn(node) > 0) return { outcome: 'done', exit: EXIT.callsCut };
    return { outcome: nothingDone ? 'already' : 'done', exit: EXIT.done };
  }
  // An explicit `activate` that failed leaves the node out, as it found it.
  const unhealthy =
    node.failure.error.code === 'verify.failed' || node.failure.error.code === 'activate.failed';
  if (state.plan.kind === 'activate' && unhealthy && !unsettled && node.undo !== 'failed')
    return { outcome: 'failed', exit: EXIT.unhealthy };
  return endOfFailure(name, node, node.failure.error, interruption, unsettled);
}

/** Out of service, as exit 6 says; a node of which that is not known is unknown. */
function held(name: string, node: NodeRunState): End {
  return isOut(name, node) ? { outcome: 'held', exit: EXIT.expiredHeld } : UNKNOWN;
}

function isOut(name: string, node: NodeRunState): boolean {
  return serviceOf(name, node) === 'out of service';
}

function endOfFailure(
  name: string,
  node: NodeRunState,
  error: ErrorInfo,
  interruption: Interruption,
  unsettled: boolean,
): End {
  const stopped = error.code === 'interrupted' && interruption !== null ? interruption : null;
  const signalExit =
    stopped === null
      ? null
      : { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hangup }[stopped];
  if (node.effects.length === 0) {
    if (signalExit !== null) return { outcome: 'interrupted', exit: signalExit };
    if (error.code === 'locked') return { outcome: 'refused', exit: EXIT.locked };
    if (error.code === 'bug') return { outcome: 'failed', exit: EXIT.bug };
    return { outcome: 'refused', exit: EXIT.refused };
  }
  if (restartIntended(node)) {
    if (signalExit !== null) return { outcome: 'interrupted', exit: unsettled ? EXIT.unknown : signalExit };
    if (unsettled || !isOut(name, node)) return UNKNOWN;
    if (error.code === 'restart.failed') return { outcome: 'failed', exit: EXIT.restartFailed };
    if (error.code === 'verify.failed' || error.code === 'activate.failed')
      return { outcome: 'failed', exit: EXIT.unhealthy };
    return UNKNOWN;
  }
  // Another run has the node: this one gave way.
  if (stepOutcome(node, name, 'restore') === 'skipped') return { outcome: 'refused', exit: EXIT.locked };
  if (node.undo === 'done') {
    if (signalExit !== null) return { outcome: 'interrupted', exit: signalExit };
    if (error.code === 'drain.expired') return { outcome: 'restored', exit: EXIT.expiredRestored };
    if (error.code === 'bug') return { outcome: 'failed', exit: EXIT.bug };
    return { outcome: 'failed', exit: EXIT.undone };
  }
  if (error.code === 'locked') return { outcome: 'refused', exit: EXIT.locked };
  const isHeld = error.code === 'drain.expired' || error.code === 'drain.held';
  if (node.undo === null && isHeld && !unsettled) return held(name, node);
  // `activate` alone has no undo: what it could not bring in is out.
  if (
    node.undo === null &&
    (error.code === 'activate.failed' || error.code === 'verify.failed') &&
    !unsettled
  ) {
    return { outcome: 'failed', exit: EXIT.unhealthy };
  }
  return UNKNOWN;
}

/**
 * Whether the record says what node and proxies are like now. A command of the user's and a call that was cut do not; nor
 * does what was tried for safety's sake after the run had failed, or a mark that stays on a node that is back in.
 */
function tellsTheState({ intent, step }: NodeRunState['effects'][number]): boolean {
  if (intent.effect === 'node.mark' && step.endsWith('/activate')) return false;
  return intent.effect !== 'hook.on_out' && intent.effect !== 'call.hangup' && !step.endsWith('/secure');
}

function isUnknown(settled: NodeRunState['effects'][number]['settled']): boolean {
  return settled === null || settled.outcome === 'unknown';
}

/** Whether a later effect on the same thing settled what an earlier one had left unknown. */
function laterKnown(node: NodeRunState, index: number): boolean {
  const record = node.effects[index];
  if (record === undefined) return false;
  const key = effectKey(record.intent);
  return node.effects
    .slice(index + 1)
    .some((later) => effectKey(later.intent) === key && !isUnknown(later.settled));
}

/** Where a proxy that was ignored has not been given the node back. */
function leftOnIgnored(state: RunState, name: string): readonly string[] {
  const node = state.nodes[name];
  const isBack = node !== undefined && stepOutcome(node, name, 'activate') === 'succeeded';
  return isBack ? backByHand(node, state.policy.ignoreProxies) : [];
}

function nextAfterSuccess(nodes: Readonly<Record<string, Service>>, command: string): readonly string[] {
  return Object.entries(nodes).flatMap(([name, service]) =>
    service === 'out of service' ? [`${command} activate ${name}`] : [],
  );
}

function nextCommands(
  name: string,
  node: NodeRunState | undefined,
  service: Service,
  exit: ExitCode,
  run: string,
  command: string,
): readonly string[] {
  // Nothing was changed: what stood in the way has to be looked at, and nothing has to be brought back.
  if (node === undefined || node.effects.length === 0) {
    return exit === EXIT.locked ? [`${command} status`] : [`${command} doctor ${name}`];
  }
  if (exit === EXIT.locked) return [`${command} status`, `${command} show ${run}`];
  if (exit === EXIT.unknown) {
    const byHand = restartIntended(node)
      ? outByHand(node)
      : node.undo === 'failed' || node.undo === 'unknown'
        ? undoByHand(name, node)
        : [];
    const activate = service === 'in service' ? [] : [`${command} activate ${name}`];
    return [`${command} status`, `${command} show ${run}`, ...byHand, ...activate];
  }
  // Drained or not, it was not restarted: going on and giving it back are both open.
  if (exit === EXIT.expiredHeld) return [`${command} drain ${name}`, `${command} activate ${name}`];
  return service === 'in service' ? [`${command} drain ${name}`] : [`${command} activate ${name}`];
}
