/** A run scene on a stage: events go in, keys go in, and what stands on the screen comes out as text. */
import { onTestFinished } from 'vitest';
import { cluster } from '../domain/builders.ts';
import type { KeyName, Size } from '../../src/tui/scene.ts';
import { runScene, type RunScene } from '../../src/tui/run-scene.ts';
import { textOf } from '../../src/tui/line.ts';
import { type At, StandInRun, START, told } from './run-stories.ts';

export interface Stage {
  readonly scene: RunScene;
  readonly run: StandInRun;
  readonly left: () => boolean;
  readonly refreshed: () => number;
  /** Lets the events happen, each in its second. */
  play(story: readonly At[]): Stage;
  /** Lets it become that second. */
  at(seconds: number): Stage;
  /** Types each character by itself; `<enter>` and the like are named keys. */
  type(...keys: readonly string[]): Promise<Stage>;
  /** @param size of the terminal */
  text(size?: Size): string;
}

export function stage(options: { readonly followed?: boolean } = {}): Stage {
  const run = new StandInRun();
  let now = 0;
  let left = false;
  let refreshed = 0;
  let seq = 0;
  const moment = () => ({ now, wall: new Date(START + now) });
  const scene = runScene({
    live: options.followed === true ? null : run,
    clock: { now: () => now, wall: () => new Date(START + now) },
    onLeave: () => void (left = true),
    refresh: () => void (refreshed += 1),
    cluster: cluster(),
  });
  onTestFinished(() => scene.dispose());
  const self: Stage = {
    scene,
    run,
    left: () => left,
    refreshed: () => refreshed,
    play: (story) => {
      for (const event of told(story, seq)) {
        now = Math.max(now, event.mono);
        scene.onEvent(event);
      }
      seq += story.length;
      return self;
    },
    at: (seconds) => {
      now = seconds * 1000;
      return self;
    },
    type: async (...keys) => {
      for (const key of keys) {
        const name = /^<(.*)>$/.exec(key)?.[1];
        scene.onKey(name === undefined ? { text: key, name: null } : { text: '', name: name as KeyName });
        await settled();
      }
      return self;
    },
    text: (size = { columns: 80, rows: 24 }) =>
      scene
        // The screen keeps a row for itself.
        .draw({ ...size, rows: size.rows - 1 }, moment())
        .map((line) => textOf(line).trimEnd())
        .join('\n'),
  };
  return self;
}

/** Lets everything happen that needs no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
