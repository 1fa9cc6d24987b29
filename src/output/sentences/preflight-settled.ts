import { effectKey } from '../../domain/effect.ts';
import type { BaselineDestination, EventOf } from '../../domain/run-events.ts';
import { printable } from '../../domain/text.ts';
import { counted } from '../count-words.ts';
import { placeText } from '../effect-words.ts';
import { verdictLines } from '../verdict-list.ts';
import { type Sentence, subject } from './sentence.ts';

export const preflightSettled: Sentence<'preflight.settled'> = {
  level: ({ data }) => {
    const levels = data.verdicts.map(({ level }) => level);
    return levels.includes('refusal') ? 'error' : levels.includes('warning') ? 'warning' : 'info';
  },
  say: (event, { verbose }) => {
    const { verdicts } = event.data;
    const count = (level: string): number => verdicts.filter((one) => one.level === level).length;
    const counts = [
      ...(count('refusal') > 0 ? [counted(count('refusal'), 'refusal')] : []),
      ...(count('warning') > 0 ? [counted(count('warning'), 'warning')] : []),
      `${counted(count('ok'), 'check')} ok`,
    ];
    const shown = verbose ? verdicts : verdicts.filter(({ level }) => level !== 'ok');
    const about = event.node === undefined ? {} : { about: event.node };
    return [
      `${subject(event)}preflight: ${counts.join(', ')}`,
      ...verdictLines(shown, { verbose, ...about }).map((line) => `  ${line}`),
      ...inherited(event).map((line) => `  ${line}`),
    ].join('\n');
  },
};

/** Where an earlier run left the node out, "back in" means what that run had found. */
function inherited({ data }: EventOf<'preflight.settled'>): readonly string[] {
  const key = ({ proxy, set, uri, duid }: BaselineDestination): string =>
    effectKey({ effect: 'dispatcher.state', target: { proxy, set, uri, duid } });
  const now = new Map(data.found.map((one) => [key(one), one.flags]));
  return (data.baseline?.destinations ?? []).flatMap((before) => {
    const flags = now.get(key(before));
    if (flags === undefined || flags === before.flags) return [];
    return [
      `${printable(before.proxy)} shows ${printable(flags, 20)} (${placeText(before)}); an earlier run left it so and had found ${printable(before.flags, 20)}`,
    ];
  });
}
