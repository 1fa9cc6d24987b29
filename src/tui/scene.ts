/**
 * What can be shown on the screen: it says which lines stand there now, and hears keys. A scene knows nothing of terminals
 * and of Ink; screen.tsx knows nothing of runs.
 */
import type { Line } from './line.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Moment {
  /** Monotonic ms, of the clock that `mono` in events and `at` in observations are of. */
  readonly now: number;
  readonly wall: Date;
}

export interface Scene {
  /**
   * The lines that stand on the screen at that moment. Quick, since it is asked several times a second, and without side
   * effects. What is too much for `size` is clipped, so a scene leaves out what matters least by itself.
   */
  draw(size: Size, moment: Moment): readonly Line[];
  /** A key was pressed. Returns at once; what takes time shows in a later frame. */
  onKey(key: Key): void;
}

export interface Key {
  /** What was typed, without control characters: one character, or several where they were pasted; '' for a named key. */
  readonly text: string;
  /** null for ordinary characters. */
  readonly name: KeyName | null;
}

export type KeyName =
  | 'ctrl-c'
  | 'ctrl-l'
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'backspace';
