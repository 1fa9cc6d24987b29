/** What going on with a rolling run would do with each of its nodes, those included that are looked at when their turn comes. */
import { type Cluster, findNode } from '../domain/cluster.ts';
import type { NodePlan } from '../domain/plan.ts';
import { judge, whyRefused } from '../domain/preflight/checks.ts';
import { type ForeseeQuestion, foresee } from '../domain/rolling/foresee.ts';
import type { Foreseen } from '../domain/rolling/rolling-plan.ts';
import type { RunState } from '../domain/run.ts';
import { LOOKS_AT_A_TIME, surveyNode } from '../workflow/survey.ts';
import type { World } from '../workflow/world.ts';
import type { Call } from './command.ts';
import { compose } from './compose.ts';

type Rest = Omit<ForeseeQuestion, 'wall' | 'cluster'> & { readonly state: RunState };

/** @returns null where it is no rolling run */
export async function foreseeRest(
  call: Call,
  cluster: Cluster,
  rest: Rest,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Foreseen> | null> {
  const { plan, state } = rest;
  if (plan.rolling === undefined) return null;
  // Those in hand were judged before: one that is refused there refuses all of it.
  const later = plan.nodes.filter(({ node }) => (state.nodes[node]?.baseline ?? null) === null);
  const refused = new Map<string, string>();
  const { world, close } = compose(cluster, call);
  try {
    for (let from = 0; from < later.length; from += LOOKS_AT_A_TIME)
      await Promise.all(
        later.slice(from, from + LOOKS_AT_A_TIME).map(async (planned) => {
          const why = await whyLaterRefused(world, planned, rest, signal);
          if (why !== null) refused.set(planned.node, why);
        }),
      );
  } finally {
    await close();
  }
  return foresee({ ...rest, cluster, wall: call.host.clock.wall() }, refused);
}

async function whyLaterRefused(
  world: World,
  { node: name, steps }: NodePlan,
  { observation, policy, state }: Rest,
  signal: AbortSignal,
): Promise<string | null> {
  const node = findNode(world.cluster, name);
  const first = steps.find(({ kind }) => kind === 'preflight');
  if (first?.kind !== 'preflight' || node === undefined) return null;
  const asker = { run: state.run, standing: null };
  const survey = { node, purpose: first.params.purpose, policy, asker };
  return whyRefused(judge(await surveyNode(world, Promise.resolve(observation), survey, signal)));
}
