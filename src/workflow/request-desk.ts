/**
 * What a person asks of a run under way, by a key or by a signal: one queue, one answer each, all of it in the journal, so
 * that a deadline that was extended stays extended after a resume.
 */
import { admit } from '../domain/requests.ts';
import type { RunRequest } from '../domain/policy.ts';
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
}

export function createRequestDesk({ recorder, abort, wake }: DeskOptions): RequestDesk {
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;
  /** A request is in the journal and its answer is not. */
  let unanswered = false;
  const settle = async (verdict: RequestAnswer): Promise<void> => {
    unanswered = true;
    await recorder.record({ type: 'request.settled', data: verdict });
    unanswered = false;
  };
  const answer = async (request: RunRequest, by: string): Promise<RequestAnswer> => {
    // Answers are told apart by their order: the next one would be taken for the answer to this one.
    if (unanswered) await settle({ accepted: false, why: 'its answer could not be recorded' });
    await recorder.record({ type: 'request.received', data: { request, by } });
    const verdict = admit(request, recorder.state);
    await settle(verdict);
    if (verdict.accepted) {
      if (request.kind === 'abort') abort();
      wake();
    }
    return verdict;
  };
  return {
    submit: (request, by) => {
      if (closed) return Promise.resolve({ accepted: false, why: 'the run has ended' });
      const answered = queue.then(() => answer(request, by));
      queue = answered.catch(() => undefined);
      return answered;
    },
    close: async () => {
      closed = true;
      await queue;
    },
  };
}
