/** What a check says before anything is changed. */

export interface Verdict {
  /** The check's name: what `--force` takes. */
  readonly check: string;
  /** The node the verdict is about; absent where it is about the cluster or a proxy. */
  readonly node?: string;
  readonly level: 'ok' | 'warning' | 'refusal';
  /** One sentence: what was seen. */
  readonly why: string;
  /** What to mend, one sentence; absent where nothing is to be done. */
  readonly fix?: string;
  /** Whether `--force CHECK` makes a warning of this refusal. */
  readonly forceable: boolean;
  /** Set where the user forced it: what was a refusal is a warning now. */
  readonly forced?: boolean;
  /** Exit code of a run refused for this; 3 unless the check says 4 (held by another run). */
  readonly locked?: boolean;
}
