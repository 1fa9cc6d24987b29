/** The steps of a plan, with those that are carried out only where another one fails, or in the end. */
import type { Plan, PlannedStep } from '../plan.ts';

/** A step, and every one within it: what rescues, checks and gives it back. */
export function withNested(step: PlannedStep): readonly PlannedStep[] {
  const { rescue = [], undo = [], always = [], check } = step.frame ?? {};
  const inner = [...rescue, ...undo, ...always, ...(check === undefined ? [] : [check])];
  return [step, ...inner.flatMap(withNested)];
}

/** Whether it looks if another step was done: that it was not is an answer. */
export function isCheck({ nodes }: Plan, id: string): boolean {
  return nodes
    .flatMap(({ steps }) => steps)
    .flatMap(withNested)
    .some(({ frame }) => frame?.check?.id === id);
}

/** The step of that id; undefined where the plan has none. */
export function stepNamed({ nodes }: Plan, id: string): PlannedStep | undefined {
  return nodes
    .flatMap(({ steps }) => steps)
    .flatMap(withNested)
    .find((step) => step.id === id);
}
