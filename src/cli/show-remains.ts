/** What going on with a run would do: a dry run of resume, and of a drain that would go on with one. */
import type { Cluster } from '../domain/cluster.ts';
import { valueOr } from '../domain/observation.ts';
import type { Resumption } from '../domain/resume.ts';
import { printable } from '../domain/text.ts';
import { remainingEffects } from '../domain/what-is-so.ts';
import { journalPath } from '../journal/journal-path.ts';
import { readJournal } from '../journal/read-journal.ts';
import { planLines } from '../output/plan-text.ts';
import { remainingLines } from '../output/remaining-text.ts';
import { verdictLines } from '../output/verdict-list.ts';
import type { Call } from './command.ts';
import { foreseeRest } from './foresee-rest.ts';
import { type GoingOn, whatRemains } from './go-on.ts';
import { withoutLock } from './run-lock.ts';

/**
 * Looks at everything as going on would, and prints what would be done.
 * @throws FshaError as going on would, where it would be refused
 */
export async function showRemains(
  call: Call,
  cluster: Cluster,
  run: string,
  how: Omit<GoingOn, 'lock'>,
): Promise<Resumption['mode']> {
  const { stdout } = call.host;
  const { events } = await readJournal(journalPath(cluster.state.dir, run));
  const lock = withoutLock(cluster);
  const looked = await whatRemains(call, cluster, events, { ...how, run, lock });
  const { resumption, policy, verdicts, state } = looked;
  const { mode, plan, why } = resumption;
  const isForward = mode === 'forward';
  const rest = { state, plan, policy, observation: looked.observation };
  const foreseen = isForward ? await foreseeRest(call, cluster, rest, how.stop.signal) : null;
  const effects = remainingEffects(state, resumption, looked.observation);
  if (call.globals.json) {
    const remaining = effects.map(({ node, effect, so }) => ({ node, ...effect, so: valueOr(so, null) }));
    const turns = foreseen && [...foreseen].map(([node, one]) => ({ node, ...one }));
    const document = {
      ...{ v: 1, run, mode, plan, why, effects: remaining, verdicts },
      ...(turns === null ? {} : { foreseen: turns }),
    };
    stdout.write(`${JSON.stringify(document)}\n`);
    return mode;
  }
  const { command, who } = state.started;
  const lines = [
    `run ${run} (${printable(command)}) by ${printable(who)}: what remains of it`,
    ...(why === null ? [] : [why]),
    ...verdictLines(verdicts, { verbose: call.globals.verbose }),
    ...(isForward
      ? planLines(plan, { cluster, policy, ...(foreseen === null ? {} : { foreseen }) })
      : ['give back what the run did']),
    ...(effects.length === 0 ? [] : ['of that, by what is seen now:']),
    ...remainingLines(effects),
  ];
  for (const line of lines) stdout.write(`${line}\n`);
  return mode;
}
