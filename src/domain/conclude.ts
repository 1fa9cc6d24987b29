/** How a run ended: its outcome, exit code, the state of every node, and the commands that go on. Derived, never stored. */
import { callsCutOn, isUnknown, laterKnown } from './effect-records.ts';
import type { ErrorInfo } from './errors.ts';
import { EXIT, type ExitCode, firstExit } from './exit-codes.ts';
import { concludeHangUp } from './hang-up-end.ts';
import { nextAfterSuccess, nextCommands } from './next-commands.ts';
import { stepNamed } from './playbook/all-steps.ts';
import { phaseOf } from './rolling/progress.ts';
import { rollingExit } from './rolling/exit.ts';
import type { RollingPlan } from './rolling/rolling-plan.ts';
import { type NodeRunState, policyFor, restartIntended, type RunState, stepOutcome } from './run.ts';
import type { RunSettled } from './run-events.ts';
import { shellQuote } from './shell-quote.ts';
import { isMarked, serviceOf } from './service.ts';

/** What ended the run from outside; null where nothing did. */
export type Interruption = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null;

interface End {
  readonly outcome: RunSettled['outcome'];
  readonly exit: ExitCode;
}

const UNKNOWN: End = { outcome: 'unknown', exit: EXIT.unknown };

/**
 * @param command how fsha was called, for the commands that go on: `fsha`, or `fsha --config FILE`
 * @param isLost the journal does not have all of it, nor will it have this end
 */
export function conclude(
  state: RunState,
  interruption: Interruption,
  command: string,
  isLost = false,
): RunSettled {
  if (state.plan.kind === 'hangup') return concludeHangUp(state, signalExit(interruption), command);
  const { rolling } = state.plan;
  const planned = state.plan.nodes.map(({ node }) => node);
  const untouched =
    rolling === undefined ? [] : planned.filter((name) => phaseOf(state, name) === 'untouched');
  const names = planned.filter((name) => !untouched.includes(name));
  const ends = names.map((name) => {
    const node = state.nodes[name];
    const service = node === undefined || gaveWay(name, node) ? 'unknown' : serviceOf(name, node);
    return { name, node, service, ...endOf(state, name, interruption) };
  });
  const codes = ends.map((end) => end.exit);
  const exit =
    rolling === undefined || state.resumed === 'undo'
      ? firstExit(codes)
      : rollingExit({
          codes,
          untouched: untouched.length,
          rolling,
          stopped: signalExit(interruption),
          dryRun: state.started.dryRun === true,
        });
  // It waited to be taken out, and never was: nothing is known of it, and nothing was done.
  const onlyWaited = (name: string): boolean => rolling !== undefined && hasOnlyWaited(state.nodes[name]);
  const notBegun = planned.filter((name) => untouched.includes(name) || onlyWaited(name));
  const failing = ends.find((end) => end.exit === exit) ?? ends.find((end) => end.exit !== EXIT.done);
  const decisive = failing ?? (untouched.length > 0 ? undefined : ends[0]);
  const error = decisive?.node?.failure?.error ?? whyUntouched(state, untouched, interruption);
  const goesOn = rolling !== undefined && exit !== EXIT.done && !isLost && leavesSome(state, untouched);
  return {
    outcome:
      decisive?.outcome ?? (untouched.length > 0 ? untouchedOutcome(state, names, interruption) : 'already'),
    exit,
    nodes: Object.fromEntries(
      ends.flatMap(({ name, service }) => (onlyWaited(name) ? [] : [[name, service]])),
    ),
    callsCut: names.reduce((sum, name) => sum + cutOf(state, name), 0),
    next: [
      ...ends.flatMap((end) => {
        const isDone = end.exit === EXIT.done || end.exit === EXIT.callsCut;
        const next = (isDone ? nextAfterSuccess : nextCommands)({ ...end, isLost }, state, command);
        // Which that does, too: beside it, it would seem to be asked for first.
        return next.filter((line) => !goesOn || line !== `${command} drain ${end.name}`);
      }),
      ...(goesOn ? [resumeRolling(state.run, rolling, command)] : []),
    ],
    ...(notBegun.length === 0 ? {} : { untouched: notBegun }),
    ...(rolling === undefined || rolling.done.length === 0 ? {} : { earlier: rolling.done }),
    ...(error === undefined ? {} : { error }),
  };
}

function hasOnlyWaited(node: NodeRunState | undefined): boolean {
  return node?.failure?.step.endsWith('/admit') === true && node.effects.length === 0;
}

/** Whether there is something left that `resume` would do; of a single node its own commands say it. */
function leavesSome({ plan, started }: RunState, untouched: readonly string[]): boolean {
  return started.dryRun !== true && (plan.nodes.length > 1 || untouched.length > 0);
}

/** In a window of the same kind: behind this one, the next night. */
function resumeRolling(run: string, { window }: RollingPlan, command: string): string {
  const until = window === null ? '' : ` --until ${shellQuote([window.asked])}`;
  return `${command} resume ${run}${until}`;
}

