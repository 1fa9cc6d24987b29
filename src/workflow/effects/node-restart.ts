import { roughDuration } from '../../domain/duration.ts';
import { type ErrorCode, type ErrorInfo, errorInfo, FshaError } from '../../domain/errors.ts';
import { printable } from '../../domain/text.ts';
import { findNode } from '../../domain/cluster.ts';
import type { Known } from '../../domain/observation.ts';
import { COMMAND_GRACE } from '../../domain/patience.ts';
import type { EffectHandler, ReadBack } from '../effect-handler.ts';
import { hostPort, nodePort, type World } from '../world.ts';
import { lookAtNode } from './look-at-node.ts';

/** Between two looks for the new core_uuid: ms. */
const LOOK_EVERY = 100;
/** After the command failed by its own account, how long an unchanged core_uuid is watched before that is believed: ms. */
const SURE_AFTER = 3_000;
/** A new core_uuid with an uptime above the time since the restart is another FreeSWITCH behind this address: ms. */
const UPTIME_SLACK = 2_000;
const ANOTHER =
  'its core_uuid is a new one, but it has been up for longer than the restart is ago, or does not say for how long';

/**
 * A restart. Its proof is a new core_uuid with an uptime that fits, never an exit status: `systemctl` may fail after it
 * has restarted, and succeed without (an alias, a wrapper). FreeSWITCH gives itself a new core_uuid at every start.
 */
export const nodeRestart: EffectHandler<'node.restart'> = {
  // The last look of all, right before the point of no return: unknown is not empty, and a call that comes up while the
  // node still answers other questions is heard of although it had said 0.
  look: async (target, world, signal) => {
    const news = { heard: false };
    const unsubscribe = nodePort(world, target.node).onActivity(({ kind }) => {
      if (kind === 'created') news.heard = true;
    });
    const seen = await lookAtNode(world, target.node, signal).finally(unsubscribe);
    assertEmpty(target.node, seen.sessions, news.heard);
    if (!seen.coreUuid.known)
      throw new FshaError('protocol', `core_uuid of ${target.node} is unknown: ${seen.coreUuid.why}`);
    return seen.coreUuid.value;
  },
  isSo: () => false,
  // A call may have come up, and a disk may take long.
  staleAfter: 500,
  isConfirmed: (read, _wanted, found) => read !== found,
  act: async (target, wanted, world, signal) => {
    const timeout = timeoutOf(world, target.node);
    const result = await hostPort(world, target.node).run(
      world.guard(target.node, wanted, timeout),
      timeout + COMMAND_GRACE,
      signal,
    );
    if (result.exitCode === 0) return;
    const said = printable((result.stderr.trim() || result.stdout.trim()).replace(/\s+/g, ' '));
    const { code, end } = endOf(result.exitCode, result.signal);
    throw new FshaError(
      code,
      `the restart command on ${target.node} ${end}${said === '' ? '' : `: ${said}`}`,
      'Run it by hand on the node and see.',
    );
  },
  readBack: async (
    target,
    _wanted,
    found,
    acted,
    since,
    world,
    signal,
  ): Promise<ReadBack<'node.restart'>> => {
    const { clock } = world;
    const began = clock.now();
    const timeout = timeoutOf(world, target.node);
    const deadline = began + timeout;
    const sureAfter = Math.min(SURE_AFTER, timeout / 2);
    let answered: number | null = null;
    let another = false;
    for (;;) {
      const seen = await nodePort(world, target.node)
        .observe('pulse', signal)
        .catch(() => null);
      if (signal.aborted || seen === null)
        return unknownRestart(target.node, 'the run was told to stop while the restart was under way');
      if (seen.trouble === null && seen.coreUuid.known) {
        if (seen.coreUuid.value !== found) {
          if (seen.uptimeMs.known && seen.uptimeMs.value <= clock.now() - since + UPTIME_SLACK) {
            return { outcome: 'done', read: seen.coreUuid.value };
          }
          another = true;
        } else {
          answered ??= clock.now();
          if (acted !== null && isOwnFailure(acted) && clock.now() - answered >= sureAfter) {
            return {
              outcome: 'failed',
              read: found,
              error: new FshaError('restart.failed', acted.message, acted.hint),
            };
          }
        }
      }
      if (clock.now() >= deadline) {
        const { trouble } = seen;
        const blind = trouble === null ? null : await whyBlind(world, target.node, trouble, signal);
        if (trouble === null && another) return unknownRestart(target.node, ANOTHER);
        if (blind !== null) return unknownRestart(target.node, blind);
        return expired(target.node, found, trouble, answered !== null, acted, clock.now() - began);
      }
      await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
    }
  },
};

