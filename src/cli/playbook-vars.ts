/** The values of a playbook's variables, from its defaults and the command line. Secrets are read last, and only into memory. */
import { readFile } from 'node:fs/promises';
import { FshaError } from '../domain/errors.ts';
import type { JsonValue } from '../domain/playbook/json.ts';
import type { PlaybookVariable } from '../domain/playbook/playbook.ts';
import { giveVariables, type GivenVariables, type SecretSource } from '../domain/playbook/variables.ts';
import type { Host } from './host.ts';

/** @param given the texts of `--var` @throws FshaError `usage` with every problem, one a line */
export function variablesOf(declared: readonly PlaybookVariable[], given: readonly string[]): GivenVariables {
  const reading = giveVariables(declared, given);
  if ('problems' in reading) throw new FshaError('usage', reading.problems.join('\n'));
  return reading.value;
}

/** `env:NAME` or `file:PATH`, as it is written down. */
export function sourceText(source: SecretSource): string {
  return source.from === 'env' ? `env:${source.name}` : `file:${source.path}`;
}

/** @throws FshaError `secret` without anything of the secret in it */
export async function readSecret(name: string, source: string, host: Host): Promise<string> {
  const unset = (why: string): FshaError =>
    new FshaError(
      'secret',
      `the secret variable ${name} cannot be read: ${why}`,
      'Put it there again; another run takes it from elsewhere with --var.',
    );
  const [, kind = '', rest = ''] = /^(env|file):(.*)$/s.exec(source) ?? [];
  if (kind === 'env') {
    const value = host.env[rest];
    if (value === undefined || value === '') throw unset(`the environment has no ${rest}`);
    return value;
  }
  try {
    return (await readFile(rest, 'utf8')).replace(/\r?\n$/, '');
  } catch {
    throw unset(`there is no file ${rest} that can be read`);
  }
}

/** All of them, by name. */
export async function readAllSecrets(
  sources: Readonly<Record<string, string>>,
  host: Host,
): Promise<Readonly<Record<string, string>>> {
  const read = Object.entries(sources).map(async ([name, source]): Promise<readonly [string, string]> => [
    name,
    await readSecret(name, source, host),
  ]);
  return Object.fromEntries(await Promise.all(read));
}

/** Those that the playbook declares and that have no value are nothing. */
export function withUndefined(
  declared: readonly PlaybookVariable[],
  { values }: GivenVariables,
): Readonly<Record<string, JsonValue>> {
  const missing = declared.filter(({ name, secret }) => !secret && !Object.hasOwn(values, name));
  return { ...Object.fromEntries(missing.map(({ name }) => [name, null])), ...values };
}
