import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import { followJournal } from '../journal/follow-journal.ts';
import { journalPath } from '../journal/journal-path.ts';
import { listRuns } from '../journal/list-runs.ts';
import { readJournal } from '../journal/read-journal.ts';
import { isRunId } from '../journal/run-id.ts';
import { runReport } from '../output/run-report.ts';
import { type Call, callText } from './command.ts';
import { HeldWords } from './held-words.ts';
import { inventoryOf } from './inventory-of.ts';
import { listen } from './signals.ts';
import { closeView, viewOf } from './views.ts';

/** Shows one run from its journal, or follows it. The exit code says whether it could be shown, not how it ended. */
export async function showRun(call: Call, wanted: string, follow: boolean): Promise<ExitCode> {
  const { host, globals } = call;
  const cluster = await inventoryOf(call, 'leave');
  const run = wanted === 'last' ? await newest(cluster.state.dir, cluster.name) : wanted;
  if (!isRunId(run))
    throw new FshaError('usage', `${wanted} is not a run`, `Take one from: ${callText(call)} runs`);
  const path = journalPath(cluster.state.dir, run);
  if (follow) return followRun(call, cluster, path);
  const { events, torn } = await readJournal(path);
  if (globals.json) for (const event of events) host.stdout.write(`${JSON.stringify(event)}\n`);
  else
    for (const line of runReport(events, {
      torn,
      verbose: globals.verbose,
      width: host.stdout.columns ?? 80,
    }))
      host.stdout.write(`${line}\n`);
  return EXIT.done;
}

async function newest(dir: string, cluster: string): Promise<string> {
  const last = (await listRuns(dir, 50)).find((summary) => summary.cluster === cluster);
  if (last === undefined) throw new FshaError('usage', `there is no run of ${cluster} in ${dir} yet`);
  return last.run;
}

async function followRun(call: Call, cluster: Cluster, path: string): Promise<ExitCode> {
  const stop = listen(call.host);
  const left = new AbortController();
  const view = viewOf(call, {
    live: null,
    cluster,
    words: new HeldWords(call.host.stderr, false),
    onLeave: (by) => (by === 'key' ? left.abort() : stop.interrupt()),
  });
  try {
    for await (const event of followJournal(path, AbortSignal.any([stop.signal, left.signal])))
      view.onEvent(event);
    return stop.signal.aborted ? EXIT.interrupted : EXIT.done;
  } finally {
    stop.dispose();
    await closeView(view, call);
  }
}
