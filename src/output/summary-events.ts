/** The events that a summary of the run needs: not the polls, of which there are thousands. */
import type { RunEvent } from '../domain/run-events.ts';

export class SummaryEvents {
  readonly #events: RunEvent[] = [];
  readonly #retries = new Map<string, string>();

  /** In order. */
  get all(): readonly RunEvent[] {
    return this.#events;
  }

  note(event: RunEvent): void {
    if (event.type === 'step.progress') return;
    if (event.type === 'step.retrying') {
      // The same trouble at every look is one event here.
      const step = `${event.node ?? ''} ${event.step ?? ''}`;
      if (this.#retries.get(step) === event.data.error.message) return;
      this.#retries.set(step, event.data.error.message);
    }
    this.#events.push(event);
  }
}
