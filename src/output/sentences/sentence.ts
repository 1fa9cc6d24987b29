/** What a sentence is: an event in words. One file for each type of event, one line in registry.ts. */
import { effectKey, type Effect, type Intent } from '../../domain/effect.ts';
import type { ErrorInfo } from '../../domain/errors.ts';
import type { Plan, PlannedStep } from '../../domain/plan.ts';
import { stepNamed } from '../../domain/playbook/all-steps.ts';
import type { Policy } from '../../domain/policy.ts';
import type { EventData, EventOf, EventType, RunEvent } from '../../domain/run-events.ts';
import { printable } from '../../domain/text.ts';
import { CutCalls } from '../call-words.ts';
import { stepDoing } from '../step-words.ts';

/** How much it matters: `detail` is for --verbose only, `end` is the end of the run. */
export type Level = 'detail' | 'info' | 'good' | 'warning' | 'error' | 'end';

export interface Sentence<T extends EventType> {
  readonly level: (event: EventOf<T>, context: SentenceContext) => Level;
  /** The words, perhaps several lines; null: not worth a line. Everything from outside is printable in it. */
  readonly say: (event: EventOf<T>, context: SentenceContext) => string | null;
}

/** What an earlier event has said and a later sentence needs. */
export interface SentenceContext {
  readonly verbose: boolean;
  readonly plan: Plan | null;
  readonly policy: Policy | null;
  /** What was found before the effect that is settled now, and when it began (monotonic ms). */
  readonly intentOf: (event: RunEvent, effect: Pick<Effect, 'effect' | 'target'>) => OpenIntent | undefined;
  /** The oldest request that is not settled. */
  readonly openRequest: EventData['request.received'] | undefined;
  /** The calls that were to be cut so far. */
  readonly cutCalls: CutCalls;
  /** How fsha was called: `fsha`, or `fsha --config FILE`. */
  readonly call: string;
  /** Whether this very error has been told, so that its hint need not be told again. */
  readonly wasTold: (error: ErrorInfo) => boolean;
}

export interface OpenIntent {
  readonly intent: Intent;
  readonly mono: number;
}

/** The kind of the step an event belongs to: from the plan, else from the step's name. */
export function stepKind(event: RunEvent, context: SentenceContext): string {
  const id = event.step ?? '';
  return plannedOf(event, context)?.kind ?? id.slice(id.indexOf('/') + 1);
}

/** What the step is doing: in the words of its playbook, where it is of one and has a name there. */
export function stepTitle(event: RunEvent, context: SentenceContext): string {
  const name = plannedOf(event, context)?.frame?.name;
  return name === undefined ? stepDoing(stepKind(event, context)) : printable(name);
}

/** Whether a playbook has a name of its own for the step. */
export function isNamed(event: RunEvent, context: SentenceContext): boolean {
  return plannedOf(event, context)?.frame !== undefined;
}

function plannedOf({ step }: RunEvent, { plan }: SentenceContext): PlannedStep | undefined {
  return plan === null || step === undefined ? undefined : stepNamed(plan, step);
}

/** `node-1: `, or nothing for an event of the whole run. */
export function subject(event: RunEvent): string {
  return event.node === undefined ? '' : `${printable(event.node)}: `;
}

/** Text from outside, whole as far as anybody would read it. */
export function said(text: string): string {
  return printable(text, 1000);
}

/** An error with what to do about it on a line below, unless it was told before. */
export function errorWords(error: ErrorInfo, context: SentenceContext): string {
  return error.hint === '' || context.wasTold(error)
    ? said(error.message)
    : `${said(error.message)}\n  ${said(error.hint)}`;
}

/** Remembers of the events so far what later sentences need. */
export class SentenceMemory implements SentenceContext {
  readonly verbose: boolean;
  plan: Plan | null = null;
  policy: Policy | null = null;
  call = 'fsha';
  readonly cutCalls = new CutCalls();
  readonly #intents = new Map<string, OpenIntent>();
  #requests: readonly EventData['request.received'][] = [];
  readonly #told = new Set<string>();

  constructor(verbose: boolean) {
    this.verbose = verbose;
  }

  get openRequest(): EventData['request.received'] | undefined {
    return this.#requests[0];
  }

  intentOf = (event: RunEvent, effect: Pick<Effect, 'effect' | 'target'>): OpenIntent | undefined =>
    this.#intents.get(`${event.node ?? ''} ${effectKey(effect)}`);

  wasTold = (error: ErrorInfo): boolean => this.#told.has(error.message);

  /** Takes in an event, after its sentence was made. */
  note(event: RunEvent): void {
    this.cutCalls.note(event);
    switch (event.type) {
      case 'run.started':
        this.plan = event.data.plan;
        this.policy = event.data.policy;
        this.call = event.data.call ?? 'fsha';
        break;
      case 'run.resumed':
        // The clock of another process: durations across it would be nonsense.
        this.#intents.clear();
        break;
      case 'effect.intended':
        this.#intents.set(`${event.node ?? ''} ${effectKey(event.data)}`, {
          intent: event.data,
          mono: event.mono,
        });
        break;
      case 'effect.settled':
      case 'step.settled':
        if (event.data.error !== undefined) this.#told.add(event.data.error.message);
        break;
      case 'request.received':
        this.#requests = [...this.#requests, event.data];
        break;
      case 'request.settled':
        this.#requests = this.#requests.slice(1);
        break;
      default:
    }
  }
}
