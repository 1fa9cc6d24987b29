/** What doctor says of the state directory and of the lock in it. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Cluster } from '../domain/cluster.ts';
import { errorInfo, FshaError, isInterruption } from '../domain/errors.ts';
import { todoSentence } from '../domain/missing-from-inventory.ts';
import type { Observation } from '../domain/observation.ts';
import type { Verdict } from '../domain/verdict.ts';
import { mustHaveFlock } from '../journal/cluster-lock-flock.ts';
import { mayOpenLock } from '../journal/cluster-lock-file.ts';
import { holderPath, lockPath } from '../journal/cluster-lock-path.ts';
import { isUnreadable } from '../journal/journal-errors.ts';
import { lockState } from '../journal/cluster-lock-state.ts';
import { holderWords } from '../journal/lock-holder-words.ts';
import { whoseHolderStays } from '../journal/lock-holder-publish.ts';
import { sharedBy } from '../journal/shared-directory.ts';
import { nameList } from '../output/name-list.ts';
import type { World } from '../workflow/world.ts';
import { type Call, callText } from './command.ts';
import { runsWatchOf } from './runs-watch.ts';
import { littleRoom, roomIn } from './state-room.ts';

export async function stateVerdicts(
  call: Call,
  cluster: Cluster,
  signal: AbortSignal,
  room = roomIn,
): Promise<readonly Verdict[]> {
  return Promise.all([stateDirectory(cluster, room), lock(call, cluster, signal)]);
}

/** Runs that have something in hand that is not in the inventory, or whose process is stopped: no check of a node speaks of them. */
export async function missingVerdicts(
  call: Call,
  cluster: Cluster,
  observation: Observation,
  signal: AbortSignal,
): Promise<readonly Verdict[]> {
  const { runs } = await runsWatchOf(call, cluster).look(observation, signal);
  return runs.flatMap(({ run, command, nodes, missing, stopped, next }): readonly Verdict[] => {
    if (stopped === true)
      return [
        {
          check: 'unfinished',
          level: 'warning',
          forceable: false,
          why: `run ${run} (${command}) is under way, but its process is stopped: what it is to do for ${nodes.join(', ')} nobody does`,
          fix: `Let it go on with: ${next[0] ?? ''}`,
        },
      ];
    return missing === undefined
      ? []
      : [
          {
            check: 'unfinished',
            level: 'warning',
            forceable: false,
            why: `run ${run}, which has not come to its end, ${missing.what}`,
            fix: todoSentence(missing),
          },
        ];
  });
}

/** What is known of runs, with every journal that cannot be read as a problem of the nodes that it may be about. */
export interface DamageAside {
  readonly world: World;
  /** Those that were met so far. */
  readonly verdicts: () => readonly Verdict[];
}

/** One damaged journal hides nothing else: what its run did is unknown, and all the rest is looked at. */
export function damageAside(world: World, call: string): DamageAside {
  const met: Verdict[] = [];
  // By what the file system says: the same for every node.
  const unreadable = new Map<string, { readonly hint: string; readonly nodes: string[] }>();
  const standing: World['standing'] = async (node) => {
    try {
      return await world.standing(node);
    } catch (error) {
      if (!(error instanceof FshaError) || error.code !== 'journal') throw error;
      if (isUnreadable(error)) {
        const before = unreadable.get(error.message);
        if (before === undefined) unreadable.set(error.message, { hint: error.hint, nodes: [node] });
        else before.nodes.push(node);
        return null;
      }
      met.push({
        check: 'journal',
        node,
        level: 'refusal',
        forceable: false,
        why: `what a run left ${node} as is unknown, its journal cannot be read: ${error.message.replace(/\.$/, '')}`,
        fix: `Move the file out of its directory, then bring the node back: ${call} activate ${node} --force mark`,
      });
      return null;
    }
  };
  const verdicts = (): readonly Verdict[] => [
    ...[...unreadable].map(([message, { hint, nodes }]): Verdict => ({
      check: 'journal',
      level: 'refusal',
      forceable: false,
      why: `what runs left ${nameList(nodes)} as is unknown: ${message.replace(/\.$/, '')}`,
      fix: hint,
    })),
    ...met,
  ];
  return { world: { ...world, standing }, verdicts };
}

/** Journals have to be written somewhere: without one no run begins. */
async function stateDirectory({ state }: Cluster, room: typeof roomIn): Promise<Verdict> {
  const { dir } = state;
  const verdict = { check: 'state-dir', forceable: false };
  for (let path = resolve(dir); ; path = dirname(path)) {
    const there = await stat(path).catch(() => null);
    if (there === null && dirname(path) !== path) continue;
    const writable =
      there?.isDirectory() === true &&
      (await access(path, constants.W_OK | constants.X_OK).then(
        () => true,
        () => false,
      ));
    if (!writable)
      return {
        ...verdict,
        level: 'refusal',
        why: `journals cannot be written in ${dir}`,
        fix: `Make ${path} a directory that you may write, or set state.dir in the inventory.`,
      };
    const left = await room(path).then(littleRoom, () => null);
    if (left !== null)
      return {
        ...verdict,
        level: left.level,
        why:
          left.level === 'refusal'
            ? `no run can begin, ${dir}: ${left.why}`
            : `journals can be written in ${dir}, and ${left.why}`,
        fix: 'Free space there, or set state.dir to a directory on another file system.',
      };
    const isShared = path === resolve(dir) && (await sharedBy(path)) !== null;
    if (isShared)
      return { ...verdict, level: 'ok', why: `journals can be written in ${dir}, which a group shares` };
    if (state.isDefault !== true)
      return { ...verdict, level: 'ok', why: `journals can be written in ${dir}` };
    return {
      ...verdict,
      level: 'warning',
      why: `the lock lies in ${dir}, this user's own: runs of other users of this host do not see it`,
      fix: 'Set state.dir in the inventory to a directory that a group shares: install -d -m 2770 -g GROUP /var/lib/fsha',
    };
  }
}

/** A run that is under way is no fault, and worth knowing before the next one is begun. */
async function lock(call: Call, { name, state }: Cluster, signal: AbortSignal): Promise<Verdict> {
  const verdict = { check: 'lock', forceable: false };
  try {
    await mustHaveFlock(signal);
    await mayOpenLock(lockPath(state.dir, name));
    const seen = await lockState(state.dir, name, signal);
    if (!seen.held) {
      const path = holderPath(state.dir, name);
      const owner = await whoseHolderStays(path);
      if (owner === null) return { ...verdict, level: 'ok', why: `no run changes ${name}` };
      return {
        ...verdict,
        level: 'warning',
        why: `${path} was left by a run of another user (uid ${owner}) and cannot be replaced in this directory: runs of yours hold the lock, and nothing says who has it`,
        fix: `That user or root has to remove it: rm ${path}`,
      };
    }
    if (seen.holder === null)
      return {
        ...verdict,
        level: 'warning',
        why: `a run changes ${name}, and nothing says which`,
        fix: `See with: ${callText(call)} runs`,
      };
    return {
      ...verdict,
      level: 'warning',
      why: `a run changes ${name}: ${holderWords(seen.holder, call.host.clock.wall().getTime())}`,
      fix: `Watch it: ${callText(call)} show ${seen.holder.run} --follow. Ask it to stop: ${callText(call)} unlock`,
    };
  } catch (error) {
    if (isInterruption(error)) throw error;
    const { code, message, hint } = errorInfo(error);
    if (code === 'bug') throw error;
    return { ...verdict, level: 'refusal', why: message, fix: hint };
  }
}
