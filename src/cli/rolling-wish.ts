/** What the words of `fsha rolling` ask for: which nodes, and how they follow each other. */
import type { Cluster, RollingSettings } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import type { Window } from '../domain/rolling/rolling-plan.ts';
import type { RollingWish } from '../domain/rolling/batches.ts';
import { type Call, listOption, textOption } from './command.ts';
import { duration, nodeNamed } from './node-policy.ts';
import { readUntil } from './until.ts';

/** How much of a window has to be left for a node to be begun, where nobody says: ms. */
export const MIN_DRAIN = 15 * 60_000;

/** @throws FshaError `usage` for words that mean nothing here, and where no node is asked for */
export function rollingWishOf(call: Call, cluster: Cluster): RollingWish {
  return {
    nodes: nodesOf(call, cluster),
    settings: settingsOf(call, cluster.rolling),
    skipUnreachable: call.options['skipUnreachable'] === true,
  };
}

/** A window as it is asked for; null: until whenever. */
export type WindowWish = (Omit<Window, 'minDrain'> & { readonly minDrain: number | null }) | null;

/** @throws FshaError `usage` */
export async function windowOf(call: Call): Promise<Window | null> {
  const wish = (await windowWishOf(call)) ?? null;
  return wish === null ? null : { ...wish, minDrain: wish.minDrain ?? MIN_DRAIN };
}

/**
 * @returns undefined where nothing is said of a window
 * @throws FshaError `usage`
 */
export async function windowWishOf(call: Call): Promise<WindowWish | undefined> {
  const until = textOption(call, 'until');
  const minDrain = textOption(call, 'minDrain');
  if (until === undefined || until === 'none') {
    if (minDrain === undefined) return until === undefined ? undefined : null;
    throw new FshaError(
      'usage',
      '--min-drain says how much has to be left of a window',
      'Name its end with --until.',
    );
  }
  return {
    asked: until.trim(),
    until: await readUntil(until, call.host.clock.wall()),
    minDrain: minDrain === undefined ? null : duration('--min-drain', minDrain),
  };
}

function nodesOf(call: Call, cluster: Cluster): readonly string[] {
  const selectors = listOption(call, 'select').map(selector);
  const all = call.options['all'] === true;
  const ways = [call.args.length > 0, all, selectors.length > 0].filter(Boolean).length;
  if (ways !== 1)
    throw new FshaError(
      'usage',
      ways === 0 ? 'no node was named' : 'nodes are named in more than one way',
      'Name nodes, or --all, or --select role=edge.',
    );
  const named = new Set(call.args.map((name) => nodeNamed(cluster, name).name));
  const nodes = cluster.nodes.filter(
    ({ name, labels }) =>
      all ||
      named.has(name) ||
      (selectors.length > 0 && selectors.every(([key, value]) => labels[key] === value)),
  );
  if (nodes.length > 0) return nodes.map(({ name }) => name);
  throw new FshaError(
    'usage',
    all ? 'the inventory has no node' : `no node has ${listOption(call, 'select').join(' and ')}`,
    `Look at the labels in ${cluster.source.path}.`,
  );
}

function selector(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1)
    throw new FshaError('usage', `--select ${text} is not a label`, 'Write it as role=edge.');
  return [text.slice(0, at), text.slice(at + 1)];
}

function settingsOf(call: Call, settings: RollingSettings): RollingSettings {
  const pause = textOption(call, 'pause');
  return {
    maxUnavailable: countOrPercentage(textOption(call, 'maxUnavailable')) ?? settings.maxUnavailable,
    maxFailures: count('--max-failures', textOption(call, 'maxFailures')) ?? settings.maxFailures,
    canary: count('--canary', textOption(call, 'canary')) ?? settings.canary,
    pause: pause === undefined ? settings.pause : duration('--pause', pause),
    headroom: percentage(textOption(call, 'headroom')) ?? settings.headroom,
    order: order(textOption(call, 'order')) ?? settings.order,
    dispatch: settings.dispatch,
  };
}

function count(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new FshaError(
    'usage',
    `${flag} ${text} is not a number of nodes`,
    'Write a whole number, 0 for none.',
  );
}

function countOrPercentage(text: string | undefined): RollingSettings['maxUnavailable'] | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,6})(%?)$/.exec(text);
  const value = Number(match?.[1] ?? 0);
  if (value < 1 || (match?.[2] === '%' && value > 100))
    throw new FshaError(
      'usage',
      `--max-unavailable ${text} is not a number of nodes`,
      'Write a whole number from 1, or a percentage such as 25%.',
    );
  return match?.[2] === '%' ? `${value}%` : value;
}

function percentage(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,2})%$/.exec(text);
  if (match?.[1] !== undefined) return Number(match[1]) / 100;
  throw new FshaError('usage', `--headroom ${text} is not a share`, 'Write it from 0% to 99%.');
}

function order(text: string | undefined): RollingSettings['order'] | undefined {
  if (text === undefined || text === 'inventory' || text === 'sessions') return text;
  throw new FshaError('usage', `--order ${text} is not a choice`, 'It is one of inventory, sessions.');
}
