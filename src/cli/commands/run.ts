import { collect, type Command } from '../command.ts';

export const runCommand: Command = (program, run) => {
  program
    .command('run')
    .description('carry out a playbook, checked as a whole before anything is touched')
    .argument('<playbook>', 'its file, or the name of one that fsha playbook list shows')
    .argument('[nodes...]', 'nodes of the inventory; else those that the playbook names')
    .option('--select <label>', 'the nodes with this label: role=edge', collect)
    .option(
      '--var <name=value>',
      'a variable of the playbook; a secret one as name=env:NAME or name=file:PATH',
      collect,
    )
    .option('--answer <name=answer>', 'answers a question of the playbook beforehand', collect)
    .option('--step', 'ask before each step')
    .option('--timeout <duration>', 'how long the calls of a node may take to end, or none')
    .option('--poll <duration>', 'time between two looks')
    .option('--settle <duration>', 'how long zero calls have to be seen')
    .option('--on-timeout <what>', 'restore (give it back), hold (keep it out), or hangup (cut, then go on)')
    .option('--threshold <calls>', 'cut the last calls of a node once so few are left')
    .option('--no-restart', 'of a playbook that is a drain: without its restart')
    .option('--hold', 'of a playbook that is a drain: stop when it is drained; it stays out')
    .option('--then <what>', 'for a node that somebody else disabled: activate or leave it afterwards')
    .option('--reason <text>', 'why, for the record')
    .option('--ignore-proxy <name>', 'go on although this proxy does not answer', collect)
    .option('--show-numbers', "callers' numbers and addresses as they are, on the screen and in the journal")
    .option('--force <check>', 'overrule this preflight check', collect)
    .addHelpText('after', EXAMPLES)
    .action(
      run(async (call) => {
        const { runPlaybook } = await import('../run-playbook.ts');
        return runPlaybook(call);
      }),
    );
};

const EXAMPLES = `
Examples:
  fsha run upgrade.yaml node-1 --dry-run          the plan for each node; nothing changed
  fsha run upgrade.yaml --select role=edge --var package=freeswitch
  fsha run upgrade.yaml node-1 --var token=env:TOKEN --answer go=yes`;
