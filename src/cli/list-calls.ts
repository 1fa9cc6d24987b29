import { callList, olderThan } from '../domain/call-list.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import { known } from '../domain/observation.ts';
import { printable } from '../domain/text.ts';
import { callsDocument } from '../output/calls-json.ts';
import { callsNotes, callsTable } from '../output/calls-table.ts';
import { jsonText } from '../output/json-text.ts';
import { argument, type Call } from './command.ts';
import { inventoryOf } from './inventory-of.ts';
import { callsOfNode } from './look-at-node.ts';
import { nodeNamed, policyOf } from './node-policy.ts';

/**
 * Lists the calls of a node, oldest first. Exits 9 where they are unknown, or where not every session in memory has a row.
 * @param olderThanMs only those that have been up for longer; null for all
 */
export async function listCalls(call: Call, olderThanMs: number | null): Promise<ExitCode> {
  const { host, globals } = call;
  const cluster = await inventoryOf(call);
  const node = nodeNamed(cluster, argument(call, 0));
  const { cutting, showNumbers } = policyOf(cluster, call);
  const live = await callsOfNode(call, cluster, node);
  const now = host.clock.wall();
  const list = live.known ? known(callList(live.value, cutting)) : live;
  const all = list.known ? list.value.calls : [];
  const shown = olderThanMs === null ? all : olderThan(all, olderThanMs, now);
  if (globals.json) {
    const names = { cluster: cluster.name, node: node.name };
    const document = callsDocument(list, shown, { ...names, now, showNumbers, olderThanMs });
    host.stdout.write(`${jsonText(document)}\n`);
  } else if (!list.known) {
    host.stdout.write(`${printable(node.name)}: calls unknown: ${printable(list.why, 500)}\n`);
  } else {
    const options = { node: node.name, now, showNumbers, width: host.stdout.columns ?? 80 };
    const table = callsTable(shown, options);
    const gap = table.length === 0 ? [] : [''];
    const lines = [...table, ...gap, ...callsNotes(list.value, shown.length, options)];
    for (const line of lines) host.stdout.write(`${line}\n`);
  }
  return list.known && list.value.unlisted === 0 ? EXIT.done : EXIT.unknown;
}
