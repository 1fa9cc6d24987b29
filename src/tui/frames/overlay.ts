/** What takes the whole screen for a while, over the run view. */
import type { Line } from '../line.ts';
import type { Key, Size } from '../scene.ts';
import type { RunView } from './view.ts';

export interface Overlay {
  /** At most `size.rows` lines. */
  draw(view: RunView, size: Size): readonly Line[];
  /** @returns whether it stays open */
  onKey(key: Key, view: RunView, size: Size): boolean;
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
