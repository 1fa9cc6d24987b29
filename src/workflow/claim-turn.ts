/** A run's turn among runs of other hosts: asked once its node is marked, before anything else is changed. See decision 10. */
import { unmark } from '../domain/by-hand.ts';
import { FshaError, isInterruption } from '../domain/errors.ts';
import type { Observation } from '../domain/observation.ts';
import { type Rival, rivalsOf, rivalWords, whoseTurn } from '../domain/rivals.ts';
import { printable } from '../domain/text.ts';
import { lookAtNode } from './effects/look-at-node.ts';
import { insist, mayPass } from './insist.ts';
import { Retries } from './retries.ts';
import { anothersMark, assertHeld, needsOf, type StepContext, warn } from './step.ts';
import { runsOfMarks } from './survey.ts';

/** Between two looks while others are to give way: ms. */
const LOOK_EVERY = 250;
/** What another run may take, beyond one look at every node, to take its mark away: ms. */
const GIVES_WAY_WITHIN = 5_000;
/** How long taking the own mark away again is tried: ms. */
const WITHDRAW_TIME = 10_000;

/**
 * Looks at the marks of all nodes until no other run holds one.
 * @returns what was seen then, with every proxy that is needed
 * @throws FshaError `locked` where it gives way: its mark is taken away then, and nothing else was changed
 */
export async function claimTurn(context: StepContext): Promise<Observation> {
  const { world, watcher, run, signal } = context;
  const { connect, request } = world.cluster.timeouts;
  const deadline = world.clock.now() + connect + request + GIVES_WAY_WITHIN;
  const needs = { ...needsOf(context), nodes: [...world.nodes.keys()] };
  const retries = new Retries(context);
  for (;;) {
    const observation = await watcher.fresh(needs, signal);
    assertHeld(context, observation);
    const turn = whoseTurn(run, await rivals(context, observation));
    if (turn.turn === 'go') return observation;
    const why = `${rivalWords(turn.rival)}: one run at a time changes ${printable(world.cluster.name)}`;
    if (turn.turn === 'give way' || world.clock.now() >= deadline) {
      await withdraw(context);
      throw new FshaError('locked', why, `This run gives way. Look at that one first: ${look(turn.rival)}.`);
    }
    await retries.tell({ code: 'locked', message: why, hint: '' });
    await world.clock.sleep(LOOK_EVERY, signal);
  }
}

const look = ({ run }: Rival): string => `fsha show ${printable(run)} on its host`;

async function rivals(context: StepContext, observation: Observation): Promise<readonly Rival[]> {
  const { world, run, node, memory, policy } = context;
  return rivalsOf({
    run,
    node: node.name,
    marks: marksIn(observation),
    uptimes: Object.fromEntries(
      Object.entries(observation.nodes).map(([name, { uptimeMs }]) => [name, uptimeMs]),
    ),
    before: memory.marksBefore,
    runs: await runsOfMarks(world, observation),
    forced: policy().force.includes('mark'),
    wall: world.clock.wall().getTime(),
  });
}

/** The marks that could be read, by node; null for none. */
export function marksIn({ nodes }: Observation): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    Object.entries(nodes).flatMap(([name, { trouble, mark }]) =>
      trouble === null && mark.known ? [[name, mark.value]] : [],
    ),
  );
}

/** What stood there before comes back. A mark that cannot be taken away is told: it keeps others off until it is old. */
async function withdraw(context: StepContext): Promise<void> {
  const { world, node, signal } = context;
  const last = context.soFar().effects.findLast(({ intent }) => intent.effect === 'node.mark');
  if (last?.intent.effect !== 'node.mark') return;
  const { target, found } = last.intent;
  const limit = world.clock.now() + WITHDRAW_TIME;
  try {
    const seen = await lookAtNode(world, node.name, signal);
    if (anothersMark(context, seen.mark) !== null) return;
    await insist(context, { effect: 'node.mark', target, wanted: found }, () => limit);
  } catch (error) {
    if (isInterruption(error) || !mayPass(error)) throw error;
    const what = `the mark of this run stays on ${node.name}: ${error.message}`;
    await warn(context, error.code, what, `By hand: ${unmark(node.name)}`);
  }
}
