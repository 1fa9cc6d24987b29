import { type Line, line, styled, widthOf } from '../line.ts';
import type { RunView } from './view.ts';
import { wrap } from './wrap.ts';
import type { Notice } from './view.ts';

/** A key as the bottom line shows it. */
export interface ShownKey {
  readonly key: string;
  label(view: RunView): readonly [long: string, short: string];
  refusal(view: RunView): string | null;
}

/** The keys that can do something now, in one line. */
export function keysLine(keys: readonly ShownKey[], view: RunView, columns: number): Line {
  const able = keys.filter((key) => key.refusal(view) === null);
  const lineOf = (short: boolean, gap: string): Line =>
    line(
      ...able.flatMap((one, index) => {
        const words = one.label(view)[short ? 1 : 0];
        return [
          index === 0 ? '' : gap,
          styled('accent', one.key),
          styled('dim', words === '' || short ? words : ` ${words}`),
        ];
      }),
    );
  const variants = [lineOf(false, '  '), lineOf(true, '  '), lineOf(true, ' ')];
  return variants.find((one) => widthOf(one) <= columns) ?? variants.at(-1) ?? [];
}

export interface ShownPrompt {
  readonly question: string;
  readonly typed: string;
}

/** What stands above the keys for a while; `room` lines at most. */
export function noticeLines(notice: Notice | null, columns: number, room: number): readonly Line[] {
  if (notice === null || room < 1) return [];
  return wrap(notice.text, columns, room).map((text) => line(styled(notice.style, text)));
}

/** The question and what was typed so far, in the place of the keys. */
export function promptLines(
  { question, typed }: ShownPrompt,
  columns: number,
  room: number,
): readonly Line[] {
  const asked = wrap(question, columns, Math.max(1, room - 1)).map((text) => line(styled('warning', text)));
  return [...asked, line(styled('strong', `> ${typed}`), styled('inverse', ' '))];
}
