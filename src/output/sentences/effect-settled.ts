import { readFlags, type StateArgument } from '../../domain/dispatcher-state.ts';
import { roughDuration } from '../../domain/duration.ts';
import type { EffectKind } from '../../domain/effect.ts';
import type { EffectSettled, EventOf } from '../../domain/run-events.ts';
import { printable } from '../../domain/text.ts';
import { effectReading, effectTarget, placeText, shortUuid } from '../effect-words.ts';
import { argumentWords, flagsWords } from '../state-words.ts';
import { errorWords, type Level, type OpenIntent, type Sentence, subject } from './sentence.ts';

type SettledOf<K extends EffectKind> = Extract<EffectSettled, { effect: K }>;

export const effectSettled: Sentence<'effect.settled'> = {
  level: ({ data }) => levelOf(data),
  say: (event, context) => {
    const { data } = event;
    const before = context.intentOf(event, data);
    const error = data.error === undefined ? '' : `: ${errorWords(data.error, context)}`;
    return `${subject(event)}${words(event, before)}${error}`;
  },
};

function levelOf(data: EffectSettled): Level {
  if (data.error?.code === 'interrupted') return 'warning';
  if (data.outcome === 'failed' || data.outcome === 'unknown') return 'error';
  if (data.effect === 'node.mark') return 'detail';
  // What was open and stays open is worth no line.
  if (data.effect === 'node.pause' && data.outcome === 'already' && data.read !== true) return 'detail';
  return data.effect === 'node.restart' ? 'good' : 'info';
}

function words(event: EventOf<'effect.settled'>, before: OpenIntent | undefined): string {
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
      return `${wanted} ${on} (${place}${was}${isNow})`;
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
      return data.read === null ? 'mark of the run removed' : `marked as held by ${mark}`;
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

/** Effects of a later version. */
function otherWords(data: EffectSettled): string {
  return `${effectTarget(data)}: ${printable(data.outcome)}`;
}