/** Why the first of them was not begun; undefined where nobody asked for it to be. */
function whyUntouched(
  state: RunState,
  untouched: readonly string[],
  interruption: Interruption,
): ErrorInfo | undefined {
  const [asked] = untouched.flatMap((name) => state.nodes[name]?.failure?.error ?? []);
  const { stopped } = state;
  if (asked !== undefined || interruption !== null || stopped === null || untouched.length === 0)
    return asked;
  const are = untouched.length === 1 ? 'is' : 'are';
  return {
    code: 'rolling.stopped',
    message: `${untouched.join(', ')} ${are} not begun: ${stopped}`,
    hint: '',
  };
}

/** Where nothing failed, and some were not begun. @param begun the others */
function untouchedOutcome(
  { plan }: RunState,
  begun: readonly string[],
  interruption: Interruption,
): RunSettled['outcome'] {
  if (interruption !== null) return 'interrupted';
  return begun.length + (plan.rolling?.done.length ?? 0) > 0 ? 'partly' : 'refused';
}

/** Whether another run has the node now: what it was when it was read last is that one's to change. */
function gaveWay(name: string, node: NodeRunState): boolean {
  if (stepOutcome(node, name, 'restore') === 'skipped') return true;
  const isTouched = node.effects.some(({ intent }) => intent.effect === 'dispatcher.state');
  return isTouched && node.failure?.error.code === 'locked' && node.undo !== 'done';
}

function cutOf(state: RunState, name: string): number {
  const node = state.nodes[name];
  return node === undefined ? 0 : callsCutOn(node);
}

function signalExit(interruption: Interruption): ExitCode | null {
  if (interruption === null) return null;
  return { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hangup }[interruption];
}

function endOf(state: RunState, name: string, interruption: Interruption): End {
  const node = state.nodes[name];
  if (node === undefined) return UNKNOWN;
  if (state.resumed === 'undo') {
    // One of several that was brought through has nothing that could be given back.
    const isBack = state.plan.rolling !== undefined && stepOutcome(node, name, 'activate') === 'succeeded';
    return isBack ? { outcome: 'done', exit: EXIT.done } : endOfUndo(state, name, node, interruption);
  }
  const unsettled = node.effects.some(
    (record, index) => tellsTheState(record) && isUnknown(record.settled) && !laterKnown(node, index),
  );
  if (node.failure === null) {
    if (state.started.dryRun === true) return { outcome: 'dry-run', exit: EXIT.done };
    if (unsettled) return UNKNOWN;
    // Stopped when only its mark was left to be taken away: it is in, and stays in.
    const stopped = signalExit(interruption);
    const isIn = stepOutcome(node, name, 'activate') === 'succeeded';
    if (stopped !== null && isIn && isMarked(node)) return { outcome: 'interrupted', exit: stopped };
    // Held too late: it is back in.
    const isHeld = policyFor(state, name).hold && !isIn;
    if (isHeld && (state.plan.kind === 'drain' || state.plan.kind === 'rolling')) return held(name, node);
    const nothingDone = node.effects.every(
      (record) => record.settled?.outcome === 'already' || record.intent.effect === 'node.mark',
    );
    if (callsCutOn(node) > 0) return { outcome: 'done', exit: EXIT.callsCut };
    const hasResults = Object.keys(node.results).length > 0;
    return { outcome: nothingDone && !hasResults ? 'already' : 'done', exit: EXIT.done };
  }
  if (state.plan.kind === 'activate' && isUnhealthy(node.failure.error) && !unsettled && isAsFound(node)) {
    return { outcome: 'failed', exit: isOut(name, node) ? EXIT.unhealthy : EXIT.undone };
  }
  return endOfFailure(state, name, node, node.failure.error, interruption, unsettled);
}

/** Of a run whose undo was asked for, or gone on with. */
function endOfUndo(state: RunState, name: string, node: NodeRunState, interruption: Interruption): End {
  const isGivenBack = node.undo === 'done' || (node.undo === null && hasOnlyTold(node));
  if (stepOutcome(node, name, 'restore') === 'skipped') return { outcome: 'refused', exit: EXIT.locked };
  if (isGivenBack && !isLeftChanged(state, node)) return { outcome: 'restored', exit: EXIT.done };
  return { outcome: interruption === null ? 'unknown' : 'interrupted', exit: EXIT.unknown };
}

function isUnhealthy({ code }: ErrorInfo): boolean {
  return code === 'verify.failed' || code === 'activate.failed';
}

/** Whether the run has changed nothing, or has given back all of it. */
function isAsFound({ effects, undo }: NodeRunState): boolean {
  return effects.length === 0 || undo === 'done';
}

/** Out of service, as exit 6 says; a node of which that is not known is unknown. */
function held(name: string, node: NodeRunState): End {
  return isOut(name, node) ? { outcome: 'held', exit: EXIT.expiredHeld } : UNKNOWN;
}

function isOut(name: string, node: NodeRunState): boolean {
  return serviceOf(name, node) === 'out of service';
}

