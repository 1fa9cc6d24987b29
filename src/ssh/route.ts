/** From an SSH target of the inventory and the user's own configuration to the hops that lead there. */
import type { SshTarget } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import type { Secret } from '../domain/secret.ts';
import { printable } from '../domain/text.ts';
import type { ConfigQuestion, ConfigReader, UserConfig } from './ssh-config.ts';
import { expandPath, type PathTokens } from './ssh-paths.ts';
import { addressText } from './tcp-connect.ts';

/** One SSH server on the way, with everything that is needed to log in there. */
export interface Hop {
  /** What is dialled. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The name to look up in known_hosts instead of host and port. */
  readonly hostKeyAlias: string | null;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly identityFiles: readonly IdentityFile[];
  /** Whether user certificates are configured, which fsha cannot use. */
  readonly certificates: boolean;
  readonly passphrase: Secret | null;
  /** Path of the agent's socket. */
  readonly agent: string | null;
  /** Only keys of `identityFiles` are tried, also of those in the agent. */
  readonly identitiesOnly: boolean;
}

export interface IdentityFile {
  readonly path: string;
  /** Named in the inventory: then it has to be usable. */
  readonly required: boolean;
}

export interface RouteContext {
  /** Names the host in errors. */
  readonly where: string;
  readonly readConfig: ConfigReader;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Who runs fsha. */
  readonly localUser: string;
}

const MOST_HOPS = 8;
const DEFAULT_KEYS = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];
const DEFAULT_GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** The SSH server as people write it: `user@host:port`. */
export function hopText(hop: Pick<Hop, 'user' | 'host' | 'port'>): string {
  return `${printable(hop.user)}@${addressText(hop.host, hop.port)}`;
}

/**
 * The hops to `target`, the first is reached from here, the last is the target. What the inventory says wins over the
 * user's configuration; its key, passphrase and known_hosts serve for the jump hosts too.
 *
 * @throws FshaError `ssh.config` where the configuration cannot be followed
 */
export async function planRoute(
  target: SshTarget,
  context: RouteContext,
  signal: AbortSignal,
): Promise<Hop[]> {
  const last = await ask({ host: target.host, port: target.port, user: target.user }, context, signal);
  const jumps = target.jump ?? configuredJumps(last.config, context, target.host);
  const route = await planJumps(jumps, target, context, signal, 1);
  return [...route, toHop(last, target, context)];
}

async function planJumps(
  jumps: readonly string[],
  target: SshTarget,
  context: RouteContext,
  signal: AbortSignal,
  depth: number,
): Promise<Hop[]> {
  if (depth + jumps.length > MOST_HOPS) {
    const message = `${context.where}: the way through jump hosts has more than ${MOST_HOPS} hops, or goes round in a circle`;
    throw new FshaError(
      'ssh.config',
      message,
      'Check ProxyJump in the ssh configuration and "jump" in the inventory.',
    );
  }
  const hops: Hop[] = [];
  for (const [index, jump] of jumps.entries()) {
    const answer = await ask(parseJump(jump, context.where), context, signal);
    if (index === 0) {
      // As ssh -J does: only the first jump host is reached in the way its own configuration says.
      const before = configuredJumps(answer.config, context, answer.question.host);
      hops.push(...(await planJumps(before, target, context, signal, depth + jumps.length)));
    }
    hops.push(toHop(answer, target, context));
  }
  return hops;
}

interface Answer {
  readonly question: ConfigQuestion;
  readonly config: UserConfig | null;
}

async function ask(question: ConfigQuestion, context: RouteContext, signal: AbortSignal): Promise<Answer> {
  requireSafeWord('host name', question.host, context.where);
  if (question.user !== undefined) requireSafeWord('user name', question.user, context.where);
  return { question, config: await context.readConfig(question, signal) };
}

/** A word that begins with a hyphen would be an option to ssh. */
function requireSafeWord(kind: string, word: string, where: string): void {
  if (word !== '' && !word.startsWith('-') && !/[\s\u0000-\u001f\u007f]/.test(word)) return;
  const message = `${where}: "${printable(word)}" cannot be the ${kind} of an SSH server`;
  throw new FshaError('ssh.config', message, 'Correct it in the inventory or in the ssh configuration.');
}

function configuredJumps(
  config: UserConfig | null,
  { where }: RouteContext,
  host: string,
): readonly string[] {
  if (config !== null && config.proxyCommand !== null) {
    throw new FshaError(
      'ssh.config',
      `${where}: the ssh configuration reaches ${printable(host)} through a ProxyCommand, which fsha does not support`,
      'Name the jump hosts with ProxyJump there, or with "ssh.jump" in the inventory.',
    );
  }
  return config?.proxyJump ?? [];
}

const JUMP = /^(?:ssh:\/\/)?(?:(.+)@)?(\[[^\]]+\]|[^:[\]@]+)(?::(\d{1,5}))?\/?$/;

/** @throws FshaError `ssh.config` */
export function parseJump(text: string, where: string): ConfigQuestion {
  const [, user, host, port] = JUMP.exec(text.trim()) ?? [];
  const number = port === undefined ? undefined : Number(port);
  if (host === undefined || (number !== undefined && (number < 1 || number > 65_535))) {
    const message = `${where}: "${printable(text)}" is not a jump host`;
    throw new FshaError('ssh.config', message, 'Write [user@]host[:port], an IPv6 address in brackets.');
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: number, user };
}

function toHop({ question, config }: Answer, target: SshTarget, context: RouteContext): Hop {
  const { env, home, localUser } = context;
  const host = config?.hostname || question.host;
  const port = question.port ?? config?.port ?? 22;
  const user = question.user ?? (config?.user || localUser);
  requireSafeWord('host name', host, context.where);
  const tokens: PathTokens = { home, env, localUser, host, port, user, original: question.host };
  const expand = (path: string): string => expandPath(path, tokens);
  const named = target.identityFile;
  return {
    host,
    port,
    user,
    hostKeyAlias: config?.hostKeyAlias ?? null,
    userKnownHostsFiles:
      target.knownHostsFile === undefined
        ? (config?.userKnownHostsFiles ?? ['~/.ssh/known_hosts']).map(expand)
        : [expand(target.knownHostsFile)],
    globalKnownHostsFiles: (config?.globalKnownHostsFiles ?? DEFAULT_GLOBAL_KNOWN_HOSTS).map(expand),
    identityFiles:
      named === undefined
        ? (config?.identityFiles ?? DEFAULT_KEYS).map((path) => ({ path: expand(path), required: false }))
        : [{ path: expand(named), required: true }],
    certificates: (config?.certificateFiles.length ?? 0) > 0,
    passphrase: target.passphrase ?? null,
    agent: agentSocket(config?.identityAgent ?? null, env, expand),
    identitiesOnly: config?.identitiesOnly ?? false,
  };
}

function agentSocket(
  configured: string | null,
  env: RouteContext['env'],
  expand: (path: string) => string,
): string | null {
  if (configured?.toLowerCase() === 'none') return null;
  if (configured === null || configured === 'SSH_AUTH_SOCK') return env['SSH_AUTH_SOCK'] || null;
  const variable = /^\$(\w+)$/.exec(configured)?.[1];
  if (variable !== undefined) return env[variable] || null;
  return expand(configured);
}
