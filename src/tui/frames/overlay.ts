/** What takes the whole screen for a while, over the run view. */
import type { Line } from '../line.ts';
import type { Key, Size } from '../scene.ts';
import { banner } from './banner.ts';
import { drawn } from './panel.ts';
import { sessions } from './sessions.ts';
import type { RunView } from './view.ts';

export interface Overlay {
  /** At most `size.rows` lines. */
  draw(view: RunView, size: Size): readonly Line[];
  /** @returns whether it stays open */
  onKey(key: Key, view: RunView, size: Size): boolean;
  /** Why it is of no use any more and goes by itself; null: it stays. */
  moot?(view: RunView): string | null;
}

/** Of what is told above it, so many lines at most: it is told whole on the run view. */
const NEWS = 3;

/** What must be seen whatever is open: that the run ends, and how many sessions there are. */
export function overlayHead(view: RunView, { columns, rows }: Size): readonly Line[] {
  const news = drawn(banner, view, columns, Math.max(1, Math.min(NEWS, Math.floor(rows / 3))));
  const count = view.model.shown === null ? [] : drawn(sessions, view, columns, 1).slice(0, 1);
  return [...news.slice(0, NEWS), ...count].slice(0, Math.max(0, rows - 1));
}

/** Where a list stands that is longer than the screen. */
export class Scroll {
  #top = 0;

  /** The first line that is shown. */
  topOf(total: number, page: number): number {
    return Math.max(0, Math.min(this.#top, total - page));
  }

  /** @returns whether the key moved it */
  onKey(key: Key, total: number, page: number): boolean {
    const top = this.topOf(total, page);
    const step = { up: -1, down: 1, 'page-up': -page, 'page-down': page, home: -total, end: total };
    const name = key.name ?? '';
    if (!Object.hasOwn(step, name)) return false;
    this.#top = Math.max(0, Math.min(top + step[name as keyof typeof step], total - page));
    return true;
  }
}
