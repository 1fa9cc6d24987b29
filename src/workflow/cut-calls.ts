/** Cutting calls: call by call, oldest first, only in full sight of them all, and never while a protected one is up. */
import { callsOf, type CutVerdict, hangUpOf, judgeCut, type LiveCall } from '../domain/cutting.ts';
import { FshaError } from '../domain/errors.ts';
import { known } from '../domain/observation.ts';
import { doEffect, type StepContext } from './step.ts';
import { nodePort } from './world.ts';

/** After so many calls it is judged anew: one may have been transferred to a protected number meanwhile. */
const BATCH = 10;
/** A call that took longer to cut than this, ms: the connection may have been gone, and with it what it would have told. */
const SLOW = 1_000;
/** So many judgements in a row may be out of date before one call was cut. */
const IN_VAIN = 5;

export type CutAttempt =
  | { readonly kind: 'cut'; readonly calls: number }
  | { readonly kind: 'nothing' }
  /** `calls`: so many were cut before it was refused to go on. */
  | {
      readonly kind: 'refused';
      readonly by: 'sight' | 'protected' | 'count';
      readonly why: string;
      readonly calls: number;
    };

/**
 * Cuts every call that is up, or every one that is meant, if that is allowed. A channel that begins meanwhile may be a
 * protected call: then it is judged anew before the next call.
 * @param atMost so many ordinary calls may be cut; Infinity for all
 * @param isMeant for which calls; all that are up are judged, whichever are meant
 * @throws FshaError `interrupted`, `journal`
 */
export async function cutCalls(
  context: StepContext,
  atMost: number,
  isMeant: (call: LiveCall) => boolean = () => true,
): Promise<CutAttempt> {
  const news = { heard: false };
  const unsubscribe = nodePort(context.world, context.node.name).onActivity(({ kind }) => {
    if (kind === 'created') news.heard = true;
  });
  try {
    return await cutAll(context, atMost, isMeant, news);
  } finally {
    unsubscribe();
  }
}

/** @param news whether a channel has begun since it was set to false */
async function cutAll(
  context: StepContext,
  atMost: number,
  isMeant: (call: LiveCall) => boolean,
  news: { heard: boolean },
): Promise<CutAttempt> {
  /** Calls that could not be cut once. */
  const stuck = new Set<string>();
  let calls = 0;
  let inVain = 0;
  for (;;) {
    news.heard = false;
    const { verdict, up } = await judge(context, atMost - calls);
    // None of those that are meant is left: what else is up, a protected call too, is no matter any more.
    if (verdict.kind === 'nothing' || (verdict.kind !== 'blind' && up?.some(isMeant) === false))
      return calls === 0 ? { kind: 'nothing' } : { kind: 'cut', calls };
    if (verdict.kind !== 'cut') {
      const by = { blind: 'sight', protected: 'protected', 'too many': 'count' } as const;
      return { kind: 'refused', by: by[verdict.kind], why: verdict.why, calls };
    }
    const cut = await cutSome(context, verdict.calls.filter(isMeant), stuck, news);
    calls += cut.ordinary;
    inVain = cut.tried === 0 ? inVain + 1 : 0;
    const why = cut.isStuck
      ? 'FreeSWITCH does not hang up what it was told to'
      : inVain >= IN_VAIN
        ? 'calls come in faster than they can be looked at'
        : null;
    if (why !== null) return { kind: 'refused', by: 'sight', why, calls };
  }
}

interface CutSome {
  readonly tried: number;
  /** So many of those that were cut count. */
  readonly ordinary: number;
  /** One failed for the second time. */
  readonly isStuck: boolean;
}

/** Cuts calls for as long as the judgement of them may hold. What failed once is tried last. */
async function cutSome(
  context: StepContext,
  calls: readonly LiveCall[],
  stuck: Set<string>,
  news: { readonly heard: boolean },
): Promise<CutSome> {
  const { clock } = context.world;
  const inOrder = [...calls.filter(({ id }) => !stuck.has(id)), ...calls.filter(({ id }) => stuck.has(id))];
  let tried = 0;
  let ordinary = 0;
  for (const call of inOrder.slice(0, BATCH)) {
    if (news.heard) break;
    tried += 1;
    const began = clock.now();
    if (!(await cutCall(context, call))) {
      const isStuck = stuck.has(call.id);
      stuck.add(call.id);
      return { tried, ordinary, isStuck };
    }
    if (call.kind === 'ordinary') ordinary += 1;
    if (clock.now() - began > SLOW) break;
  }
  return { tried, ordinary, isStuck: false };
}

interface Judgement {
  readonly verdict: CutVerdict;
  /** Every call that is up; null where that was not looked at to the end. */
  readonly up: readonly LiveCall[] | null;
}

async function judge(context: StepContext, atMost: number): Promise<Judgement> {
  const { world, watcher, node, signal } = context;
  const port = nodePort(world, node.name);
  const { cutting } = context.policy();
  // Rows first, which costs one question; one more for each channel only where they may allow it.
  const rows = await port.channels(signal);
  const rough = rows.known ? known({ channels: rows.value, ghosts: 0, sessions: rows.value.length }) : rows;
  const verdict = judgeCut(rough, cutting, atMost);
  if (verdict.kind === 'blind') return { verdict, up: null };
  if (verdict.kind === 'too many' && rows.known) {
    // Rows of calls that are gone count here: so many fewer may be up.
    const sessions = watcher.latest().nodes[node.name]?.sessions;
    const ghosts = sessions?.known === true ? Math.max(0, rows.value.length - sessions.value) : 0;
    if (verdict.ordinary - ghosts > atMost) return { verdict, up: null };
  }
  const live = await port.liveCalls(signal);
  return {
    verdict: judgeCut(live, cutting, atMost),
    up: live.known ? callsOf(live.value, cutting) : null,
  };
}

/** @returns whether the call is gone */
async function cutCall(context: StepContext, call: LiveCall): Promise<boolean> {
  const { node, signal } = context;
  for (const leg of call.legs) {
    const target = { node: node.name, uuid: leg.uuid };
    try {
      await doEffect(context, {
        effect: 'call.hangup',
        target,
        wanted: hangUpOf(call, leg, context.policy()),
      });
    } catch (error) {
      // What became of it is recorded; the next judgement sees whether it is still there.
      if (!(error instanceof FshaError) || error.code === 'journal' || signal.aborted) throw error;
      return false;
    }
  }
  return true;
}
