import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import type { Observation } from '../domain/observation.ts';
import { jsonText } from '../output/json-text.ts';
import { statusDocument } from '../output/status-json.ts';
import { statusTable } from '../output/status-table.ts';
import { observeAll } from '../workflow/observe-all.ts';
import type { Call } from './command.ts';
import { compose } from './compose.ts';
import { inventoryOf } from './inventory-of.ts';
import { runsWatchOf } from './runs-watch.ts';
import { listen } from './signals.ts';

/** One look at everything. Exits 9 if anything asked was unknown. */
export async function showStatus(call: Call): Promise<ExitCode> {
  const { host, globals } = call;
  const cluster = await inventoryOf(call);
  const stop = listen(host);
  const { world, close } = compose(cluster, call);
  const watch = runsWatchOf(call, cluster);
  try {
    const [, observation] = await Promise.all([
      watch.begin(stop.signal),
      observeAll(world, 'pulse', stop.signal),
    ]);
    // Once more: what a run did since is no contradiction.
    const runs = await watch.look(observation, stop.signal);
    if (globals.json)
      host.stdout.write(`${jsonText(statusDocument(cluster, observation, host.clock.wall(), runs))}\n`);
    else
      for (const line of statusTable(cluster, observation, host.stdout.columns ?? 80, runs))
        host.stdout.write(`${line}\n`);
    return isWhole(observation) ? EXIT.done : EXIT.unknown;
  } finally {
    stop.dispose();
    await close();
  }
}

function isWhole({ nodes, proxies }: Observation): boolean {
  const nodesKnown = Object.values(nodes).every(
    (node) =>
      node.trouble === null &&
      [
        node.sessions,
        node.ready,
        node.calls,
        node.pause,
        node.coreUuid,
        node.sessionLimit,
        node.uptimeMs,
      ].every((value) => value.known),
  );
  return nodesKnown && Object.values(proxies).every((proxy) => proxy.trouble === null && proxy.sets.known);
}
