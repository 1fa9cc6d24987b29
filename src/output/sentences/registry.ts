/** Every event in words, and nowhere else. A type without a sentence does not compile. */
import type { EventType, RunEvent } from '../../domain/run-events.ts';
import { batchSettled } from './batch-settled.ts';
import { batchStarted } from './batch-started.ts';
import { driftDetected } from './drift-detected.ts';
import { effectIntended } from './effect-intended.ts';
import { effectSettled } from './effect-settled.ts';
import { nodeBack } from './node-back.ts';
import { nodeForeseen } from './node-foreseen.ts';
import { preflightSettled } from './preflight-settled.ts';
import { requestReceived } from './request-received.ts';
import { requestSettled } from './request-settled.ts';
import { rescueSettled } from './rescue-settled.ts';
import { runResumed } from './run-resumed.ts';
import { runSettled } from './run-settled.ts';
import { runStarted } from './run-started.ts';
import type { Level, Sentence, SentenceContext } from './sentence.ts';
import { stepProgress } from './step-progress.ts';
import { stepResult } from './step-result.ts';
import { stepRetrying } from './step-retrying.ts';
import { stepSettled } from './step-settled.ts';
import { stepStarted } from './step-started.ts';
import { undoSettled } from './undo-settled.ts';
import { undoStarted } from './undo-started.ts';
import { warning } from './warning.ts';

export const SENTENCES: { readonly [T in EventType]: Sentence<T> } = {
  'run.started': runStarted,
  'run.resumed': runResumed,
  'batch.started': batchStarted,
  'batch.settled': batchSettled,
  'node.back': nodeBack,
  'node.foreseen': nodeForeseen,
  'preflight.settled': preflightSettled,
  'step.started': stepStarted,
  'step.progress': stepProgress,
  'step.retrying': stepRetrying,
  'step.settled': stepSettled,
  'step.result': stepResult,
  'rescue.settled': rescueSettled,
  'effect.intended': effectIntended,
  'effect.settled': effectSettled,
  'request.received': requestReceived,
  'request.settled': requestSettled,
  warning,
  'drift.detected': driftDetected,
  'undo.started': undoStarted,
  'undo.settled': undoSettled,
  'run.settled': runSettled,
};

export interface Said {
  readonly level: Level;
  /** One line, or several. */
  readonly text: string;
}

/**
 * An event in words; null where it is not worth a line, or is of a type that this version does not know.
 * @param context what the events before it have said: a SentenceMemory that has noted them
 */
export function sayEvent(event: RunEvent, context: SentenceContext): Said | null {
  if (!Object.hasOwn(SENTENCES, event.type)) return null;
  // The registry pairs each type with its sentence; TypeScript cannot follow that pairing through a union.
  const sentence = SENTENCES[event.type] as unknown as Sentence<EventType>;
  const text = sentence.say(event, context);
  return text === null ? null : { level: sentence.level(event, context), text };
}
