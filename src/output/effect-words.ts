/** Effects in words: what is to be done, and what was found and read. */
import type { Effect, EffectKind, EffectKinds, HookResult } from '../domain/effect.ts';
import { readMark } from '../domain/mark.ts';
import { printable } from '../domain/text.ts';
import { callWords } from './call-words.ts';
import { argumentWords } from './state-words.ts';

/** A value found or read. */
type Reading<K extends EffectKind> = EffectKinds[K]['found'];

interface EffectWords<K extends EffectKind> {
  /** What it is done to, without the node: `lb-1 set 1 sip:10.0.1.10:5080`. */
  readonly target: (target: EffectKinds[K]['target']) => string;
  /** What is to be done, as an order: `disable on lb-1 (set 1, sip:10.0.1.10:5080)`. `at`: when, ISO 8601. */
  readonly order: (target: EffectKinds[K]['target'], wanted: EffectKinds[K]['wanted'], at?: string) => string;
  /** What was found or read back, short. */
  readonly reading: (reading: Reading<K>) => string;
}

/** Kinds for which null is a reading of its own: no mark, not run. */
const NULL_IS_READ: ReadonlySet<EffectKind> = new Set<EffectKind>(['node.mark', 'hook.on_out', 'action.run']);

const EFFECT_WORDS: { readonly [K in EffectKind]: EffectWords<K> } = {
  'dispatcher.state': {
    target: (target) =>
      `${printable(target.proxy)} set ${target.set} ${printable(target.uri)}${duidText(target.duid)}`,
    order: (target, wanted) => {
      const verb = wanted === 'd' ? 'disable' : `set ${argumentWords(wanted)}`;
      return `${verb} on ${printable(target.proxy)} (${placeText(target)})`;
    },
    reading: (flags) => printable(flags, 20),
  },
  'node.pause': {
    target: () => 'inbound side',
    order: (_, wanted) => (wanted ? 'pause its inbound side' : 'resume its inbound side'),
    reading: (paused) => (paused ? 'paused' : 'open'),
  },
  'node.mark': {
    target: () => 'mark',
    order: (_, wanted) =>
      wanted === null
        ? 'remove the mark of the run'
        : readMark(wanted)?.ended === true
          ? 'mark it as left out by the run'
          : 'mark it as held by the run',
    reading: (mark) => (mark === null ? 'none' : printable(mark.split(',')[0] ?? mark, 40)),
  },
  'node.restart': {
    target: () => 'core_uuid',
    order: (_, command) => `restart: ${printable(command, 1000)}`,
    reading: (uuid) => shortUuid(uuid),
  },
  'call.hangup': {
    target: ({ uuid }) => `call leg ${shortUuid(uuid)}`,
    order: (_, wanted, at) =>
      `hang up the ${wanted.expendable ? 'expendable ' : ''}call ${callWords(wanted, at)}`,
    reading: (isUp) => (isUp ? 'up' : 'gone'),
  },
  'hook.on_out': {
    target: () => 'drain.onOut',
    order: (_, command) => `run on this machine: ${printable(command, 1000)}`,
    reading: hookReading,
  },
  'action.run': {
    target: ({ step }) => printable(step),
    order: ({ step }, { action }) => `carry out ${printable(action)} (${printable(step)})`,
    reading: (reading) => (reading === null ? 'not run' : printable(reading.said, 300)),
  },
};

function hookReading(result: HookResult | null): string {
  if (result === null) return 'not run';
  if (result.exitCode !== null) return `exit status ${result.exitCode}`;
  return result.signal === null ? 'not begun' : `ended by ${printable(result.signal, 20)}`;
}

function wordsOf(kind: EffectKind): EffectWords<EffectKind> | undefined {
  // A journal of a later version may hold kinds that this one does not know.
  return (EFFECT_WORDS as Readonly<Record<string, unknown>>)[kind] as EffectWords<EffectKind> | undefined;
}

/** What an effect is done to, without the node. */
export function effectTarget(effect: Pick<Effect, 'effect' | 'target'>): string {
  return wordsOf(effect.effect)?.target(effect.target) ?? printable(effect.effect);
}

/** An effect as an order. `at`: when, ISO 8601. */
export function effectOrder(effect: Effect, at?: string): string {
  return wordsOf(effect.effect)?.order(effect.target, effect.wanted, at) ?? printable(effect.effect);
}

/** What was found or read back; null is unknown. */
export function effectReading(kind: EffectKind, reading: Reading<EffectKind> | null, settled = true): string {
  if (reading === null && !(NULL_IS_READ.has(kind) && settled)) return 'unknown';
  return wordsOf(kind)?.reading(reading) ?? printable(JSON.stringify(reading));
}

/** `set 1, sip:10.0.1.10:5080`, with the duid where the destination is named by it. */
export function placeText(target: EffectKinds['dispatcher.state']['target']): string {
  return `set ${target.set}, ${printable(target.uri)}${duidText(target.duid)}`;
}

/** The first group of a UUID: enough to tell two starts apart. */
export function shortUuid(uuid: string): string {
  const [first = ''] = uuid.split('-');
  return first.length < uuid.length ? `${printable(first, 20)}…` : printable(uuid, 40);
}

function duidText(duid: string | null): string {
  return duid === null ? '' : ` (duid ${printable(duid)})`;
}
