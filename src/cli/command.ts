/** What a command is: one file in commands/, one line in commands/registry.ts. It parses, composes, calls, and returns an exit code. */
import type { Command as Commander } from 'commander';
import { FshaError } from '../domain/errors.ts';
import type { ExitCode } from '../domain/exit-codes.ts';
import { shellQuote } from '../domain/shell-quote.ts';
import type { Host } from './host.ts';

/** Adds itself to the program; `run` is what its action returns. */
export type Command = (program: Commander, run: Runner) => void;

/** Wraps an action, so that its exit code reaches main and its errors are printed in one way. */
export type Runner = (action: (call: Call) => Promise<ExitCode>) => (...parsed: unknown[]) => Promise<void>;

export interface Call {
  readonly host: Host;
  readonly globals: GlobalOptions;
  /** Positional arguments, in order. */
  readonly args: readonly string[];
  /** The command's own options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Secrets that the inventory knows nothing of: those of a playbook. No program that fsha starts gets them. */
  readonly secrets?: readonly string[];
}

export interface GlobalOptions {
  readonly config: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly tui: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** An option that is a text; undefined where it was not given. */
export function textOption(call: Call, name: string): string | undefined {
  const value = call.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** An option that may be given more than once. */
export function listOption(call: Call, name: string): readonly string[] {
  const value = call.options[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** For commander: gathers an option that may be given more than once. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** Whether colours may be used on standard output. */
export function wantsColor({ host, globals }: Call): boolean {
  const { NO_COLOR: none, TERM: terminal } = host.env;
  return (
    globals.color && (none === undefined || none === '') && terminal !== 'dumb' && host.stdout.isTTY === true
  );
}

/** Positional argument number `index`; commander has made sure that a required one is there. */
export function argument(call: Call, index: number): string {
  const value = call.args[index];
  if (value === undefined) throw new FshaError('usage', 'an argument is missing', 'See --help.');
  return value;
}

/** How fsha was called, for the commands that it prints: exact, ready to be pasted. */
export function callText({ globals }: Pick<Call, 'globals'>): string {
  const { config } = globals;
  return config === undefined ? 'fsha' : shellQuote(['fsha', '--config', config]);
}

/** Who runs fsha, as journals and marks say it: `ops@bastion`. */
export function whoAsks({ host }: Call): string {
  return `${host.user}@${host.machine}`;
}
