import { type Line, line, spread, styled } from '../line.ts';
import type { Key, Size } from '../scene.ts';
import { callRow, callTitles } from './call-row.ts';
import { callsHead } from './calls.ts';
import { type Overlay, Scroll } from './overlay.ts';
import { isWaiting, type RunView } from './view.ts';

/** Lines beside the calls: heading, its second line, titles, keys. */
const AROUND = 4;
const KEYS = 'arrows, PgUp, PgDn, Home, End: scroll; c or Esc: back';
const KEYS_SHORT = 'arrows, PgUp, PgDn: scroll; Esc: back';

/** Every call that is still on, oldest first. */
export function callList(): Overlay {
  const scroll = new Scroll();
  const callsOf = (view: RunView) => view.calls?.list?.calls ?? [];
  const pageOf = ({ rows }: Size): number => Math.max(1, rows - AROUND);
  return {
    draw: (view, size) => {
      const { columns } = size;
      const all = callsOf(view);
      const page = pageOf(size);
      const top = scroll.topOf(all.length, page);
      const shown = all.slice(top, top + page);
      const place = all.length === 0 ? '' : `${top + 1} to ${top + shown.length} of ${all.length}`;
      const lines: readonly Line[] = [
        spread(line(styled('strong', `calls still on ${view.model.shown ?? ''}`)), line(place), columns),
        callsHead(view, columns),
        callTitles(columns),
        ...shown.map((call) => callRow(call, view.wall, columns)),
      ];
      const blank = Math.max(0, size.rows - 1 - lines.length);
      return [
        ...lines.slice(0, Math.max(0, size.rows - 1)),
        ...Array.from({ length: blank }, () => line()),
        line(styled('dim', columns < 60 ? KEYS_SHORT : KEYS)),
      ];
    },
    onKey: (key: Key, view, size) => {
      if (key.name === 'escape' || key.text === 'c' || key.text === 'q') return false;
      scroll.onKey(key, callsOf(view).length, pageOf(size));
      return true;
    },
    // Nothing is asked of the node any more: what stands there would only grow older.
    moot: (view) => (isWaiting(view) ? null : 'the list of calls was closed: they are no longer waited for'),
  };
}
