/** What the user wants of a run: settings of the inventory, overruled by flags, changed by requests while it runs. */
import type { FencePolicy, OnTimeout } from './cluster.ts';

/** All durations are milliseconds. */
export interface Policy {
  /** From the moment the node is out; null: no deadline. */
  readonly timeout: number | null;
  readonly poll: number;
  /** Zero counts when it was seen at least twice over this long. */
  readonly settle: number;
  readonly onTimeout: OnTimeout;
  /** Once no more calls than this are left, those that count are cut; 0: never for that reason. */
  readonly threshold: number;
  /** Which calls may be cut, and how. */
  readonly cutting: CutRules;
  /** Run on this machine once the node is out; null: nothing. */
  readonly onOut: { readonly command: string; readonly timeout: number } | null;
  readonly fence: FencePolicy;
  readonly restart: boolean;
  /** Stop when drained, stay out. */
  readonly hold: boolean;
  readonly ignoreProxies: readonly string[];
  /** Names of checks whose refusal is overruled. */
  readonly force: readonly string[];
  /** What becomes of a node that somebody else had disabled; null: refuse. */
  readonly foundDisabled: 'activate' | 'leave' | null;
  readonly minSoak: number;
  /** Callers' numbers and addresses as they are, in events as on the screen; else masked. */
  readonly showNumbers: boolean;
}

export interface CutRules {
  /** FreeSWITCH's name of a hangup cause. */
  readonly cause: string;
  /** Regular expressions over destination numbers: a call to one of these is never cut, nor is any other beside it. */
  readonly protect: readonly string[];
  /** How long after the deadline protected calls are waited for, ms; null: for ever. */
  readonly protectTimeout: number | null;
  /** Regular expressions over destination numbers: calls that may be cut without counting. */
  readonly expendable: readonly string[];
}

/** What a person asks of a run under way. */
export type RunRequest =
  | { readonly kind: 'extend'; readonly node?: string; readonly ms: number }
  | { readonly kind: 'hold'; readonly node?: string }
  | { readonly kind: 'cut'; readonly node?: string; readonly confirmed: number }
  /** Always of the whole run: what is stopped is all of it. Earlier versions could write a node there. */
  | { readonly kind: 'abort'; readonly node?: never };