/** Whether a step that a playbook added failed, and not one of fsha's own. */
function isOfPlaybook({ started }: RunState, { code }: ErrorInfo): boolean {
  if (started.playbook === undefined) return false;
  return code === 'action.failed' || code === 'timeout' || code === 'refused';
}

function isDisruptive({ effects }: NodeRunState, step: string | undefined): boolean {
  return effects.some(
    (record) =>
      record.step === step && record.intent.effect === 'action.run' && record.intent.wanted.disruptive,
  );
}

/** Nothing of it has to be given back: messages, and what was not even begun. */
function hasOnlyTold({ effects }: NodeRunState): boolean {
  return effects.every(({ intent }) => intent.effect === 'action.run');
}

/** Whether a step of a playbook has changed something for which the playbook has no way back. */
function isLeftChanged({ plan }: RunState, { effects }: NodeRunState): boolean {
  return effects.some(({ intent, settled, step }) => {
    if (intent.effect !== 'action.run' || intent.wanted.changes !== 'node') return false;
    const wasBegun = settled === null || settled.outcome !== 'failed' || settled.read !== null;
    const planned = stepNamed(plan, step);
    const isUndoItself = plan.nodes.some(({ steps }) =>
      steps.some(({ frame }) =>
        [...(frame?.undo ?? []), ...(frame?.always ?? [])].some(({ id }) => id === step),
      ),
    );
    return wasBegun && !isUndoItself && planned?.frame?.undo === undefined;
  });
}

function endOfFailure(
  state: RunState,
  name: string,
  node: NodeRunState,
  error: ErrorInfo,
  interruption: Interruption,
  unsettled: boolean,
): End {
  const stopped = error.code === 'interrupted' ? signalExit(interruption) : null;
  if (node.effects.length === 0) {
    if (stopped !== null) return { outcome: 'interrupted', exit: stopped };
    if (error.code === 'locked') return { outcome: 'refused', exit: EXIT.locked };
    if (error.code === 'bug') return { outcome: 'failed', exit: EXIT.bug };
    return { outcome: 'refused', exit: EXIT.refused };
  }
  if (error.code === 'step.unknown') return UNKNOWN;
  // It is back in, and well: what failed came after that.
  const isBack = stepOutcome(node, name, 'activate') === 'succeeded';
  if (isBack && isOfPlaybook(state, error) && !unsettled) return { outcome: 'partly', exit: EXIT.partly };
  if (restartIntended(node)) {
    // It has to be out: where that was not seen, whoever comes has to look, however the run came to its end.
    const isKnownOut = !unsettled && isOut(name, node);
    if (stopped !== null) return { outcome: 'interrupted', exit: isKnownOut ? stopped : EXIT.unknown };
    if (!isKnownOut) return UNKNOWN;
    if (error.code === 'restart.failed' || isDisruptive(node, node.failure?.step))
      return { outcome: 'failed', exit: EXIT.restartFailed };
    // A full disk kept it from being waited for until it was well: nothing of the node is unknown by that.
    if (isUnhealthy(error) || isOfPlaybook(state, error) || error.code === 'journal')
      return { outcome: 'failed', exit: EXIT.unhealthy };
    if (error.code === 'drain.expired' || error.code === 'drain.held') return held(name, node);
    return UNKNOWN;
  }
  // What ended is the watch over a node that was to be out.
  if (node.failure?.step.endsWith('/guard') === true && !unsettled && isOut(name, node) && stopped !== null)
    return { outcome: 'interrupted', exit: stopped };
  if (stepOutcome(node, name, 'restore') === 'skipped') return { outcome: 'refused', exit: EXIT.locked };
  const givenBack = node.undo === 'done' || (node.undo === null && hasOnlyTold(node));
  if (givenBack && isLeftChanged(state, node)) return UNKNOWN;
  if (givenBack) {
    if (stopped !== null) return { outcome: 'interrupted', exit: stopped };
    if (error.code === 'drain.expired') return { outcome: 'restored', exit: EXIT.expiredRestored };
    if (error.code === 'bug') return { outcome: 'failed', exit: EXIT.bug };
    return { outcome: 'failed', exit: EXIT.undone };
  }
  if (error.code === 'locked') return { outcome: 'refused', exit: EXIT.locked };
  const isHeld = error.code === 'drain.expired' || error.code === 'drain.held';
  if (node.undo === null && isHeld && !unsettled) return held(name, node);
  return UNKNOWN;
}

/**
 * Whether the record says what node and proxies are like now. A command of the user's and a call that was cut do not; nor
 * does what was tried for safety's sake after the run had failed, a mark that stays on a node that is back in, or one that does not tell its end.
 */
function tellsTheState({ intent, step }: NodeRunState['effects'][number]): boolean {
  if (intent.effect === 'node.mark' && (step.endsWith('/activate') || step.endsWith('/leave_out')))
    return false;
  if (intent.effect === 'action.run' && intent.wanted.changes === 'elsewhere') return false;
  return intent.effect !== 'hook.on_out' && intent.effect !== 'call.hangup' && !step.endsWith('/secure');
}
