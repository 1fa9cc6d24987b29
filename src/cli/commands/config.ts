import { EXIT } from '../../domain/exit-codes.ts';
import type { Command } from '../command.ts';

export const config: Command = (program, run) => {
  const group = program.command('config').description('the inventory and what is made from it');
  group
    .command('schema')
    .description('the JSON Schema of fsha.yaml, for editors')
    .addHelpText('after', '\nExample:\n  fsha config schema > fsha.schema.json')
    .action(
      run(async ({ host }) => {
        const { inventorySchema } = await import('../../inventory/schema.ts');
        host.stdout.write(`${JSON.stringify(inventorySchema(), null, 2)}\n`);
        return EXIT.done;
      }),
    );
};
