/** Of which playbook a run was made: what a process that goes on with it has to know. */
import type { JsonValue } from './json.ts';

export interface PlaybookSource {
  readonly name: string;
  /** As it was given: its file, or the name of one that fsha brings. */
  readonly path: string;
  /** Every file that was read, the playbook's own first. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** The values of the variables, but for secret ones. */
  readonly vars: Readonly<Record<string, JsonValue>>;
  /** Where the secret ones are read, `env:NAME` or `file:PATH`. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What was answered beforehand, by the question's name. */
  readonly answers: Readonly<Record<string, string>>;
}
