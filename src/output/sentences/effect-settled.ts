import { readFlags, type StateArgument } from '../../domain/dispatcher-state.ts';
import { roughDuration } from '../../domain/duration.ts';
import type { EffectKind } from '../../domain/effect.ts';
import { readMark } from '../../domain/mark.ts';
import type { EffectSettled, EventOf } from '../../domain/run-events.ts';
import { printable } from '../../domain/text.ts';
import { callWords } from '../call-words.ts';
import { effectReading, effectTarget, placeText, shortUuid } from '../effect-words.ts';
import { argumentWords, flagsWords } from '../state-words.ts';
import {
  errorWords,
  type Level,
  type OpenIntent,
  type Sentence,
  type SentenceContext,
  subject,
} from './sentence.ts';

type SettledOf<K extends EffectKind> = Extract<EffectSettled, { effect: K }>;

export const effectSettled: Sentence<'effect.settled'> = {
  level: levelOf,
  say: (event, context) => {
    const { data } = event;
    const before = context.intentOf(event, data);
    const error = data.error === undefined ? '' : `: ${errorWords(data.error, context)}`;
    return `${subject(event)}${words(event, before, context)}${error}`;
  },
};

function levelOf(event: EventOf<'effect.settled'>, context: SentenceContext): Level {
  const { data } = event;
  if (data.error?.code === 'interrupted') return 'warning';
  // Whatever it was to do: the node is out, and the drain goes on.
  if (data.effect === 'hook.on_out') return data.outcome === 'done' ? 'info' : 'warning';
  if (data.outcome === 'failed' || data.outcome === 'unknown') return 'error';
  // Its step says the same.
  if (data.effect === 'node.mark' || data.effect === 'action.run') return 'detail';
  // What was open and stays open is worth no line.
  if (data.effect === 'node.pause' && data.outcome === 'already' && data.read !== true) return 'detail';
  // One line a call: its further legs go with the first one.
  if (data.effect === 'call.hangup' && isCutAlready(event, context)) return 'detail';
  return data.effect === 'node.restart' ? 'good' : 'info';
}

function words(
  event: EventOf<'effect.settled'>,
  before: OpenIntent | undefined,
  context: SentenceContext,
): string {
  const { data } = event;
  switch (data.effect) {
    case 'dispatcher.state':
      return stateWords(data, before);
    case 'node.pause':
      return pauseWords(data, before);
    case 'node.mark':
      return markWords(data);
    case 'node.restart':
      return restartWords(data, before, event.mono);
    case 'call.hangup':
      return hangUpWords(data, before, event.at, isCutAlready(event, context));
    case 'hook.on_out':
      return hookWords(data, before, context.verbose);
    case 'action.run':
      return actionWords(data);
    default:
      return otherWords(data);
  }
}

function stateWords(data: SettledOf<'dispatcher.state'>, before: OpenIntent | undefined): string {
  const on = `on ${printable(data.target.proxy)}`;
  const place = placeText(data.target);
  const read = effectReading(data.effect, data.read);
  const intent = before?.intent.effect === 'dispatcher.state' ? before.intent : undefined;
  const wanted = wantedState(intent?.wanted, data.read);
  const was = intent === undefined ? '' : ` was ${printable(intent.found, 20)}`;
  switch (data.outcome) {
    case 'done': {
      const isNow =
        data.read !== null && readFlags(data.read)?.state === 'disabled' ? '' : `, is ${read} now`;
      // A ping may have brought it further by the time it was read back.
      const isFurther = !wanted.startsWith(readFlags(data.read ?? '')?.state ?? wanted);
      return `${isFurther ? 'set to ' : ''}${wanted} ${on} (${place}${was}${isNow})`;
    }
    case 'already':
      return `already ${wanted} ${on} (${place} is ${read})`;
    case 'failed':
      return `not ${wanted} ${on} (${place} is ${read})`;
    case 'unknown':
      return `unknown whether ${wanted} ${on} (${place}${was})`;
  }
}

function wantedState(wanted: StateArgument | undefined, read: string | null): string {
  if (wanted !== undefined) return argumentWords(wanted);
  return read === null ? 'set' : flagsWords(read);
}

