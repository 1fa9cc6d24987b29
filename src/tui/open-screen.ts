/** Puts a scene on the terminal, and takes it away again: joins its lines, Ink, the keys and the terminal. */
import { rowChanges } from './row-changes.ts';
import { importPicture } from './import-picture.ts';
import { listenToKeys } from './keyboard.ts';
import { clip, paint } from './line.ts';
import { keepPace } from './pace.ts';
import type { Key, Scene, Size } from './scene.ts';
import type { NewPicture } from './screen.tsx';
import { type ScreenInput, type ScreenOutput, takeTerminal } from './terminal-modes.ts';

export interface ScreenOptions {
  readonly scene: Scene;
  readonly stdout: ScreenOutput;
  readonly stdin: ScreenInput;
  /** False: no style at all, not even bold. */
  readonly colour: boolean;
  readonly clock: { now(): number; wall(): Date };
  /** Told once: the scene threw, or the terminal went away. The terminal has been given back before. Must not throw. */
  readonly onFailure: (error: unknown) => void;
  /** How often it is drawn where nothing asks for it. */
  readonly framesPerSecond?: number;
  /** Whether this process is in the foreground of its terminal; taken for true where it is not told. */
  readonly isForeground?: () => boolean;
}

export interface Screen {
  /** Draws soon: something changed. */
  readonly refresh: () => void;
  /** Gives the terminal back: its lines, cursor and cooked mode. Resolves when it got that. Never rejects; safe twice. */
  readonly close: () => Promise<void>;
}

/** From one frame to the next at least, however much happens, ms. */
const LEAST_MS = 100;

/**
 * Shows the scene on an alternate screen until `close`. Never rejects: where that cannot be, `onFailure` is told, and what
 * is returned is closed. Ask canShowScreen() before.
 *
 * The scene is asked for one row less than the terminal has. A terminal that does not keep up misses frames.
 */
export async function openScreen(options: ScreenOptions): Promise<Screen> {
  try {
    const { newPicture } = await importPicture(options.colour);
    return show(options, newPicture);
  } catch (error) {
    options.onFailure(error);
    return { refresh: () => undefined, close: () => Promise.resolve() };
  }
}

function show(
  {
    scene,
    stdout,
    stdin,
    colour,
    clock,
    onFailure,
    framesPerSecond = 4,
    isForeground = () => true,
  }: ScreenOptions,
  newPicture: NewPicture,
): Screen {
  const terminal = takeTerminal(stdout, stdin);
  let open = true;
  /** What the scene said last. */
  let lines: readonly string[] = [];
  /** What stands on the terminal; null where nobody knows, as behind a resize. */
  let rows: readonly string[] | null = null;
  let drawnFor = sizeOf(stdout);

  const draw = (): void => {
    // A terminal that has not taken the last frame gets no other: they would heap up on a link that is dead.
    if (stdout.writableLength > 0) {
      pace.soon();
      return;
    }
    const size = sizeOf(stdout);
    const next = scene
      .draw(size, { now: clock.now(), wall: clock.wall() })
      .slice(0, size.rows)
      .map((line) => paint(clip(line, size.columns), colour));
    if (size.columns !== drawnFor.columns || size.rows !== drawnFor.rows) rows = null;
    if (rows !== null && isSame(next, lines)) return;
    const now = picture.rowsOf(next, size.columns);
    const frame = rowChanges(rows, now);
    [lines, rows, drawnFor] = [next, now, size];
    if (frame !== '') stdout.write(frame);
  };
  const redraw = (): void => {
    rows = null;
    pace.soon();
  };
  // Stopped by a signal, and in the foreground once more: the shell has had the terminal. In the background to touch its
  // modes would stop the process again.
  const onContinued = (): void => {
    if (!isForeground()) return;
    terminal.takeAgain();
    redraw();
  };
  const hear = (key: Key): void => {
    if (key.name === 'ctrl-l') redraw();
    scene.onKey(key);
    pace.soon();
  };
  const leave = (): Promise<void> => {
    if (open) {
      open = false;
      pace.stop();
      stopListening();
      process.off('SIGCONT', continued);
      stdout.off('resize', redraw);
      stdout.off('error', fail);
      stdout.off('close', onLost);
      picture.remove();
    }
    return terminal.giveBack();
  };
  const fail = (error: unknown): void => {
    if (open) void leave().then(() => onFailure(error));
  };
  const onLost = (): void => fail(new Error('the terminal went away'));
  /** What the scene throws ends the view, nothing else. */
  const guarded =
    <Arguments extends readonly unknown[]>(act: (...given: Arguments) => void) =>
    (...given: Arguments): void => {
      try {
        act(...given);
      } catch (error) {
        fail(error);
      }
    };

  const picture = newPicture({
    onError: fail,
    onGone: () => {
      open = false;
      terminal.giveBackNow();
    },
  });
  const pace = keepPace(guarded(draw), 1000 / framesPerSecond, LEAST_MS, () => clock.now());
  const stopListening = listenToKeys(stdin, guarded(hear), fail);
  const continued = guarded(onContinued);
  process.on('SIGCONT', continued);
  stdout.on('resize', redraw);
  stdout.on('error', fail);
  stdout.on('close', onLost);
  return { refresh: () => pace.soon(), close: leave };
}

/** What a scene may fill. The last row stays empty: a terminal scrolls where it is written full. */
function sizeOf({ columns, rows }: ScreenOutput): Size {
  return {
    columns: columns === undefined || columns < 1 ? 80 : columns,
    rows: Math.max(1, (rows === undefined || rows < 1 ? 24 : rows) - 1),
  };
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, index) => text === others[index]);
}