/** @throws FshaError `protocol` where it is not known how many there are, `effect.failed` where there are any */
function assertEmpty(node: string, sessions: Known<number>, hasBegun: boolean): void {
  if (!sessions.known) throw new FshaError('protocol', `sessions of ${node} are unknown: ${sessions.why}`);
  if (sessions.value === 0 && !hasBegun) return;
  const up = sessions.value === 0 ? 'a call' : `${sessions.value} session${sessions.value === 1 ? '' : 's'}`;
  throw new FshaError('effect.failed', `${node} has ${up} again: it is not restarted`);
}

function timeoutOf(world: World, name: string): number {
  return findNode(world.cluster, name)?.restart.timeout ?? 90_000;
}

/** `timeout` and `locked` leave open what the node will do; `ssh.exec` is the command's own word. See ssh/remote-command.ts. */
function endOf(exitCode: number | null, signal: string | null): { code: ErrorCode; end: string } {
  if (exitCode === 124 || exitCode === 137) return { code: 'timeout', end: 'ran out of time and was ended' };
  if (exitCode === 75)
    return { code: 'locked', end: 'could not begin: another restart of this node holds its lock' };
  // The shell that sshd began is gone; what it had begun may go on.
  if (exitCode === null) return { code: 'timeout', end: `was ended by ${signal ?? 'a signal'}` };
  return { code: 'ssh.exec', end: `failed (exit status ${exitCode})` };
}

/**
 * Whether nothing more is to be expected: the command said itself that it failed, or it was never sent, since the login
 * failed. A connection that was lost, a timeout, or a lock that another restart holds say nothing.
 */
function isOwnFailure({ code }: ErrorInfo): boolean {
  return /^(ssh|connect)\./.test(code);
}

/** Why its silence says nothing about the node: it is there and lets nobody in, or the way to it is lost. */
async function whyBlind(
  world: World,
  name: string,
  trouble: ErrorInfo,
  signal: AbortSignal,
): Promise<string | null> {
  if (trouble.code.startsWith('esl.')) return trouble.message;
  if (findNode(world.cluster, name)?.esl.via !== 'ssh') return null;
  return hostPort(world, name)
    .login(signal)
    .then(
      () => null,
      (error: unknown) => errorInfo(error).message,
    );
}

function unknownRestart(node: string, why: string): ReadBack<'node.restart'> {
  return {
    outcome: 'unknown',
    read: null,
    error: new FshaError(
      'effect.unknown',
      `whether ${node} was restarted is unknown: ${why}`,
      'Look at `global_getvar core_uuid` and `status` on the node.',
    ),
  };
}

function expired(
  node: string,
  found: string,
  trouble: ErrorInfo | null,
  sameSeen: boolean,
  acted: ErrorInfo | null,
  took: number,
): ReadBack<'node.restart'> {
  const after = roughDuration(took);
  if (trouble !== null) {
    const error = new FshaError(
      'restart.failed',
      `${node} did not come back within ${after}: ${trouble.message}`,
      'Look at its log and its unit on the node.',
    );
    return { outcome: 'failed', read: null, error };
  }
  if (sameSeen && acted === null) {
    const error = new FshaError(
      'restart.failed',
      `the restart command succeeded, but ${node} was not restarted: after ${after} it has the same core_uuid`,
      'Correct restart.command in the inventory.',
    );
    return { outcome: 'failed', read: found, error };
  }
  return unknownRestart(node, acted?.message ?? 'it does not say its core_uuid');
}
