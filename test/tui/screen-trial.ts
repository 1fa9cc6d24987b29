/** A screen opened on a terminal in memory, under a clock that tests move. */
import { expect, vi } from 'vitest';
import { type Line, line, styled } from '../../src/tui/line.ts';
import { openScreen, type Screen, type ScreenOptions } from '../../src/tui/open-screen.ts';
import type { Key, Scene, Size } from '../../src/tui/scene.ts';
import { FakeKeyboard, FakeTerminal } from '../support/fake-terminal.ts';

export const THREE_LINES = 'first\nsecond\nthird';

export class ScreenTrial {
  readonly terminal = new FakeTerminal(40, 10);
  readonly keyboard = new FakeKeyboard();
  readonly keys: Key[] = [];
  readonly failures: unknown[] = [];
  readonly sizes: Size[] = [];
  /** What the scene says. */
  lines: (size: Size) => readonly Line[] = () => [
    line('first'),
    line(styled('good', 'second')),
    line('third'),
  ];
  onKey: (key: Key) => void = (key) => this.keys.push(key);
  #screen: Screen | undefined;

  constructor() {
    vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    this.terminal.write('what was there');
  }

  async end(): Promise<void> {
    this.terminal.resume();
    await this.#screen?.close();
    vi.useRealTimers();
  }

  /** How often the scene was asked. */
  get draws(): number {
    return this.sizes.length;
  }

  async open(options: Partial<ScreenOptions> = {}): Promise<Screen> {
    const scene: Scene = {
      draw: (size) => {
        this.sizes.push(size);
        return this.lines(size);
      },
      onKey: (key) => this.onKey(key),
    };
    this.#screen = await openScreen({
      scene,
      stdout: this.terminal,
      stdin: this.keyboard,
      colour: true,
      clock: { now: () => Date.now(), wall: () => new Date() },
      onFailure: (error) => {
        // Whoever is told may write at once.
        expect(this.untouched).toBe(true);
        this.failures.push(error);
      },
      ...options,
    });
    await this.pass(0);
    return this.#screen;
  }

  /** Lets `ms` go by, and what happens then happen. */
  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  async type(typed: string): Promise<void> {
    this.keyboard.write(typed);
    await this.pass(0);
  }

  /** What is written while `act` is under way. */
  async writtenBy(act: () => Promise<void>): Promise<string> {
    const before = this.terminal.written.length;
    await act();
    return this.terminal.written.slice(before);
  }

  /** Whether the terminal is as it was before. */
  get untouched(): boolean {
    const { alternate, cursorShown, wraps, bracketedPaste, screen } = this.terminal;
    return (
      !alternate &&
      cursorShown &&
      wraps &&
      !bracketedPaste &&
      !this.keyboard.raw &&
      this.keyboard.isPaused() &&
      screen === 'what was there'
    );
  }
}
