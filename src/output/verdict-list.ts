/** Verdicts of preflight and doctor as a list. */
import { printable } from '../domain/text.ts';
import type { Verdict } from '../domain/verdict.ts';
import { counted } from './count-words.ts';

export interface VerdictListOptions {
  /** Every check that is ok on a line of its own, not only their number. */
  readonly verbose: boolean;
  /** What a refusal is called: `refused` before a run, `problem` for doctor. */
  readonly refusal?: 'refused' | 'problem';
  /** A node that needs no naming, since the list is about it. */
  readonly about?: string;
}

/** Refusals first, then warnings, then what is ok; below each its fix and the flag that overrules it. */
export function verdictLines(verdicts: readonly Verdict[], options: VerdictListOptions): readonly string[] {
  const of = (level: Verdict['level']): readonly Verdict[] => verdicts.filter((one) => one.level === level);
  const lines = [...of('refusal'), ...of('warning')].flatMap((verdict) => troubleLines(verdict, options));
  const fine = of('ok');
  if (options.verbose)
    return [
      ...lines,
      ...fine.map((one) => `ok: ${subject(one, options)}${printable(one.check)}: ${said(one.why)}`),
    ];
  return fine.length === 0 ? lines : [...lines, `${counted(fine.length, 'check')} ok`];
}

function troubleLines(verdict: Verdict, options: VerdictListOptions): readonly string[] {
  const word = verdict.level === 'refusal' ? (options.refusal ?? 'refused') : forcedWord(verdict);
  const flag =
    verdict.level === 'refusal' && verdict.forceable ? `(--force ${printable(verdict.check)})` : '';
  const fix = verdict.fix === undefined ? '' : `fix: ${said(verdict.fix)}`;
  const below = [fix, flag].filter((text) => text !== '').join(' ');
  return [
    `${word}: ${subject(verdict, options)}${printable(verdict.check)}: ${said(verdict.why)}`,
    ...(below === '' ? [] : [`  ${below}`]),
  ];
}

function forcedWord(verdict: Verdict): string {
  return verdict.forced === true ? 'warning (forced)' : 'warning';
}

function subject(verdict: Verdict, options: VerdictListOptions): string {
  return verdict.node === undefined || verdict.node === options.about ? '' : `${printable(verdict.node)}: `;
}

function said(text: string): string {
  return printable(text, 1000);
}
