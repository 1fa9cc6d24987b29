/**
 * What a person asks of a run under way, by a key or by a signal: one queue, one answer each, all of it in the journal, so
 * that a deadline that was extended stays extended after a resume.
 */
import { admit } from '../domain/requests.ts';
import type { RunRequest } from '../domain/policy.ts';
import type { WindowEnds } from '../domain/rolling/window.ts';
import type { Recorder } from './recorder.ts';

export interface RequestAnswer {
  readonly accepted: boolean;
  /** Why not. */
  readonly why?: string;
}

export interface RequestDesk {
  /**
   * Hands in a request. It is answered as soon as those before it are; what was accepted is carried out by the steps.
   * @param by who or what asks: `key e`, `SIGINT`
   * @throws FshaError `journal` where it could not be recorded; nothing came of it then
   */
  submit(request: RunRequest, by: string): Promise<RequestAnswer>;
  /** Answers what was handed in before, and nothing more. */
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly recorder: Recorder;
  /** Ends the run and undoes what was done; the run's own signal fires. */
  readonly abort: () => void;
  /** Lets the steps look at once. */
  readonly wake: () => void;
  /** When the run's window ends each wait; null: it has none. */
  readonly window: () => WindowEnds | null;
}

export function createRequestDesk({ recorder, abort, wake, window }: DeskOptions): RequestDesk {
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;
  /** In one turn of the recorder: it is judged by the very state into which its answer is folded. */
  const record = (request: RunRequest, by: string): Promise<RequestAnswer> =>
    recorder.inTurn(async (write) => {
      const settle = (data: RequestAnswer): Promise<void> => write({ type: 'request.settled', data });
      // Answers are told apart by their order: the next one would be taken for the answer to this one.
      if (recorder.state.openRequests.length > 0)
        await settle({ accepted: false, why: 'its answer could not be recorded' });
      await write({ type: 'request.received', data: { request, by } });
      const verdict = admit(request, recorder.state, window());
      await settle(verdict);
      return verdict;
    });
  const answer = async (request: RunRequest, by: string): Promise<RequestAnswer> => {
    const verdict = await record(request, by);
    if (verdict.accepted) {
      if (request.kind === 'abort') abort();
      wake();
    }
    return verdict;
  };
  return {
    submit: (request, by) => {
      if (closed) return Promise.resolve({ accepted: false, why: 'the run has ended' });
      // Handed to the recorder at once: what a signal stops by itself is recorded behind it.
      const answered = answer(request, by);
      // The recorder keeps their order: behind the last one, all are answered.
      queue = answered.catch(() => undefined);
      return answered;
    },
    close: async () => {
      closed = true;
      await queue;
    },
  };
}
