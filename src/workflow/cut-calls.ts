/** Cutting calls: call by call, oldest first, only in full sight of them all, and never while a protected one is up. */
import { hangUpOf, judgeCut, type LiveCall } from '../domain/cutting.ts';
import { FshaError } from '../domain/errors.ts';
import { known } from '../domain/observation.ts';
import { doEffect, type StepContext } from './step.ts';
import { nodePort } from './world.ts';

/** After so many calls it is judged anew: one may have been transferred to a protected number meanwhile. */
const BATCH = 10;

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
 * Cuts every call that is up, if that is allowed.
 * @param atMost so many ordinary calls may be cut; Infinity for all
 * @throws FshaError `interrupted`, `journal`
 */
export async function cutCalls(context: StepContext, atMost: number): Promise<CutAttempt> {
  let calls = 0;
  for (;;) {
    const verdict = await judge(context, atMost - calls);
    if (verdict.kind === 'nothing') return calls === 0 ? verdict : { kind: 'cut', calls };
    if (verdict.kind !== 'cut') {
      const by = { blind: 'sight', protected: 'protected', 'too many': 'count' } as const;
      return { kind: 'refused', by: by[verdict.kind], why: verdict.why, calls };
    }
    let gone = 0;
    for (const call of verdict.calls.slice(0, BATCH)) {
      if (!(await cutCall(context, call))) continue;
      gone += 1;
      if (call.kind === 'ordinary') calls += 1;
    }
    if (gone === 0)
      return { kind: 'refused', by: 'sight', why: 'FreeSWITCH does not hang up what it was told to', calls };
  }
}

async function judge(context: StepContext, atMost: number): Promise<ReturnType<typeof judgeCut>> {
  const { world, watcher, node, signal } = context;
  const port = nodePort(world, node.name);
  const { cutting } = context.policy();
  // Rows first, which costs one question; one more for each channel only where they may allow it.
  const rows = await port.channels(signal);
  const rough = rows.known ? known({ channels: rows.value, ghosts: 0, sessions: rows.value.length }) : rows;
  const verdict = judgeCut(rough, cutting, atMost);
  if (verdict.kind === 'blind') return verdict;
  if (verdict.kind === 'too many' && rows.known) {
    // Rows of calls that are gone count here: so many fewer may be up.
    const sessions = watcher.latest().nodes[node.name]?.sessions;
    const ghosts = sessions?.known === true ? Math.max(0, rows.value.length - sessions.value) : 0;
    if (verdict.ordinary - ghosts > atMost) return verdict;
  }
  return judgeCut(await port.liveCalls(signal), cutting, atMost);
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
