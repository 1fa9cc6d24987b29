/** Keeps the way over SSH open while calls are awaited for hours: what is lost is found then, and not at the restart. */
import { type ErrorInfo, errorInfo, FshaError } from '../domain/errors.ts';
import { hasFired } from './deadline.ts';
import { type StepContext, warn } from './step.ts';
import { hostPort } from './world.ts';

/** Between two looks at the connection: ms, at least; a look costs nothing while it stands. */
const LOOK_EVERY = 1_000;
/** How long a node that is drained waits for SSH to come back before the drain is held: ms. */
const PATIENCE = 15_000;

/** Logs in again whenever the connection is lost, and says when that fails. @returns the function that ends it */
export function keepLoggedIn(context: StepContext): () => Promise<void> {
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, context.signal]);
  const { restart, hold } = context.policy();
  const running = restart && !hold ? keep({ ...context, signal }) : Promise.resolve();
  return async () => {
    done.abort();
    await running;
  };
}

async function keep(context: StepContext): Promise<void> {
  const { world, node, signal } = context;
  let lost = false;
  while (!hasFired(signal)) {
    const trouble = await tryLogin(context);
    if (hasFired(signal)) return;
    if (trouble !== null) {
      lost = true;
      await warn(
        context,
        trouble.code,
        `SSH to ${node.name} is lost: ${trouble.message}`,
        'It is tried again. Without it the drain goes on and is held at zero: nothing is restarted.',
      );
    } else if (lost) {
      lost = false;
      await warn(context, 'connection.lost', `SSH to ${node.name} was lost, and is there again`);
    }
    const pause = Math.max(LOOK_EVERY, context.policy().poll);
    await world.clock.sleep(pause, signal).catch(() => undefined);
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