function pauseWords(data: SettledOf<'node.pause'>, before: OpenIntent | undefined): string {
  const intent = before?.intent.effect === 'node.pause' ? before.intent : undefined;
  const paused = intent?.wanted ?? data.read ?? true;
  switch (data.outcome) {
    case 'done':
      return paused ? 'inbound side paused: new requests get 503 from it' : 'inbound side resumed';
    case 'already':
      return paused ? 'inbound side is paused already' : 'inbound side is not paused';
    case 'failed':
      return paused ? 'inbound side not paused' : 'inbound side not resumed';
    case 'unknown':
      return `unknown whether its inbound side is ${paused ? 'paused' : 'resumed'}`;
  }
}

function markWords(data: SettledOf<'node.mark'>): string {
  const mark = effectReading(data.effect, data.read);
  switch (data.outcome) {
    case 'done':
    case 'already':
      if (data.read === null) return 'mark of the run removed';
      return readMark(data.read)?.ended === true
        ? `marked as left out by ${mark}, which has ended`
        : `marked as held by ${mark}`;
    case 'failed':
      return 'mark of the run not set or removed';
    case 'unknown':
      return 'unknown whether the mark of the run was set or removed';
  }
}

function restartWords(data: SettledOf<'node.restart'>, before: OpenIntent | undefined, now: number): string {
  const was = before?.intent.effect === 'node.restart' ? `, was ${shortUuid(before.intent.found)}` : '';
  const after = before === undefined ? '' : ` after ${roughDuration(now - before.mono)}`;
  switch (data.outcome) {
    case 'done':
    case 'already':
      return `new core_uuid ${effectReading(data.effect, data.read)}${after}${was}`;
    case 'failed':
      return `restart failed${after}`;
    case 'unknown':
      return `unknown whether it was restarted${after}`;
  }
}

function isCutAlready(event: EventOf<'effect.settled'>, context: SentenceContext): boolean {
  const intent = context.intentOf(event, event.data)?.intent;
  return intent?.effect === 'call.hangup' && context.cutCalls.hasCut(event.node, intent.wanted);
}

function hangUpWords(
  data: SettledOf<'call.hangup'>,
  before: OpenIntent | undefined,
  at: string,
  further: boolean,
): string {
  const intent = before?.intent.effect === 'call.hangup' ? before.intent : undefined;
  const kind = intent?.wanted.expendable === true ? 'expendable call' : 'call';
  const which = intent === undefined ? effectTarget(data) : `${kind} ${callWords(intent.wanted, at)}`;
  const leg = further ? 'a further leg of the ' : '';
  switch (data.outcome) {
    case 'done':
      return `cut ${further ? leg : 'the '}${which}`;
    case 'already':
      return further ? `${leg}${which} is gone with it` : `not cut, ended by itself: the ${which}`;
    case 'failed':
      return `not cut: ${further ? leg : 'the '}${which}`;
    case 'unknown':
      return `unknown whether cut: ${further ? leg : 'the '}${which}`;
  }
}

function hookWords(data: SettledOf<'hook.on_out'>, before: OpenIntent | undefined, verbose: boolean): string {
  const command = before?.intent.effect === 'hook.on_out' ? `: ${printable(before.intent.wanted, 1000)}` : '';
  const output =
    verbose && data.read !== null && data.read.output !== ''
      ? `\n  it said: ${printable(data.read.output, 2000)}`
      : '';
  switch (data.outcome) {
    case 'done':
    case 'already':
      return `ran on this machine (${effectReading(data.effect, data.read, false)})${command}${output}`;
    case 'failed':
      return `command on this machine failed (${effectReading(data.effect, data.read, false)})`;
    case 'unknown':
      return 'unknown what the command on this machine did';
  }
}

function actionWords(data: SettledOf<'action.run'>): string {
  const said = data.read === null ? '' : ` (${effectReading(data.effect, data.read)})`;
  const what = effectTarget(data);
  return data.outcome === 'unknown' ? `unknown what ${what} did` : `${what}: ${data.outcome}${said}`;
}

/** Effects of a later version. */
function otherWords(data: EffectSettled): string {
  return `${effectTarget(data)}: ${printable(data.outcome)}`;
}
