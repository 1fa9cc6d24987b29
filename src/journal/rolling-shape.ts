/** What the plan of a rolling run holds at least, and that it is about the nodes of that run. */
import type { RollingSettings } from '../domain/cluster.ts';
import type { AdmitLimits, RollingPlan, SkippedNode, Window } from '../domain/rolling/rolling-plan.ts';
import {
  type Check,
  having,
  isRecord,
  listOf,
  name,
  number,
  oneOf,
  only,
  orNull,
  record,
  text,
} from './shape-checks.ts';

/** Of ms since 1970: what is further away is no date. */
const LATEST = 8_640_000_000_000_000;

const amount = only((value) => typeof value === 'number' && Number.isFinite(value) && value >= 0);
const count = only((value) => Number.isSafeInteger(value) && Number(value) >= 0);
const instant = only((value) => number(value) === null && Math.abs(Number(value)) <= LATEST);

const rolling = having<RollingPlan>({
  batches: listOf(listOf(name)),
  canary: listOf(name),
  limits: having<AdmitLimits>({
    maxUnavailable: count,
    headroom: amount,
    dispatch: oneOf<RollingSettings['dispatch']>({ even: true, next: true }),
  }),
  pause: amount,
  maxFailures: count,
  window: orNull(having<Window>({ asked: text, until: instant, minDrain: amount })),
  done: listOf(name),
  skipped: listOf(having<SkippedNode>({ node: name, why: text })),
});

/** `rolling` of a plan whose own shape is right: there for a rolling run, and for no other. */
export const rollingOfPlan: Check = (plan) => {
  if (!isRecord(plan)) return record(plan);
  const value = plan['rolling'];
  if ((plan['kind'] === 'rolling') !== (value !== undefined)) return '.rolling';
  if (value === undefined) return null;
  const wrong = rolling(value);
  if (wrong !== null) return `.rolling${wrong}`;
  // Whom no batch has would never be begun, and of whom nothing is planned nothing can be done.
  const { batches } = value as unknown as RollingPlan;
  const nodes = plan['nodes'] as readonly { readonly node: string }[];
  const planned = new Set(nodes.map(({ node }) => node));
  const begun = batches.flat();
  const isSame =
    planned.size === nodes.length &&
    new Set(begun).size === begun.length &&
    begun.length === planned.size &&
    begun.every((one) => planned.has(one));
  return isSame ? null : '.rolling.batches';
};
