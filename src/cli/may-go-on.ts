/** Why a run may not be gone on with: asked before anything is recorded, so that a refusal leaves it as it was. */
import { aliveElsewhere } from '../domain/alive-elsewhere.ts';
import { type BroughtBack, broughtBack } from '../domain/brought-back.ts';
import type { Cluster } from '../domain/cluster.ts';
import { roughDuration } from '../domain/duration.ts';
import { FshaError } from '../domain/errors.ts';
import { readMark } from '../domain/mark.ts';
import { missingFromInventory, todoSentence } from '../domain/missing-from-inventory.ts';
import type { Observation } from '../domain/observation.ts';
import { type Plan, planUndo } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { setsWithoutSurvivor } from '../domain/preflight/survivors.ts';
import { uuidOf } from '../domain/resume.ts';
import { isAnotherStart, nodesInHand } from '../domain/rolling/progress.ts';
import { whyNotBegun } from '../domain/rolling/window.ts';
import { changesOf, intentsOf, type NodeRunState, type RunState } from '../domain/run.ts';
import { guardOf } from '../journal/guard-lock.ts';
import { readJournalEnds } from '../journal/journal-ends.ts';
import { journalPath } from '../journal/journal-path.ts';
import { shellQuote } from '../domain/shell-quote.ts';
import type { World } from '../workflow/world.ts';
import { type Call, callText } from './command.ts';

/** One that keeps a node out holds the lock of that node alone: it is alive although the cluster's is free. */
export async function mustNotGuard(
  call: Call,
  { state, name }: Cluster,
  run: string,
  signal: AbortSignal,
): Promise<void> {
  const { started } = await readJournalEnds(journalPath(state.dir, run));
  for (const { node } of started?.data.plan.nodes ?? []) {
    const guard = await guardOf({ dir: state.dir, cluster: name, node }, signal);
    if (guard === null || (guard !== 'unnamed' && guard.run !== run)) continue;
    throw new FshaError(
      'locked',
      `run ${run} is under way: it keeps ${node} out`,
      `It ends with: ${callText(call)} activate ${node}`,
    );
  }
}

/**
 * What was changed has to be within reach, also to be given back.
 * @throws FshaError `usage`
 */
export function mustStillBeThere(state: RunState, cluster: Cluster): void {
  const { run, plan } = state;
  const nodes = plan.nodes.map(({ node }) => node);
  const missing = missingFromInventory(
    { run, nodes, open: nodesInHand(state), changed: changesOf(state) },
    cluster,
  );
  if (missing === null) return;
  throw new FshaError('usage', `run ${run} ${missing.what}`, todoSentence(missing));
}

/** A node that a later run has taken in hand, and is done with: that run's name, null where it left nothing to be named by. */
export type LeftToOthers = ReadonlyMap<string, string | null>;

/**
 * Somebody has taken one of its nodes in hand since: what is to become of that one is the newer run's to say. A rolling run
 * goes on without it where the newer one has come to its end.
 * @returns the nodes that it goes on without
 * @throws FshaError `refused`
 */
export async function leftToOthers(
  world: World,
  { run, nodes, plan }: RunState,
  observation: Observation,
  call: string,
): Promise<LeftToOthers> {
  const left = new Map<string, string | null>();
  for (const [name, node] of Object.entries(nodes)) {
    if (!node.effects.some(({ intent }) => intent.effect === 'dispatcher.state')) continue;
    const newest = (await markedBy(world, run, observation, name)) ?? (await world.standing(name));
    if (newest?.run === run) continue;
    // Given back, nothing of it stands; and the same FreeSWITCH runs there still: nobody has done since what is to be done.
    if (plan.rolling !== undefined && newest === null && isStillToBeDone(name, node, observation)) continue;
    if (plan.rolling !== undefined && (newest === null || newest.settled)) {
      left.set(name, newest?.run ?? null);
      continue;
    }
    throw new FshaError(
      'refused',
      `run ${run} cannot go on: ${newest === null ? 'a later run' : `run ${newest.run}`} came after it on ${name}`,
      newest === null
        ? `See them with: ${call} runs`
        : newest.settled
          ? `What that one left: ${call} show ${newest.run}; then: ${call} activate ${name}`
          : `Go on with that one: ${call} resume ${newest.run}`,
    );
  }
  return left;
}

function isStillToBeDone(name: string, node: NodeRunState, observation: Observation): boolean {
  const last = node.effects.findLast(({ intent }) => intent.effect === 'dispatcher.state');
  return last?.step === `${name}/restore` && !isAnotherStart(node, uuidOf(observation, name));
}

