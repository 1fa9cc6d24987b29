/** On which nodes a playbook is carried out: those that the command line names, else those that the playbook does. */
import type { Cluster, Node } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { type NodeSelection, type Playbook, positionText } from '../domain/playbook/playbook.ts';
import { type Call, listOption } from './command.ts';
import { nodeNamed } from './node-policy.ts';

/** In the order of the inventory. @throws FshaError `usage` where none is meant */
export function playbookNodes(call: Call, cluster: Cluster, { nodes, name }: Playbook): readonly Node[] {
  const named = call.args.slice(1).map((one) => nodeNamed(cluster, one).name);
  const selectors = listOption(call, 'select');
  if (named.length > 0 && selectors.length > 0)
    throw new FshaError('usage', 'nodes are named in more than one way', 'Name them, or --select role=edge.');
  if (named.length > 0) return cluster.nodes.filter((node) => named.includes(node.name));
  if (selectors.length > 0) return labelled(cluster, selectors, '--select');
  if (nodes === undefined)
    throw new FshaError(
      'usage',
      `the playbook ${name} names no nodes`,
      'Name them behind it, or --select role=edge.',
    );
  return selected(cluster, nodes);
}

function selected(cluster: Cluster, selection: NodeSelection): readonly Node[] {
  if (selection.by === 'all') return cluster.nodes;
  if (selection.by === 'any') return cluster.nodes.slice(0, 1);
  if (selection.by === 'labels') return labelled(cluster, selection.labels, positionText(selection.at));
  const wanted = selection.names.map(({ text, at }) => {
    if (cluster.nodes.some((node) => node.name === text)) return text;
    throw new FshaError('usage', `${positionText(at)}: there is no node ${text} in ${cluster.source.path}`);
  });
  return cluster.nodes.filter(({ name }) => wanted.includes(name));
}

function labelled(cluster: Cluster, labels: readonly string[], where: string): readonly Node[] {
  const pairs = labels.map((label): readonly [string, string] => {
    const at = label.indexOf('=');
    if (at < 1 || at === label.length - 1)
      throw new FshaError('usage', `${where}: ${label} is not a label`, 'Write it as role=edge.');
    return [label.slice(0, at), label.slice(at + 1)];
  });
  const nodes = cluster.nodes.filter((node) => pairs.every(([key, value]) => node.labels[key] === value));
  if (nodes.length > 0) return nodes;
  throw new FshaError(
    'usage',
    `${where}: no node has ${labels.join(' and ')}`,
    `Look at the labels in ${cluster.source.path}.`,
  );
}
