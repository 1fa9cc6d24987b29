/** Plans are data: made by pure functions, printed by --dry-run, journaled, and carried out by workflow/carry-out.ts. */
import type { Effect } from './effect.ts';

/** What each kind of step needs to know. One line here and one in workflow/steps makes a new kind. */
export interface StepParams {
  /** Look at everything, judge, take the baseline. Changes nothing. */
  preflight: { readonly purpose: Purpose };
  /** Mark the node and disable every destination on every proxy. */
  deactivate: Record<string, never>;
  /** Wait until the calls have ended by themselves. */
  wait_drained: Record<string, never>;
  /** Pause the node's inbound side and count again. */
  fence: { readonly when: 'zero' | 'early' };
  /** Last look, restart over SSH, proof by a new core_uuid. */
  restart: { readonly command: string };
  /** Ready, profiles, gateways, registrations, OPTIONS. */
  verify: { readonly restarted: boolean };
  /** Back in: through Kamailio's own probing after a restart, else with the flags that were found. */
  activate: { readonly restarted: boolean };
  /** Bring back what was found. */
  restore: { readonly effects: readonly Effect[] };
}

export type Purpose = 'drain' | 'deactivate' | 'activate' | 'doctor';
export type StepKind = keyof StepParams;

export type PlannedStep = {
  [K in StepKind]: {
    /** `<node|cluster>/<id>`. */
    readonly id: string;
    readonly kind: K;
    readonly node: string;
    readonly params: StepParams[K];
  };
}[StepKind];

export interface NodePlan {
  readonly node: string;
  readonly steps: readonly PlannedStep[];
}

export interface Plan {
  readonly kind: Purpose | 'undo';
  readonly nodes: readonly NodePlan[];
}
