/** Ids of steps: `NODE/KIND`, `NODE/ACTION.slug-of-the-name`, each once in a plan and the same whenever it is made. */
import type { Frame, PlannedStep } from '../domain/plan.ts';

/** Gives ids, to those at the top first: `NODE/activate` is the one that brings the node back in. */
export function nameSteps(node: string, steps: readonly PlannedStep[]): readonly PlannedStep[] {
  const taken = new Set<string>();
  const named = (step: PlannedStep): PlannedStep => ({ ...step, id: unused(taken, wantedId(node, step)) });
  const inside = (step: PlannedStep): PlannedStep => {
    const { frame } = step;
    if (frame === undefined) return step;
    const all = (list: readonly PlannedStep[]): readonly PlannedStep[] => list.map(named).map(inside);
    const { rescue, always, undo, check } = frame;
    const inner: Frame = {
      ...frame,
      ...(rescue === undefined ? {} : { rescue: all(rescue) }),
      ...(always === undefined ? {} : { always: all(always) }),
      ...(undo === undefined ? {} : { undo: all(undo) }),
      ...(check === undefined ? {} : { check: inside(named(check)) }),
    };
    return { ...step, frame: inner };
  };
  return steps.map(named).map(inside);
}

function wantedId(node: string, step: PlannedStep): string {
  if (step.kind !== 'action') return `${node}/${step.kind}`;
  const { action } = step.params;
  const slug = slugOf(step.frame?.name ?? '');
  return slug === '' || slug === action ? `${node}/${action}` : `${node}/${action}.${slug}`;
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
}

function unused(taken: Set<string>, wanted: string): string {
  let id = wanted;
  for (let nth = 2; taken.has(id); nth += 1) id = `${wanted}-${nth}`;
  taken.add(id);
  return id;
}
