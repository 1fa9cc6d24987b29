/** What the keys do. */
import { EMPTY_LINE, type Line, line, styled } from '../line.ts';
import { wrapText } from '../../output/wrap-text.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['s', 'sort: trouble, name, sessions, age of the reading'],
  ['/', 'filter: part of a name or label, or how a state begins'],
  ['Enter', 'everything about the selected node'],
  ['↑ ↓', 'select; PgUp PgDn Home End too'],
  ['Esc', 'back; takes the filter away; leaves'],
  ['q', 'leave'],
];

const LEGEND = [
  'SESSIONS: of the limit of FreeSWITCH. p: the proxy probes it with OPTIONS.',
  'In service: selected on every proxy; out of service: disabled on every proxy; impaired: neither.',
  'Nothing here changes anything.',
] as const;

const INDENT = 7;

export function helpLines(width: number): readonly Line[] {
  return [
    ...KEYS.flatMap(([key, does]) =>
      wrapText(does, width - INDENT).map((text, index) =>
        line(styled('strong', (index === 0 ? key : '').padEnd(INDENT)), text),
      ),
    ),
    EMPTY_LINE,
    ...LEGEND.flatMap((text) => wrapText(text, width).map((part) => line(part))),
  ];
}
