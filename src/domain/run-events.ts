/**
 * A run is a sequence of these events: what the journal holds, what `--json` prints, what every view is made of.
 * Public: within v 1 nothing goes and nothing changes its meaning; readers ignore types and keys they do not know.
 */
import type { Effect, EffectKinds, EffectKind, EffectOutcome, Intent } from './effect.ts';
import type { ErrorInfo } from './errors.ts';
import type { NamedState, Pause } from './observation.ts';
import type { Plan } from './plan.ts';
import type { ActionResult } from './playbook/action-result.ts';
import type { PlaybookSource } from './playbook/source.ts';
import type { Policy, RunRequest } from './policy.ts';
import type { Turn } from './rolling/rolling-plan.ts';
import type { Verdict } from './verdict.ts';

export interface Envelope {
  readonly v: 1;
  /** Contiguous over the file, from 1, resumes included. */
  readonly seq: number;
  /** Wall clock, ISO 8601, UTC. */
  readonly at: string;
  /** Monotonic ms in the process that wrote it. */
  readonly mono: number;
  readonly run: string;
  readonly node?: string;
  /** `<node|cluster>/<id>`: unique in a run, the same after a resume. */
  readonly step?: string;
}

export interface EventData {
  'run.started': {
    readonly command: string;
    readonly reason: string | null;
    readonly who: string;
    readonly cluster: string;
    readonly inventory: { readonly path: string; readonly sha256: string };
    readonly policy: Policy;
    readonly plan: Plan;
    /** How fsha was called, for commands that go on: `fsha --config FILE`; absent where it was just `fsha`. */
    readonly call?: string;
    /** The lock under which it was begun, `MACHINE:PATH`: a process elsewhere does not have that one. Absent for a dry run. */
    readonly lock?: string;
    /** Only the preflight is carried out, and nothing is written. */
    readonly dryRun?: true;
    /** The playbook of which the plan was made. */
    readonly playbook?: PlaybookSource;
  };
  /** Another process goes on. `plan` is what remains, `policy` what counts from here on; absent: as before. */
  'run.resumed': {
    readonly who: string;
    readonly mode: 'forward' | 'undo';
    /** Why; absent: nobody said. */
    readonly reason?: string;
    readonly plan?: Plan;
    readonly policy?: Policy;
    /** How fsha was called now; absent: as before. */
    readonly call?: string;
    /** The lock under which it goes on. */
    readonly lock?: string;
    /** By a command of its own, whose policy counts alone: what was wished for while the run was under way does not. */
    readonly anew?: boolean;
  };
  /** The nodes of one batch of a rolling run are begun, counted from 1. */
  'batch.started': {
    readonly batch: number;
    readonly of: number;
    readonly nodes: readonly string[];
    /** They go before all others, to be seen well. */
    readonly canary?: true;
  };
  /** Of a dry run: what a run would do with a node of several, by what is seen now. */
  'node.foreseen': {
    readonly turn: Turn;
    /** A clause; absent where it goes. */
    readonly why?: string;
    /** That are up on it now; null: unknown. */
    readonly sessions: number | null;
  };
  /** All of them have come to their end. */
  'batch.settled': {
    readonly batch: number;
    readonly of: number;
    /** Until the next one is begun; 0 where none is. */
    readonly pauseMs: number;
    /** Why no further one is begun, a clause. */
    readonly stopped?: string;
  };
  /** A node of a rolling run is back in, and the next one may follow. */
  'node.back': {
    /** `calls`: it was seen with calls on it again. `soak`: none came, and it stayed active. */
    readonly proof: 'calls' | 'soak';
    /** For how long it was seen active on every proxy without drift. */
    readonly activeMs: number;
    /** The most that were seen in that time; null: unknown. */
    readonly sessions: number | null;
  };
  'preflight.settled': {
    readonly verdicts: readonly Verdict[];
    readonly baseline: Baseline | null;
    /** What the proxies showed at this moment; the baseline may be an earlier run's. */
    readonly found: readonly BaselineDestination[];
  };
  'step.started': Record<string, never>;
  'step.progress': { readonly observation: ProgressReading; readonly decision: string };
  'step.retrying': { readonly attempt: number; readonly error: ErrorInfo };
  'step.settled': { readonly outcome: StepOutcome; readonly ms: number; readonly error?: ErrorInfo };
  /** What a step of a playbook found or did, as later steps can ask for it. */
  'step.result': StepResult;
  /** A step of a playbook has failed, and what is to be done then was done: where that succeeded, the run goes on. */
  'rescue.settled': { readonly outcome: 'rescued' | 'failed' };
  'effect.intended': Intent;
  'effect.settled': EffectSettled;
  'request.received': { readonly request: RunRequest; readonly by: string };
  'request.settled': { readonly accepted: boolean; readonly why?: string };
  /** Something a person should know; the run goes on. `code` says what kind, for scripts. */
  warning: ErrorInfo;
  'drift.detected': {
    readonly target: string;
    readonly before: string;
    readonly now: string;
    readonly cause: string;
  };
  /** `steps`: those of a playbook that are carried out before; absent: none. */
  'undo.started': { readonly effects: readonly Effect[]; readonly steps?: readonly string[] };
  'undo.settled': { readonly outcome: 'done' | 'failed' | 'unknown' };
  'run.settled': RunSettled;
}

