import { foundDestinations, takeBaseline } from '../../domain/baseline.ts';
import { FshaError } from '../../domain/errors.ts';
import type { PreflightInput } from '../../domain/preflight/check.ts';
import { judge, refuses } from '../../domain/preflight/checks.ts';
import { isMarkedByUnknown } from '../../domain/preflight/mark.ts';
import { restartIntended } from '../../domain/run.ts';
import type { Verdict } from '../../domain/verdict.ts';
import { marksIn } from '../claim-turn.ts';
import { freshAmongOthers, ownNeeds } from '../fresh-look.ts';
import type { Step } from '../step.ts';
import { type RestartClue, untilNothingUnderWay } from '../restart-under-way.ts';
import { surveyNode } from '../survey.ts';

/** Looks at everything, judges it, takes the baseline; changes nothing. */
export const preflight: Step<'preflight'> = async (context, params) => {
  const { world, watcher, node, record, step, signal, memory, run } = context;
  const policy = context.policy();
  watcher.setPace(node.name, policy.poll, 'full');
  const observing = freshAmongOthers(context, ownNeeds(context));
  // What this run had found before another process went on with it counts as before.
  const before = context.soFar().baseline;
  const standing =
    before === null
      ? null
      : {
          run,
          settled: false,
          baseline: before,
          restarted: restartIntended(context.soFar()),
          restartOpen: false,
        };
  const survey = { node, purpose: params.purpose, policy, asker: { run, standing } };
  const input = await surveyNode(world, observing, survey, signal);
  watcher.setPace(node.name, policy.poll, 'pulse');

  const observation = await observing;
  const verdicts = judge(input);
  const { facts } = input;
  const taken = takeBaseline(
    world.cluster,
    node,
    observation,
    input.standing?.baseline ?? null,
    facts.options.known ? facts.options.value : null,
  );
  const baseline = 'baseline' in taken ? taken.baseline : null;
  const found = foundDestinations(world.cluster, node, observation);
  await record({ type: 'preflight.settled', node: node.name, step, data: { verdicts, baseline, found } });

  if (refuses(verdicts)) throw refusalOf(verdicts);
  // Behind its restart the node may be down; what it was before is known.
  if ('missing' in taken && (params.purpose !== 'resume' || before === null)) {
    throw new FshaError(
      'refused',
      `what ${node.name} is like now cannot be told: ${taken.missing.join('; ')}`,
      'Without that nobody could say later whether it is well again.',
    );
  }
  // A restart that hits a node which is back in costs every call on it.
  const mayMeet = params.purpose === 'drain' || params.purpose === 'activate';
  if (mayMeet) await untilNothingUnderWay(context, clueOf(input));
  const mark = observation.nodes[node.name]?.mark;
  memory.markFound = mark?.known === true ? mark.value : null;
  memory.marksBefore = marksIn(observation);
  memory.startedAs = Object.fromEntries(
    Object.values(observation.proxies).flatMap((proxy) =>
      proxy.instance.known ? [[proxy.proxy, proxy.instance.value]] : [],
    ),
  );
  return 'succeeded';
};

/** What is known here of a restart that another run may have begun. */
function clueOf(input: PreflightInput): RestartClue {
  if (input.restartOpen) return 'announced';
  return isMarkedByUnknown(input) ? 'unknown run' : 'nothing';
}

/** The first refusal, as an error. */
export function refusalOf(verdicts: readonly Verdict[]): FshaError {
  const refusals = verdicts.filter((verdict) => verdict.level === 'refusal');
  const [first] = refusals;
  const more = refusals.length > 1 ? ` (and ${refusals.length - 1} more)` : '';
  return new FshaError(
    refusals.some((verdict) => verdict.locked === true) ? 'locked' : 'refused',
    `refused by the check ${first?.check ?? ''}: ${first?.why ?? ''}${more}`,
    first?.fix ?? '',
  );
}
