/** When to draw: a few times a second by itself, at once where something changed, and never more often than that is of use. */

export interface Pace {
  /** Draws as soon as it may. Returns before that. */
  soon(): void;
  stop(): void;
}

/**
 * Draws as soon as this turn is over, then every `every` ms, and between them at `soon`, with at least `least` ms from one to the next.
 * @param now monotonic ms
 */
export function keepPace(draw: () => void, every: number, least: number, now: () => number): Pace {
  let drawn = -Infinity;
  let due = Infinity;
  let timer: NodeJS.Timeout | undefined;
  let running = true;

  const schedule = (at: number): void => {
    if (!running || at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(turn, Math.max(0, Math.ceil(at - now())));
  };
  const turn = (): void => {
    due = Infinity;
    drawn = now();
    draw();
    schedule(drawn + every);
  };

  schedule(now());
  return {
    soon: () => schedule(Math.max(now(), drawn + least)),
    stop: () => {
      running = false;
      clearTimeout(timer);
    },
  };
}
