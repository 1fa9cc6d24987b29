import type { ErrorInfo } from '../domain/errors.ts';
import type { StepContext } from './step.ts';

/** Counts the tries of a step, and says why it has to try again: once in a row for the same words. */
export class Retries {
  readonly #context: Pick<StepContext, 'node' | 'step' | 'record'>;
  #attempt = 0;
  #said = '';

  constructor(context: Pick<StepContext, 'node' | 'step' | 'record'>) {
    this.#context = context;
  }

  /** A try has failed, and another one follows. */
  async tell({ code, message, hint }: ErrorInfo): Promise<void> {
    this.#attempt += 1;
    if (message === this.#said) return;
    const { node, step, record } = this.#context;
    const data = { attempt: this.#attempt, error: { code, message, hint } };
    await record({ type: 'step.retrying', node: node.name, step, data });
    this.#said = message;
  }
}
