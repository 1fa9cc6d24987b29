/** The one stream: every event gets its envelope, reaches the journal, and only then the views. */
import { type ErrorInfo, errorInfo } from '../domain/errors.ts';
import { apply, type RunState } from '../domain/run.ts';
import type { NewEvent, RunEvent } from '../domain/run-events.ts';
import type { Clock, JournalPort } from './ports.ts';

/** Sees events in order, after the journal has them. What it throws is reported and the view dropped. */
export type View = (event: RunEvent) => void;

export interface RecorderOptions {
  readonly run: string;
  readonly clock: Clock;
  /** null for a dry run, which leaves no trace. */
  readonly journal: JournalPort | null;
  readonly views: readonly View[];
  /** Told once when a view throws and is dropped. */
  readonly onViewFailure: (error: unknown) => void;
  /** What an earlier process of the run has recorded; absent for a new run. */
  readonly before?: RunState;
}

export class Recorder {
  readonly #options: RecorderOptions;
  #views: readonly View[];
  #state: RunState | null = null;
  #seq = 0;
  #tail: Promise<void> = Promise.resolve();
  #mayLose = false;
  #onLoss: ((error: unknown) => NewEvent) | undefined;
  #lost: ErrorInfo | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#views = options.views;
    this.#state = options.before ?? null;
    this.#seq = options.before?.lastSeq ?? 0;
  }

  /** The fold of everything recorded so far. */
  get state(): RunState {
    if (this.#state === null) throw new Error('no run was started on this recorder');
    return this.#state;
  }

  /**
   * Records one event; events keep the order of the calls. Returns when the journal has it: an effect may be announced
   * with this and done afterwards.
   * @throws FshaError `journal` when it could not be written
   */
  record(event: NewEvent): Promise<void> {
    return this.inTurn((write) => write(event));
  }

  /**
   * Several events in one turn: no other comes between them, so that what the later ones say can be decided by the state
   * into which they are folded. `work` may only use `write`: what it records otherwise would wait for it, and it for that.
   * @throws what `work` throws; `write` throws FshaError `journal`
   */
  inTurn<T>(work: (write: (event: NewEvent) => Promise<void>) => Promise<T>): Promise<T> {
    const done = this.#tail.then(() => work((event) => this.#write(event)));
    // One that could not be written is its caller's to hear of; those behind it are tried, and fail for themselves.
    this.#tail = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /**
   * From here on a journal that cannot be written stops nothing: giving the node back matters more than writing it down.
   * Views still get every event.
   * @param tell what the views are told as the first event is lost
   */
  tolerateJournalLoss(tell?: (error: unknown) => NewEvent): void {
    this.#mayLose = true;
    this.#onLoss ??= tell;
  }

  /** Why the journal does not have the first event that it lacks: to whoever reads it, the run was interrupted before that. null: it has all. */
  get lost(): ErrorInfo | null {
    return this.#lost;
  }

  async #write(event: NewEvent): Promise<void> {
    const { clock, journal, run } = this.#options;
    const envelope = {
      v: 1 as const,
      seq: this.#seq + 1,
      at: clock.wall().toISOString(),
      mono: Math.round(clock.now()),
      run,
    };
    const whole = { ...envelope, ...event } as RunEvent;
    let told: NewEvent | undefined;
    try {
      await journal?.append(whole);
    } catch (error) {
      if (!this.#mayLose) throw error;
      if (this.#lost === null) told = this.#onLoss?.(error);
      this.#lost ??= errorInfo(error);
    }
    this.#seq = whole.seq;
    this.#state = apply(this.#state, whole);
    for (const view of this.#views) this.#show(view, whole);
    if (told !== undefined) await this.#write(told);
  }

  #show(view: View, event: RunEvent): void {
    try {
      view(event);
    } catch (error) {
      this.#views = this.#views.filter((other) => other !== view);
      this.#options.onViewFailure(error);
    }
  }
}
