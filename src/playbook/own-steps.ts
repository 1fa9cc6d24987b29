/** fsha's own actions as its own steps. */
import type { PlannedStep, StepKind, StepParams } from '../domain/plan.ts';
import type { PlaybookStep } from '../domain/playbook/playbook.ts';
import type { Policy } from '../domain/policy.ts';

type Make = (node: string, policy: Policy, all: readonly PlaybookStep[]) => readonly PlannedStep[];

const OWN: Readonly<Record<string, Make>> = {
  preflight: (node, _, all) => [step(node, 'preflight', { purpose: purposeOf(all) })],
  // With it goes what the inventory wants done once a node is out, and the fence where that is to come early.
  deactivate: (node, policy, all) => [
    step(node, 'deactivate', {}),
    ...(policy.onOut === null ? [] : [step(node, 'on_out', { command: policy.onOut.command })]),
    ...(policy.fence === 'early' && all.some(({ action }) => action === 'fence')
      ? [step(node, 'fence', { when: 'early' })]
      : []),
  ],
  wait_drained: (node) => [step(node, 'wait_drained', {})],
  fence: (node, policy) => (policy.fence === 'zero' ? [step(node, 'fence', { when: 'zero' })] : []),
  restart: (node) => [step(node, 'restart', {})],
  verify: (node) => [step(node, 'verify', {})],
  activate: (node, policy, all) => [
    step(node, 'activate', {
      explicit:
        policy.foundDisabled === 'activate' ||
        all.some(({ action, params }) => action === 'activate' && params['explicit'] === true),
    }),
  ],
};

export function isOwnAction(action: string): boolean {
  return Object.hasOwn(OWN, action);
}

/**
 * The steps of one of fsha's own actions; null for an action of another kind.
 * @param all what is carried out beside it
 */
export function ownSteps(
  action: string,
  node: string,
  policy: Policy,
  all: readonly PlaybookStep[],
): readonly PlannedStep[] | null {
  return Object.hasOwn(OWN, action) ? (OWN[action]?.(node, policy, all) ?? null) : null;
}

/** What is looked at, and what stands against it, hangs on what becomes of the node. */
function purposeOf(all: readonly PlaybookStep[]): StepParams['preflight']['purpose'] {
  if (all.some(({ action }) => action === 'deactivate')) {
    const stays = !all.some(({ action }) => action === 'wait_drained' || action === 'activate');
    return stays ? 'deactivate' : 'drain';
  }
  return all.some(({ action }) => action === 'activate') ? 'activate' : 'doctor';
}

function step<K extends StepKind>(node: string, kind: K, params: StepParams[K]): PlannedStep {
  return { id: `${node}/${kind}`, kind, node, params } as unknown as PlannedStep;
}
