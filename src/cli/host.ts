/** Everything that a command takes from its surroundings: so that tests get at it through main(argv, host). */
import type { Readable, Writable } from 'node:stream';
import type { Clock, JournalPort } from '../workflow/ports.ts';
import type { RequestDesk } from '../workflow/request-desk.ts';

export interface Host {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Where answers to questions come from. */
  readonly stdin: Input;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Who runs fsha, and on which machine: `ops`, `bastion`. */
  readonly user: string;
  readonly machine: string;
  /** What tells that machine from others of its name; null or absent: nothing does. */
  readonly machineId?: string | null;
  readonly clock: Clock;
  /** Where the bundle lies: the lab's programs are there. */
  readonly dist: string;
  /** Whether this process is in the foreground of its terminal: one in the background must not touch its modes. */
  readonly isForeground: () => boolean;
  /** Called once a run has begun, with the way to ask something of it; what it returns is called at its end. */
  readonly onRun?: (desk: RequestDesk) => () => void;
  /** Stands between a run and its journal, which it is given, resumed runs included: sees every event on its way to the disk. */
  readonly journal?: (port: JournalPort) => JournalPort;
  /** Calls `listener` at each of these signals; returns the function that takes it away. */
  onSignal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): () => void;
}

export type Input = Readable & { readonly isTTY?: boolean };

export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};
