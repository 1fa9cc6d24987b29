/**
 * Programs that write down how they were called, arguments and environment, and then are the real one: what runs for
 * milliseconds only is not always there when somebody looks at /proc.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Recorder {
  /** What was recorded: for each call the arguments and the environment, NUL behind each, one after the other. */
  readonly recorded: () => string;
}

/** Puts a recorder before `program` into `folder`, which is to be the first of a PATH. */
export function recordProgram(folder: string, program: string): Recorder {
  const real = (process.env['PATH'] ?? '')
    .split(':')
    .map((place) => join(place, program))
    .find((path) => existsSync(path));
  if (real === undefined) throw new Error(`there is no ${program} in the PATH`);
  return recorder(folder, program, 'cat /proc/$$/cmdline /proc/$$/environ', `exec ${real} "$@"`);
}

/**
 * Has every command that comes over SSH written down, by a forced command in the user's authorized keys: the command, the
 * arguments of the process that it would be, and its environment.
 */
export function recordRemoteCommands(folder: string, authorizedKeysFile: string): Recorder {
  const remote = recorder(
    folder,
    'remote-command',
    `{ printf '%s\\0' "$SSH_ORIGINAL_COMMAND"; cat /proc/$$/environ; }`,
    'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"',
  );
  const keys = readFileSync(authorizedKeysFile, 'utf8').split('\n');
  const forced = `command="${join(folder, 'remote-command')}"`;
  writeFileSync(
    authorizedKeysFile,
    keys.map((line) => (line === '' ? line : `${forced} ${line}`)).join('\n'),
  );
  return remote;
}

function recorder(folder: string, name: string, record: string, act: string): Recorder {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.recorded`);
  const script = join(folder, name);
  writeFileSync(script, `#!/bin/sh\n${record} >> '${file}'\n${act}\n`);
  chmodSync(script, 0o755);
  return { recorded: () => (existsSync(file) ? readFileSync(file, 'latin1') : '') };
}
