import { Option } from 'commander';
import { FshaError } from '../../domain/errors.ts';
import { type Call, collect, type Command, listOption, textOption } from '../command.ts';
import type { HangUpWish } from '../hang-up.ts';
import { duration } from '../node-policy.ts';

export const calls: Command = (program, run) => {
  program
    .command('calls')
    .description('the calls of a node, oldest first; or hang some of them up')
    .argument('<node>', 'a node of the inventory')
    .option('--older-than <duration>', 'only calls that have been up for longer')
    .addOption(
      // Without a uuid it is '', so that one that was forgotten is told from one that was not given.
      new Option('--hangup [uuid]', 'hang up this call (repeatable); without a uuid those of --older-than')
        .preset('')
        .argParser(collect),
    )
    .option('--reason <text>', 'why calls are hung up, for the record')
    .option('--show-numbers', "callers' numbers as they are, on the screen and in the journal")
    .addHelpText('after', EXAMPLES)
    .action(
      run(async (call) => {
        const uuids = listOption(call, 'hangup');
        const age = ageOption(call);
        if (call.options['hangup'] === undefined) {
          const { listCalls } = await import('../list-calls.ts');
          return listCalls(call, age);
        }
        const { hangUpCalls } = await import('../hang-up.ts');
        return hangUpCalls(call, wishOf(uuids, age));
      }),
    );
};

function ageOption(call: Call): number | null {
  const text = textOption(call, 'olderThan');
  return text === undefined ? null : duration('--older-than', text);
}

function wishOf(uuids: readonly string[], age: number | null): HangUpWish {
  const named = uuids.filter((uuid) => uuid !== '');
  if (named.length === 0 && age !== null) return { kind: 'older', ms: age };
  if (named.length < uuids.length) throw new FshaError('usage', '--hangup without a uuid says no call', HINT);
  if (age !== null)
    throw new FshaError('usage', '--older-than and a uuid to hang up exclude each other', HINT);
  return { kind: 'named', uuids: named };
}

const HINT = 'Say either --hangup UUID, once for each call, or --hangup --older-than 2h.';

const EXAMPLES = `
Examples:
  fsha calls node-1
  fsha calls node-1 --older-than 2h --json | jq .calls
  fsha calls node-1 --hangup 3f1c8a52-9d0e-4c7b-8a64-0b7a52f1d0c3 --reason 'stuck in a queue'
  fsha calls node-1 --hangup --older-than 2h --dry-run`;