export type EventType = keyof EventData;
export type RunEvent = {
  [T in EventType]: Envelope & { readonly type: T; readonly data: EventData[T] };
}[EventType];
/** An event before the recorder has given it its envelope. */
export type NewEvent = {
  [T in EventType]: {
    readonly type: T;
    readonly node?: string;
    readonly step?: string;
    readonly data: EventData[T];
  };
}[EventType];
export type EventOf<T extends EventType> = Extract<RunEvent, { type: T }>;

export interface StepResult {
  /** Under which name it is kept; null where it is only shown. */
  readonly register: string | null;
  /** Secrets are masked in it, and long text is cut. */
  readonly value: ActionResult;
  /** Something in it is masked: a process that goes on with the run does not have it. */
  readonly masked?: true;
  /** Something in it was cut. */
  readonly truncated?: true;
}

export type StepOutcome = 'succeeded' | 'skipped' | 'failed' | 'cancelled' | 'unknown';

export type EffectSettled = {
  [K in EffectKind]: {
    readonly effect: K;
    readonly target: EffectKinds[K]['target'];
    readonly outcome: EffectOutcome;
    /** What was read back; null where that could not be read. */
    readonly read: EffectKinds[K]['found'] | null;
    readonly error?: ErrorInfo;
  };
}[EffectKind];

/** What the node and its destinations were before the run: what "back in" and "undone" mean. */
export interface Baseline {
  readonly node: string;
  readonly destinations: readonly BaselineDestination[];
  readonly pause: Pause;
  readonly profiles: readonly NamedState[];
  readonly gateways: readonly NamedState[];
  /** null: unknown. */
  readonly registrations: number | null;
  readonly coreUuid: string;
  /** The status with which the node answered a SIP OPTIONS request from here; null where it did not answer. */
  readonly options: number | null;
}

export interface BaselineDestination {
  readonly proxy: string;
  readonly set: number;
  readonly uri: string;
  readonly duid: string | null;
  readonly flags: string;
}

/** What a waiting step last saw. Every number may be unknown: then it is null, and `why` says so. */
export interface ProgressReading {
  readonly sessions: number | null;
  readonly calls: number | null;
  readonly channels: number | null;
  /** FLAGS of each of the node's destinations by `proxy set uri`; null where unknown. */
  readonly destinations: Readonly<Record<string, string | null>>;
  readonly why: readonly string[];
  /** Rows of calls that are gone (their process was killed): shown, not waited for. Absent: none, or it cannot be told. */
  readonly ghostRows?: number;
  /** Calls that came in from outside since the node was out, by where they came from. Absent: none. */
  readonly arrivals?: readonly Arrivals[];
  /** Calls that the node itself began since it was out. Absent: none. */
  readonly originated?: number;
}

export interface Arrivals {
  /** A proxy or node of the inventory by its name, else an address, masked unless the user wanted to see it. */
  readonly from: string;
  readonly calls: number;
}

export type Service = 'in service' | 'out of service' | 'unknown';

export interface RunSettled {
  readonly outcome:
    | 'done'
    | 'already'
    | 'partly'
    | 'dry-run'
    | 'refused'
    | 'restored'
    | 'held'
    | 'failed'
    | 'unknown'
    | 'interrupted';
  readonly exit: number;
  readonly nodes: Readonly<Record<string, Service>>;
  readonly callsCut: number;
  /** Commands that go on or undo, exact. */
  readonly next: readonly string[];
  readonly error?: ErrorInfo;
  /** Why the journal lacks a part of the run, which is to be mended before anything goes on with it. */
  readonly lost?: ErrorInfo;
  /** Nodes of the plan that were not begun; `nodes` has the others. */
  readonly untouched?: readonly string[];
  /** Nodes that an earlier process of the run has brought through; `nodes` has the others. */
  readonly earlier?: readonly string[];
}
