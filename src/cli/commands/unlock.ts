import type { Command } from '../command.ts';

export const unlock: Command = (program, run) => {
  program
    .command('unlock')
    .description('who holds the lock; asks that run to stop and to give back what it did')
    .addHelpText('after', EXAMPLES)
    .action(
      run(async (call) => {
        const { unlockCluster } = await import('../unlock.ts');
        return unlockCluster(call);
      }),
    );
};

const EXAMPLES = `
Examples:
  fsha unlock --dry-run                     who holds it, and nothing else
  fsha unlock                               asks you first, then that run to stop
  fsha unlock --yes --json | jq .ended`;
