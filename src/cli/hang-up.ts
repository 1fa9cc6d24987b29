/** Cutting calls that a person named: looked at, listed, asked for, and then a run of its own. */
import { ageOf, listedCalls, olderThan } from '../domain/call-list.ts';
import type { Node } from '../domain/cluster.ts';
import { callNamed, callsOf, judgeCut, type LiveCall } from '../domain/cutting.ts';
import { formatDuration } from '../domain/duration.ts';
import { FshaError } from '../domain/errors.ts';
import type { ExitCode } from '../domain/exit-codes.ts';
import { planHangUp } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { printable } from '../domain/text.ts';
import { ageText, callsTable } from '../output/calls-table.ts';
import { counted } from '../output/count-words.ts';
import { confirm } from './ask.ts';
import { argument, type Call, callText } from './command.ts';
import { inventoryOf } from './inventory-of.ts';
import { callsOfNode, onlyNode } from './look-at-node.ts';
import { nodeNamed, policyOf } from './node-policy.ts';
import { carry } from './run-command.ts';

export type HangUpWish =
  | { readonly kind: 'named'; readonly uuids: readonly string[] }
  | { readonly kind: 'older'; readonly ms: number };

/**
 * Cuts the calls that are meant, and no others. They are made a list before anything is asked or begun: a call that grows
 * old enough meanwhile is not cut.
 * @throws FshaError `refused` without full sight, while a protected call is up, for what is no call of the node, and
 *   without an answer to the question
 */
export async function hangUpCalls(call: Call, wish: HangUpWish): Promise<ExitCode> {
  const { host, globals } = call;
  const cluster = await inventoryOf(call);
  const node = nodeNamed(cluster, argument(call, 0));
  const policy = policyOf(cluster, call);
  const live = await callsOfNode(call, cluster, node);
  const now = host.clock.wall();
  const verdict = judgeCut(live, policy.cutting, Number.POSITIVE_INFINITY);
  const list = `${callText(call)} calls ${node.name}`;
  if (verdict.kind === 'blind') throw refusal(node, verdict.why, `See what is known: ${list}`);
  const up = live.known && verdict.kind !== 'nothing' ? callsOf(live.value, policy.cutting) : [];
  const meant = wish.kind === 'named' ? named(node, up, wish.uuids, list) : olderThan(up, wish.ms, now);
  const say = (line: string): void => {
    if (!globals.json) host.stdout.write(`${line}\n`);
  };
  if (wish.kind === 'named') for (const line of legNotes(up, wish.uuids)) say(line);
  const options = { node: node.name, now, showNumbers: policy.showNumbers, width: host.stdout.columns ?? 80 };
  for (const line of callsTable(meant, options)) say(line);
  if (meant.length > 0) {
    if (verdict.kind === 'protected') throw refusal(node, verdict.why, 'Wait until it has ended.');
    if (!globals.dryRun) await confirm(call, question(node, meant, policy, now));
  }
  const plan = planHangUp(
    node.name,
    meant.map(({ id }) => id),
  );
  // A person cuts a call while a drain waits for it: that is what it is for.
  const run = { plan, policy, command: commandText(node, wish), beside: true };
  return carry(call, onlyNode(cluster, node), run);
}

function refusal(node: Node, why: string, hint: string): FshaError {
  return new FshaError('refused', `no call of ${node.name} is cut: ${why}`, hint);
}

/** Each once, oldest first. */
function named(
  node: Node,
  up: readonly LiveCall[],
  uuids: readonly string[],
  list: string,
): readonly LiveCall[] {
  const strangers = uuids.filter((uuid) => callNamed(up, uuid) === undefined);
  if (strangers.length > 0) {
    const which = [...new Set(strangers)].map((uuid) => printable(uuid, 80)).join(', ');
    throw refusal(node, `it has no call ${which}`, `Perhaps it has ended. Those that are up: ${list}`);
  }
  return up.filter((one) => uuids.some((uuid) => callNamed(up, uuid) === one));
}

function legNotes(up: readonly LiveCall[], uuids: readonly string[]): readonly string[] {
  return [...new Set(uuids)].flatMap((uuid) => {
    const whole = callNamed(up, uuid);
    return whole === undefined || whole.id === uuid
      ? []
      : [`${printable(uuid, 80)} is a leg of the call ${printable(whole.id, 80)}, which goes as a whole`];
  });
}

function question(node: Node, meant: readonly LiveCall[], { showNumbers }: Policy, now: Date): string {
  const [oldest] = listedCalls(meant, showNumbers);
  const age = oldest === undefined ? null : ageOf(oldest, now);
  const since = age === null ? '' : `, ${meant.length === 1 ? '' : 'the oldest '}up for ${ageText(age)}`;
  return `hang up ${counted(meant.length, 'call')} of ${node.name}${since}`;
}

function commandText(node: Node, wish: HangUpWish): string {
  const flags =
    wish.kind === 'older'
      ? `--hangup --older-than ${formatDuration(wish.ms)}`
      : wish.uuids.map((uuid) => `--hangup ${printable(uuid, 80)}`).join(' ');
  return `calls ${node.name} ${flags}`;
}
