/** Flags over the inventory's settings: what the user wants of this run. */
import type { Cluster, Node, OnTimeout } from '../domain/cluster.ts';
import { parseDuration } from '../domain/duration.ts';
import { FshaError } from '../domain/errors.ts';
import type { Policy } from '../domain/policy.ts';
import { CHECK_NAMES, FORCEABLE } from '../domain/preflight/checks.ts';
import { printable } from '../domain/text.ts';
import { type Call, listOption, textOption } from './command.ts';

/** @throws FshaError `usage` for a flag that means nothing here */
export function policyOf(cluster: Cluster, call: Call): Policy {
  const { drain, verify } = cluster;
  const timeout = textOption(call, 'timeout');
  const poll = textOption(call, 'poll');
  const settle = textOption(call, 'settle');
  return {
    timeout:
      timeout === undefined ? drain.timeout : timeout === 'none' ? null : duration('--timeout', timeout),
    poll: poll === undefined ? drain.poll : Math.max(100, duration('--poll', poll)),
    settle: settle === undefined ? drain.settle : duration('--settle', settle),
    onTimeout: onTimeout(textOption(call, 'onTimeout') ?? drain.onTimeout),
    threshold: threshold(textOption(call, 'threshold')) ?? drain.threshold,
    cutting: {
      cause: drain.hangupCause,
      protect: drain.protect,
      protectTimeout: drain.protectTimeout,
      expendable: drain.expendable,
    },
    onOut: drain.onOut ?? null,
    fence: drain.fence,
    restart: call.options['restart'] !== false,
    hold: call.options['hold'] === true,
    ignoreProxies: ignoredProxies(cluster, call),
    force: forcedChecks(call),
    foundDisabled: foundDisabled(textOption(call, 'then')),
    minSoak: verify.minSoak,
    showNumbers: call.options['showNumbers'] === true,
  };
}

/** What `--force` overrules. @throws FshaError `usage` for what is no check, or cannot be forced */
export function forcedChecks(call: Call): readonly string[] {
  return listOption(call, 'force').map(checkName);
}

/** Milliseconds of a duration that was given with a flag. @throws FshaError `usage` */
export function duration(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new FshaError(
      'usage',
      `${flag} ${text} is not a duration`,
      'Write it with units, the largest first: 90s, 1h30m.',
    );
  return ms;
}

function threshold(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new FshaError(
    'usage',
    `--threshold ${text} is not a number of calls`,
    'Write a whole number, 0 for none.',
  );
}

function onTimeout(text: string): OnTimeout {
  if (text !== 'restore' && text !== 'hold' && text !== 'hangup') {
    throw new FshaError(
      'usage',
      `--on-timeout ${text} is not a choice`,
      'It is one of restore, hold, hangup.',
    );
  }
  return text;
}

function foundDisabled(text: string | undefined): Policy['foundDisabled'] {
  if (text === undefined || text === 'activate' || text === 'leave') return text ?? null;
  throw new FshaError('usage', `--then ${text} is not a choice`, 'It is one of activate, leave.');
}

/** What `--ignore-proxy` names. @throws FshaError `usage` for what is no proxy of the inventory */
export function ignoredProxies(cluster: Cluster, call: Call): readonly string[] {
  return listOption(call, 'ignoreProxy').map((name) => proxyName(cluster, name));
}

/** Why, as a person said it; null: nobody did. */
export function reasonOf(call: Call): string | null {
  const reason = textOption(call, 'reason');
  return reason === undefined ? null : printable(reason, 500);
}

function proxyName(cluster: Cluster, name: string): string {
  if (cluster.proxies.some((proxy) => proxy.name === name)) return name;
  throw new FshaError(
    'usage',
    `--ignore-proxy ${name}: there is no such proxy in the inventory`,
    `It has ${cluster.proxies.map((proxy) => proxy.name).join(', ')}.`,
  );
}

function checkName(name: string): string {
  if (FORCEABLE.includes(name)) return name;
  if (CHECK_NAMES.includes(name))
    throw new FshaError(
      'usage',
      `--force ${name}: that check cannot be forced`,
      'What it finds has to be mended.',
    );
  throw new FshaError(
    'usage',
    `--force ${name}: there is no such check`,
    `These can be forced: ${FORCEABLE.join(', ')}.`,
  );
}

/** The node of that name. @throws FshaError `usage` that names those there are */
export function nodeNamed(cluster: Cluster, name: string): Node {
  const node = cluster.nodes.find((one) => one.name === name);
  if (node !== undefined) return node;
  const names = cluster.nodes.map((one) => one.name);
  const shown =
    names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ');
  throw new FshaError('usage', `there is no node ${name} in ${cluster.source.path}`, `It has ${shown}.`);
}
