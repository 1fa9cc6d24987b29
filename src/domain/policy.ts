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
}

/** What a person asks of a run under way. */
export type RunRequest =
  | { readonly kind: 'extend'; readonly node?: string; readonly ms: number }
  | { readonly kind: 'hold'; readonly node?: string }
  | { readonly kind: 'cut'; readonly node?: string; readonly confirmed: number }
  | { readonly kind: 'abort'; readonly node?: string };
