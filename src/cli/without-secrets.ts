/** The surroundings of a command of the user's on this machine. */
import type { Cluster } from '../domain/cluster.ts';
import { secretsIn } from '../domain/secret.ts';

/** A secret of so many characters is looked for inside of values too: in a URL, say. A shorter one may be there by chance. */
const TELLING = 8;

/**
 * `env` without what holds a secret of the inventory, whatever its name: what a command writes is journaled, and one that
 * prints its environment must not print a password with it.
 */
export function withoutSecrets(
  cluster: Cluster,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const secrets = [...new Set(secretsIn(cluster).map((secret) => secret.reveal()))];
  const isSafe = (value: string): boolean =>
    secrets.every(
      (secret) => value.trim() !== secret.trim() && (secret.length < TELLING || !value.includes(secret)),
    );
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || !isSafe(value) ? [] : [[name, value] as const],
    ),
  );
}
