/** What the policy of a run says about its calls, in words. */
import { formatDuration } from '../domain/duration.ts';
import type { CutRules, Policy } from '../domain/policy.ts';
import { printable } from '../domain/text.ts';
import { counted } from './count-words.ts';

/** How long calls are waited for, and what comes then. */
export function deadlineWords(policy: Policy): string {
  if (policy.timeout === null) return 'without a deadline';
  const then = {
    restore: 'then it is given back as found',
    hold: 'then it stays out, not restarted',
    hangup: 'then the calls that are left are cut',
  }[policy.onTimeout];
  return `at most ${formatDuration(policy.timeout)}, ${then}`;
}

/** Which calls may be cut and which never, a line each; empty where none may be by this policy. */
export function cutWords(policy: Policy): readonly string[] {
  // Journals of earlier versions know of no cutting.
  const { threshold = 0, cutting, onTimeout, timeout } = policy as Partial<Policy>;
  if (cutting === undefined) return [];
  const { cause, protect, expendable } = cutting;
  const atDeadline = onTimeout === 'hangup' && timeout !== null;
  if (threshold === 0 && expendable.length === 0 && !atDeadline) return [];
  return [
    ...(threshold === 0
      ? []
      : [
          threshold === 1
            ? 'once 1 call is left, it is cut'
            : `once ${counted(threshold, 'call')} or fewer are left, they are cut`,
        ]),
    ...(expendable.length === 0
      ? []
      : [`calls to ${patterns(expendable)} are expendable: cut once no others are left, not counted`]),
    ...(protect.length === 0
      ? []
      : [`while a call to ${patterns(protect)} is up, none is cut${atDeadline ? waitWords(cutting) : ''}`]),
    `calls are cut with ${printable(cause)}`,
  ];
}

/** How calls that a person named are cut, and when they are not: `, with NORMAL_CLEARING, and none while …`. */
export function neverWords({ cutting: { cause, protect } }: Policy): string {
  const never = protect.length === 0 ? '' : `, and none while a call to ${patterns(protect)} is up`;
  return `, with ${printable(cause)}${never}`;
}

/** What is run on this machine once the node is out. */
export function onOutWords(command: string, policy: Policy | undefined): string {
  const { onOut = null } = (policy ?? {}) as Partial<Policy>;
  const limit = onOut === null ? '' : `, for at most ${formatDuration(onOut.timeout)}`;
  return `run on this machine${limit}: ${printable(command, 1000)} (should it fail, that is told and the drain goes on)`;
}

function waitWords({ protectTimeout }: CutRules): string {
  return protectTimeout === null
    ? ': after the deadline it is waited for without an end'
    : `: it is waited for up to ${formatDuration(protectTimeout)} after the deadline, then the node stays out`;
}

function patterns(all: readonly string[]): string {
  return all.map((pattern) => printable(pattern)).join(' or ');
}