/**
 * A window that has closed since, or closes too soon for any node: said before anything is recorded, and not by ending once more.
 * What is behind its restart is gone on with at any hour.
 * @throws FshaError `refused`
 */
export function mustHaveTime(run: string, plan: Plan, policy: Policy, cluster: Cluster, call: Call): void {
  const window = plan.rolling?.window ?? null;
  if (window === null) return;
  const wall = call.host.clock.wall();
  const hasTime = plan.nodes.some(
    ({ node, steps }) =>
      !steps.some(({ kind }) => kind === 'admit') ||
      whyNotBegun(window, cluster, node, policy, wall) === null,
  );
  if (hasTime) return;
  const again = `${callText(call)} resume ${run} --until`;
  throw new FshaError(
    'refused',
    `run ${run} cannot go on: too little time is left until ${window.asked}, or that is over`,
    `Name another time: ${again} ${shellQuote([window.asked])}; or go on at any hour: ${again} none`,
  );
}

/** The run that has ended and left its mark on the node: whatever dates say, it was there last. null where there is none. */
async function markedBy(
  world: World,
  run: string,
  observation: Observation,
  node: string,
): Promise<{ readonly run: string; readonly settled: boolean } | null> {
  const seen = observation.nodes[node]?.mark;
  const mark = seen?.known === true && seen.value !== null ? readMark(seen.value) : undefined;
  if (mark === undefined || mark.run === run) return null;
  return (await world.whereabouts(mark.run)) === 'ended' ? { run: mark.run, settled: true } : null;
}

/** A journal that was copied here: its process may be alive where it was begun. @throws FshaError `locked` */
export function mustBeDead(
  state: RunState,
  observation: Observation,
  { force }: Policy,
  wroteAt: number,
  { host }: Call,
): void {
  if (force.includes('mark')) return;
  const { run } = state;
  const wall = host.clock.wall().getTime();
  const sign = aliveElsewhere(run, Object.keys(state.nodes), observation, wroteAt, wall);
  if (sign === null) return;
  const what = sign.who === null ? 'its journal was written' : `${sign.node} was marked by ${sign.who}`;
  const ago = sign.age === null ? '' : ` ${roughDuration(Math.max(0, sign.age))} ago`;
  throw new FshaError(
    'locked',
    `run ${run} may still be under way where it was begun: ${what}${ago}`,
    'A run of which nothing is seen for 5 minutes is dead. Where you know that it is dead: --force mark.',
  );
}

/**
 * A journal that was copied to another host and gone on with there says here what it said before: going on would restart a node
 * once more that is well.
 * @throws FshaError `refused`
 */
export function mustNotBeBack(
  state: RunState,
  observation: Observation,
  { force }: Policy,
  call: Call,
): void {
  const [first] = broughtBack(state, observation);
  if (first === undefined || force.includes('mark')) return;
  const { run } = state;
  throw new FshaError(
    'refused',
    `run ${run} cannot go on: ${backWords(first)}, and this journal knows nothing of it: it may have been finished on another host`,
    `Where nothing of it is to be done any more, this ends it: ${callText(call)} resume ${run} --undo; where it is to be done all the same: --force mark.`,
  );
}

/** That a drain which is asked for finds its node so, a clause; null where it does not. */
export function whyAnew(state: RunState, observation: Observation): string | null {
  const [first] = broughtBack(state, observation);
  return first === undefined ? null : `${backWords(first)}: it is drained anew`;
}

function backWords({ node, restarted }: BroughtBack): string {
  return `${node} ${restarted ? 'was restarted since and ' : ''}is in on every proxy, without the mark of this run`;
}

/** Giving an activation back takes the node out: somebody has to be left then, too. */
export function mustLeaveSurvivors(
  { nodes }: RunState,
  cluster: Cluster,
  observation: Observation,
  policy: Policy,
): void {
  if (policy.force.includes('survivors')) return;
  for (const [name, recorded] of Object.entries(nodes)) {
    const node = cluster.nodes.find((one) => one.name === name);
    const steps = planUndo(name, intentsOf(recorded))?.nodes.flatMap((one) => one.steps) ?? [];
    const isTakenOut = steps.some(
      (step) =>
        step.kind === 'restore' &&
        step.params.effects.some((one) => one.effect === 'dispatcher.state' && one.wanted.startsWith('d')),
    );
    const [empty] =
      node !== undefined && isTakenOut ? setsWithoutSurvivor({ cluster, node, observation }) : [];
    if (empty === undefined) continue;
    throw new FshaError(
      'refused',
      `the undo takes ${name} out, and nobody is left in set ${empty.set} of ${empty.proxy}`,
      'Bring another node in first; or --force survivors.',
    );
  }
}
