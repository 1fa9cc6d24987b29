/** Keeps the way over SSH open while calls are awaited for hours: what is lost is found then, and not at the restart. */
import { type ErrorCode, type ErrorInfo, errorInfo, FshaError } from '../domain/errors.ts';
import { hasFired } from './deadline.ts';
import { type StepContext, tell } from './step.ts';
import { hostPort } from './world.ts';

/** Between two looks at the connection: ms, at least; a look costs nothing while it stands. */
const LOOK_EVERY = 1_000;
/** Between two losses that are told, ms: a connection that flaps would fill the journal. */
const TELL_EVERY = 60_000;
/** How long a node that is drained waits for SSH to come back before the drain is held: ms. */
const PATIENCE = 15_000;

/** Logs in again whenever the connection is lost, and says when that fails. @returns the function that ends it */
export function keepLoggedIn(context: StepContext): () => Promise<void> {
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, context.signal]);
  const { restart, hold } = context.policy();
  const running = restart && !hold ? keep({ ...context, signal }) : Promise.resolve();
  // What it fails with is thrown at its end, and is no unhandled rejection until then.
  running.catch(() => undefined);
  return async () => {
    done.abort();
    await running;
  };
}

async function keep(context: StepContext): Promise<void> {
  const { world, signal } = context;
  const losses = new Losses(context);
  while (!hasFired(signal)) {
    const trouble = await tryLogin(context);
    if (hasFired(signal)) break;
    await losses.see(trouble);
    const pause = Math.max(LOOK_EVERY, context.policy().poll);
    await world.clock.sleep(pause, signal).catch(() => undefined);
  }
  await losses.end();
}

/** Tells each loss and each return; a loss too soon behind the last that was told is counted, and told later. */
class Losses {
  readonly #context: StepContext;
  #isLost = false;
  /** The code of the loss that was told last; null where it was told that it is there, or nothing was. */
  #told: ErrorCode | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** Losses that were not told yet. */
  #untold = 0;

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** @param trouble null where it is logged in */
  async see(trouble: ErrorInfo | null): Promise<void> {
    const { node, world } = this.#context;
    if (trouble !== null && !this.#isLost) this.#untold += 1;
    this.#isLost = trouble !== null;
    if (trouble === null && this.#told !== null) {
      this.#told = null;
      await tell(this.#context, 'connection.lost', `SSH to ${node.name} was lost, and is there again`);
      return;
    }
    if (world.clock.now() - this.#toldAt < TELL_EVERY) return;
    if (trouble === null) await this.#tellUntold();
    else if (this.#told !== trouble.code) {
      const often = this.#untold > 1 ? ` (${this.#untold} times since that was told last)` : '';
      this.#markTold(trouble.code);
      await tell(
        this.#context,
        trouble.code,
        `SSH to ${node.name} is lost${often}: ${trouble.message}`,
        'It is tried again. Without it the drain goes on and is held at zero: nothing is restarted.',
      );
    }
  }

  /** What was counted and not told is told now: nobody looks any more. */
  async end(): Promise<void> {
    await this.#tellUntold();
  }

  async #tellUntold(): Promise<void> {
    if (this.#untold === 0) return;
    const often = this.#untold === 1 ? 'once more' : `${this.#untold} more times`;
    const now = this.#isLost ? 'is lost now' : 'is there now';
    this.#markTold(null);
    await tell(
      this.#context,
      'connection.lost',
      `SSH to ${this.#context.node.name} was lost ${often}, and ${now}`,
    );
  }

  #markTold(code: ErrorCode | null): void {
    this.#told = code;
    this.#toldAt = this.#context.world.clock.now();
    this.#untold = 0;
  }
}

/** Why it failed; null where it is logged in. */
export async function tryLogin({ world, node, signal }: StepContext): Promise<ErrorInfo | null> {
  try {
    await hostPort(world, node.name).login(signal);
    return null;
  } catch (error) {
    return errorInfo(error);
  }
}

/**
 * That the restart can be given at all, while nothing has been done yet.
 * @throws FshaError `drain.held` where SSH does not come back in time, or at once where waiting cannot help
 */
export async function assertLoggedIn(context: StepContext): Promise<void> {
  const { world, node, signal } = context;
  const patient = world.clock.now() + PATIENCE;
  for (;;) {
    const trouble = await tryLogin(context);
    if (trouble === null) return;
    if (hasFired(signal)) throw new FshaError('interrupted', trouble.message);
    if (world.clock.now() >= patient || /^ssh\.(auth|key|config|host-key)/.test(trouble.code)) {
      throw new FshaError(
        'drain.held',
        `${node.name} is drained, but cannot be restarted: ${trouble.message}; it stays out of service`,
        trouble.hint,
      );
    }
    await world.clock.sleep(500, signal);
  }
}
