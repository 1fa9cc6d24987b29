/** Everything that a command takes from its surroundings: so that tests get at it through main(argv, host). */
import type { Writable } from 'node:stream';
import type { Clock } from '../workflow/ports.ts';

export interface Host {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Who runs fsha, and on which machine: `ops`, `bastion`. */
  readonly user: string;
  readonly machine: string;
  readonly clock: Clock;
  /** Where the bundle lies: the lab's programs are there. */
  readonly dist: string;
  /** Calls `listener` at each of these signals; returns the function that takes it away. */
  onSignal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): () => void;
}

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };
