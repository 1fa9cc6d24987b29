/** Every command that fsha has, from its own registry: one that is added tomorrow is asked for as well. */
import { Command as Commander } from 'commander';
import { COMMANDS } from '../../../src/cli/commands/registry.ts';

/** Those that read no inventory. */
const WITHOUT_INVENTORY: ReadonlySet<string> = new Set([
  'config schema',
  'demo',
  'playbook list',
  'playbook show',
  'playbook check',
  'playbook new',
  'playbook schema',
]);

/** What stands for the arguments that a command must have. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  node: 'node-1',
  run: 'last',
  playbook: 'drain',
  file: 'new.yaml',
};

/** What a command must be told beside its arguments. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  rolling: ['--all'],
  run: ['node-1'],
};

export interface RegisteredCommand {
  /** `drain`, `config schema`. */
  readonly name: string;
  /** As it is called with nothing but what it must have. */
  readonly call: readonly string[];
  readonly readsInventory: boolean;
}

/** @throws where a command must have an argument that is not known here */
export function registeredCommands(): readonly RegisteredCommand[] {
  const program = new Commander();
  for (const add of COMMANDS) add(program, () => () => Promise.resolve());
  return program.commands.flatMap((command) => leaves(command, []));
}

/** The command that is called by these words. */
export function commandIn(words: readonly string[]): string {
  const found = registeredCommands().find(({ name }) => `${words.join(' ')} `.startsWith(`${name} `));
  if (found === undefined) throw new Error(`${words.join(' ')} is no command`);
  return found.name;
}

function leaves(command: Commander, above: readonly string[]): readonly RegisteredCommand[] {
  const words = [...above, command.name()];
  if (command.commands.length > 0) return command.commands.flatMap((one) => leaves(one, words));
  const given = command.registeredArguments
    .filter((argument) => argument.required)
    .map((argument) => {
      const value = ARGUMENTS[argument.name()];
      if (value === undefined) throw new Error(`what is a ${argument.name()} of ${words.join(' ')}?`);
      return value;
    });
  const name = words.join(' ');
  const call = [...words, ...given, ...(OPTIONS[name] ?? [])];
  return [{ name, call, readsInventory: !WITHOUT_INVENTORY.has(name) }];
}
