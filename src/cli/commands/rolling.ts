import { collect, type Command } from '../command.ts';

export const rolling: Command = (program, run) => {
  program
    .command('rolling')
    .description('drain, restart and verify node after node')
    .argument('[nodes...]', 'nodes of the inventory')
    .option('--all', 'every node')
    .option('--select <label>', 'the nodes with this label: role=edge', collect)
    .option('--max-unavailable <nodes>', 'so many may be out at a time: a number, or a percentage of all')
    .option('--canary <nodes>', 'so many go first, in a batch of their own')
    .option('--pause <duration>', 'between two batches')
    .option('--max-failures <nodes>', 'stop when more than so many nodes fail')
    .option('--headroom <share>', "the share of the others' capacity that stays free: 20%")
    .option('--order <what>', 'inventory, or sessions: those with the fewest first')
    .option('--skip-unreachable', 'leave out nodes that cannot be read')
    .option('--until <time>', "no node is out later than this: 05:00, or '05:00 Europe/Berlin'")
    .option('--min-drain <duration>', 'none is begun that has less than this to drain before --until')
    .option('--timeout <duration>', 'how long the calls of a node may take to end, or none')
    .option('--poll <duration>', 'time between two looks')
    .option('--settle <duration>', 'how long zero calls have to be seen')
    .option('--then <what>', 'for nodes that somebody else disabled: activate them afterwards')
    .option('--on-timeout <what>', 'restore (give it back), hold (keep it out), or hangup (cut, then go on)')
    .option('--threshold <calls>', 'cut the last calls of a node once so few are left')
    .option('--no-restart', 'drain each and put it back, without a restart')
    .option('--reason <text>', 'why, for the record')
    .option('--ignore-proxy <name>', 'go on although this proxy does not answer', collect)
    .option('--show-numbers', "callers' numbers and addresses as they are, on the screen and in the journal")
    .option('--force <check>', 'overrule this preflight check', collect)
    .addHelpText('after', EXAMPLES)
    .action(
      run(async (call) => {
        const { runRolling } = await import('../run-rolling.ts');
        return runRolling(call);
      }),
    );
};

const EXAMPLES = `
Examples:
  fsha rolling --all --dry-run                     batches, order, what would wait; nothing changed
  fsha rolling --all --reason 'kernel update'
  fsha rolling --select role=edge --max-unavailable 25% --canary 1 --pause 10m
  fsha rolling node-1 node-2 --until '05:00 Europe/Berlin'`;
