/** The surroundings of programs that fsha starts on this machine. */
import type { Cluster } from '../domain/cluster.ts';
import { secretsIn } from '../domain/secret.ts';

/** A secret of so many characters is looked for inside of values too: in a URL, say. A shorter one may be there by chance. */
const TELLING = 8;

/**
 * `env` without what holds a secret of the inventory, whatever its name: what a command writes is journaled, and one that
 * prints its environment must not print a password with it.
 * @param others secrets that the inventory knows nothing of
 */
export function withoutSecrets(
  cluster: Cluster,
  env: Readonly<Record<string, string | undefined>>,
  others: readonly string[] = [],
): Readonly<Record<string, string>> {
  const secrets = [
    ...new Set([...secretsIn(cluster).map((secret) => secret.reveal()), ...others].flatMap(spellings)),
  ];
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

/** The secret, and the password within it where it is a DSN (PGPASSWORD holds that alone); each also as URLs have it. */
function spellings(secret: string): readonly string[] {
  return [secret, ...passwordsIn(secret)]
    .filter((text) => text.trim() !== '')
    .flatMap((text) => [text, inUrl(text)]);
}

function passwordsIn(dsn: string): readonly string[] {
  const written = URL.canParse(dsn) ? new URL(dsn).password : '';
  // As libpq reads it: quoted where there are blanks, a backslash before a quote.
  const word = /(?:^|[\s/])password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))/.exec(dsn);
  return [written, decoded(written), (word?.[1] ?? word?.[2] ?? '').replace(/\\(.)/g, '$1')];
}

function inUrl(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half of a character: no URL has that.
    return text;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
