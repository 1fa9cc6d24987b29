/** Whether a host is the one it was: known_hosts files read, and the verdict turned into an error. Never forced. */
import { readFile } from 'node:fs/promises';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import {
  fingerprint,
  type HostKeyVerdict,
  judgeHostKey,
  knownHostName,
  type KnownHostLine,
  linesFor,
  parseKnownHosts,
  shortType,
  typeOfKey,
} from './known-hosts.ts';
import type { Hop } from './route.ts';

export interface HostKeyCheck {
  /** What to offer, what is known of the host first: else a host known by its RSA key shows its ED25519 key. */
  readonly algorithms: readonly ServerHostKeyAlgorithm[];
  /** Null where the key is to be trusted. */
  judge(key: Buffer): FshaError | null;
}

const OFFERED: readonly (readonly [keyType: string, algorithms: readonly ServerHostKeyAlgorithm[]])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  // Not ssh-rsa, which would sign with SHA-1.
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
];

export interface HostKeyQuestion {
  readonly hop: Hop;
  /** Begins every message. */
  readonly label: string;
  /** The key that the host showed earlier in this process: it must not become another one under a run. */
  readonly pinned: Buffer | null;
  readonly onWarning: (text: string) => void;
}

/** Reads the known_hosts files of a hop, anew for each connection. */
export async function readHostKeyCheck({
  hop,
  label,
  pinned,
  onWarning,
}: HostKeyQuestion): Promise<HostKeyCheck> {
  const all: KnownHostLine[] = [];
  for (const file of [...hop.userKnownHostsFiles, ...hop.globalKnownHostsFiles]) {
    const text = await readIfPresent(file, onWarning);
    if (text !== null) all.push(...parseKnownHosts(text, file).lines);
  }
  const lines = linesOfHop(all, hop);
  return {
    algorithms: algorithmsFor(lines, pinned),
    judge: (key) => judgeKey(key, lines, { hop, label, pinned }),
  };
}

async function readIfPresent(file: string, onWarning: (text: string) => void): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      onWarning(`${printable(file)} cannot be read (${code}); the host keys in it are not known.`);
    return null;
  }
}

interface LinesOfHop {
  readonly own: readonly KnownHostLine[];
  /**
   * As OpenSSH: a host at another port than 22 that has no line of its own may be known by its name alone. Another key
   * there means nothing, since it belongs to another server of the same host.
   */
  readonly withoutPort: readonly KnownHostLine[];
}

function linesOfHop(lines: readonly KnownHostLine[], hop: Hop): LinesOfHop {
  if (hop.hostKeyAlias !== null) return { own: linesFor(lines, hop.hostKeyAlias), withoutPort: [] };
  const own = linesFor(lines, knownHostName(hop.host, hop.port));
  const hasOwn = own.some((line) => line.marker === 'none') || hop.port === 22;
  return { own, withoutPort: hasOwn ? [] : linesFor(lines, hop.host) };
}

function judgeLines({ own, withoutPort }: LinesOfHop, key: Buffer): HostKeyVerdict {
  const verdict = judgeHostKey(own, key);
  if (verdict.kind !== 'unknown') return verdict;
  const second = judgeHostKey(withoutPort, key);
  return second.kind === 'trusted' || second.kind === 'revoked' ? second : verdict;
}

function algorithmsFor({ own, withoutPort }: LinesOfHop, pinned: Buffer | null): ServerHostKeyAlgorithm[] {
  const known = new Set(
    [...own, ...withoutPort].filter((line) => line.marker === 'none').map((line) => line.keyType),
  );
  const pinnedType = pinned === null ? '' : typeOfKey(pinned);
  const rank = (keyType: string): number => (keyType === pinnedType ? 0 : known.has(keyType) ? 1 : 2);
  return OFFERED.toSorted(([a], [b]) => rank(a) - rank(b)).flatMap(([, algorithms]) => algorithms);
}

function judgeKey(
  key: Buffer,
  lines: LinesOfHop,
  { hop, label, pinned }: Omit<HostKeyQuestion, 'onWarning'>,
): FshaError | null {
  const verdict = judgeLines(lines, key);
  const shown = `${shortType(typeOfKey(key))} ${fingerprint(key)}`;
  switch (verdict.kind) {
    case 'trusted':
      if (pinned === null || pinned.equals(key)) return null;
      return new FshaError(
        'ssh.host-key-changed',
        `${label}: the host key is ${shown}, but it was ${fingerprint(pinned)} when fsha logged in before`,
        'Find out whether this is still the same machine before you go on.',
      );
    case 'revoked':
      return new FshaError(
        'ssh.host-key-revoked',
        `${label}: the host key ${shown} is marked as revoked in ${place(verdict.by)}`,
        'Do not connect to this host; ask whoever revoked its key.',
      );
    case 'changed':
      return new FshaError(
        'ssh.host-key-changed',
        changedText(label, shown, verdict.expected),
        changedHint(hop),
      );
    case 'unknown':
      return new FshaError(
        'ssh.host-key-unknown',
        `${label}: the host key ${shown} is not known`,
        unknownHint(hop, verdict.authority),
      );
  }
}

function changedText(label: string, shown: string, expected: readonly KnownHostLine[]): string {
  const places = expected.map(
    (line) => `${shortType(line.keyType)} ${fingerprint(line.key)} in ${place(line)}`,
  );
  return `${label}: the host key is ${shown}, but known is ${places.slice(0, 4).join(', ')}`;
}

function changedHint(hop: Hop): string {
  const name = hop.hostKeyAlias ?? knownHostName(hop.host, hop.port);
  return (
    'Somebody may be in the way, or the host was set up anew: find out which. Only in the latter case remove the old key ' +
    `with: ssh-keygen -R '${printable(name)}'${fileOption(hop)}`
  );
}

function unknownHint(hop: Hop, authority: KnownHostLine | null): string {
  const target = hop.port === 22 ? '' : `-p ${hop.port} `;
  const file = hop.userKnownHostsFiles[0] ?? '~/.ssh/known_hosts';
  const hint =
    `Compare the fingerprint on the host itself (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then connect once with ` +
    `"ssh ${target}${printable(hop.user)}@${printable(hop.host)}", or add the host with: ` +
    `ssh-keyscan ${target}${printable(hop.host)} >> ${printable(file)}`;
  if (authority === null) return hint;
  return `Only a @cert-authority line speaks of this host (${place(authority)}), and fsha cannot use host certificates. ${hint}`;
}

function fileOption(hop: Hop): string {
  const file = hop.userKnownHostsFiles[0];
  return file === undefined ? '' : ` -f '${printable(file)}'`;
}

function place(line: KnownHostLine): string {
  return `${printable(line.file)}:${line.line}`;
}
