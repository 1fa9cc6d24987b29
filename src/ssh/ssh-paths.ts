/** Paths as they stand in an ssh configuration: `~`, `${VARIABLE}` and the tokens of ssh_config(5). */
import { join } from 'node:path';

export interface PathTokens {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly localUser: string;
  /** Of the remote side. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The host as it was asked for, before the configuration gave it another name. */
  readonly original: string;
}

/** What is no token that fsha knows stays as it is. */
export function expandPath(path: string, tokens: PathTokens): string {
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    d: tokens.home,
    h: tokens.host,
    n: tokens.original,
    p: `${tokens.port}`,
    r: tokens.user,
    u: tokens.localUser,
  };
  const atHome = path === '~' || path.startsWith('~/') ? join(tokens.home, path.slice(1)) : path;
  return atHome
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => tokens.env[name] ?? whole)
    .replace(/%(.)/g, (whole, letter: string) => values[letter] ?? whole);
}

/** A path below the home folder as people write it. */
export function shortPath(path: string, home: string): string {
  return home !== '' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
