import { EXIT } from '../../domain/exit-codes.ts';
import type { Command } from '../command.ts';

export const playbook: Command = (program, run) => {
  const group = program
    .command('playbook')
    .description('runbooks that can be run: look at them, check them, begin one');
  group
    .command('list')
    .description("those of ./playbooks, of the inventory's folder and of fsha itself")
    .addHelpText('after', '\nExample:\n  fsha playbook list')
    .action(run(async (call) => (await import('../playbooks.ts')).listThem(call)));
  group
    .command('show')
    .description('what it is for, its variables and steps')
    .argument('<playbook>', 'a file, or a name of the list')
    .addHelpText('after', '\nExample:\n  fsha playbook show drain')
    .action(run(async (call) => (await import('../playbooks.ts')).showOne(call)));
  group
    .command('check')
    .description('everything that is wrong with it, with its place; exits 2 then')
    .argument('<playbook>', 'a file, or a name of the list')
    .addHelpText('after', '\nExample:\n  fsha playbook check upgrade.yaml')
    .action(run(async (call) => (await import('../playbooks.ts')).checkOne(call)));
  group
    .command('new')
    .description('a file to begin with')
    .argument('<file>', 'a file that is not there yet')
    .addHelpText('after', '\nExample:\n  fsha playbook new upgrade.yaml')
    .action(run(async (call) => (await import('../playbooks.ts')).writeNew(call)));
  group
    .command('schema')
    .description('the JSON Schema of playbooks, for editors')
    .addHelpText('after', '\nExample:\n  fsha playbook schema > playbook.schema.json')
    .action(
      run(async ({ host }) => {
        const { playbookSchema } = await import('../../playbook/json-schema.ts');
        host.stdout.write(`${JSON.stringify(playbookSchema(), null, 2)}\n`);
        return EXIT.done;
      }),
    );
};
