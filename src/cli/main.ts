/** The command line: `main(argv, host)` is all there is to call, from bin/fsha.js as from tests. */
import { Command as Commander, CommanderError } from 'commander';
import { type ErrorInfo, errorInfo, type ErrorCode } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import { printable } from '../domain/text.ts';
import type { Call, GlobalOptions, Runner } from './command.ts';
import { COMMANDS } from './commands/registry.ts';
import type { Host } from './host.ts';
import { version } from './version.ts';

export { isForeground } from '../local/foreground.ts';
export { machineId } from '../local/machine-id.ts';
export { systemClock } from '../workflow/system-clock.ts';

/** Runs one command to its end. @returns the exit code; never throws */
export async function main(argv: readonly string[], host: Host): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done;
  const program = new Commander('fsha')
    .description('Takes a FreeSWITCH node out of service for maintenance without losing a call.')
    .version(version)
    .option(
      '--config <file>',
      'the inventory; else $FSHA_CONFIG, ./fsha.yaml, $XDG_CONFIG_HOME/fsha/fsha.yaml, /etc/fsha/fsha.yaml',
    )
    .option('--json', 'NDJSON events of a run, or one JSON document for a query; nothing else on stdout')
    .option('--quiet', 'warnings, errors and the end only')
    .option('--verbose', 'everything that happens')
    .option('--no-tui', 'plain lines even on a terminal')
    .option('--no-color', 'no colours (also: NO_COLOR)')
    .option('--yes', 'answer yes to what is asked')
    .option('--dry-run', 'say what would be done, and stop')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      getOutHelpWidth: () => host.stdout.columns ?? 100,
      getErrHelpWidth: () => host.stderr.columns ?? 100,
    });
  const runner: Runner =
    (action) =>
    async (...parsed) => {
      const command = parsed.at(-1) as Commander;
      const call: Call = {
        host,
        globals: globalsOf(command.optsWithGlobals()),
        args: command.args,
        options: command.opts(),
      };
      try {
        exit = await action(call);
      } catch (error) {
        const info = errorInfo(error);
        host.stderr.write(errorText(info, error, call.globals.verbose));
        exit = exitOf(info.code);
      }
    };
  for (const add of COMMANDS) add(program, runner);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    host.stderr.write(errorText(errorInfo(error), error, true));
    return EXIT.bug;
  }
  return exit;
}

function globalsOf(options: Readonly<Record<string, unknown>>): GlobalOptions {
  return {
    config: typeof options['config'] === 'string' ? options['config'] : undefined,
    json: options['json'] === true,
    quiet: options['quiet'] === true,
    verbose: options['verbose'] === true,
    color: options['color'] !== false,
    tui: options['tui'] !== false,
    yes: options['yes'] === true,
    dryRun: options['dryRun'] === true,
  };
}

/** Message lines may be several (an inventory with several mistakes); each is made printable on its own. */
function errorText(info: ErrorInfo, error: unknown, verbose: boolean): string {
  const message = info.message
    .split('\n')
    .map((line) => printable(line, 2_000))
    .join('\n');
  const hint = info.hint === '' ? '' : `      ${printable(info.hint, 2_000)}\n`;
  const stack = verbose && info.code === 'bug' && error instanceof Error ? `${error.stack ?? ''}\n` : '';
  return `fsha: ${message}\n${hint}${stack}`;
}

/** The exit code of an error that ended a command before, or without, a run. */
function exitOf(code: ErrorCode): ExitCode {
  switch (code) {
    case 'usage':
    case 'inventory':
    case 'secret':
      return EXIT.usage;
    case 'refused':
    case 'journal':
      return EXIT.refused;
    case 'locked':
      return EXIT.locked;
    case 'interrupted':
      return EXIT.interrupted;
    case 'bug':
      return EXIT.bug;
    default:
      return EXIT.unknown;
  }
}
