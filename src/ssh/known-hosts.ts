/**
 * OpenSSH's known_hosts: a pure parser and matcher. What a line means is what `ssh-keygen -F` makes of it (sshd(8),
 * "SSH_KNOWN_HOSTS FILE FORMAT").
 */
import { createHash, createHmac } from 'node:crypto';

export type Marker = 'none' | 'revoked' | 'cert-authority';

export interface KnownHostLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly marker: Marker;
  /** The first field as it stands there: patterns, or one hashed name. */
  readonly hosts: string;
  /** As written, for example `ssh-ed25519`. */
  readonly keyType: string;
  /** The public key in the form it has on the wire. */
  readonly key: Buffer;
}

export interface KnownHosts {
  readonly lines: readonly KnownHostLine[];
  /** Lines that say nothing: OpenSSH passes over them, and so does fsha. */
  readonly broken: readonly { readonly file: string; readonly line: number }[];
}

export type HostKeyVerdict =
  | { readonly kind: 'trusted' }
  | { readonly kind: 'unknown'; readonly authority: KnownHostLine | null }
  | { readonly kind: 'changed'; readonly expected: readonly KnownHostLine[] }
  | { readonly kind: 'revoked'; readonly by: KnownHostLine };

const MARKERS: Readonly<Record<string, Marker>> = {
  '@revoked': 'revoked',
  '@cert-authority': 'cert-authority',
};
const DEFAULT_PORT = 22;

/** Reads one file's text; never throws. */
export function parseKnownHosts(text: string, file: string): KnownHosts {
  const lines: KnownHostLine[] = [];
  const broken: { file: string; line: number }[] = [];
  text.split('\n').forEach((raw, index) => {
    const trimmed = raw.replace(/^[ \t]+/, '').replace(/\r$/, '');
    if (trimmed === '' || trimmed.startsWith('#')) return;
    const parsed = parseLine(trimmed);
    if (parsed === null) broken.push({ file, line: index + 1 });
    else lines.push({ file, line: index + 1, ...parsed });
  });
  return { lines, broken };
}

function parseLine(text: string): Omit<KnownHostLine, 'file' | 'line'> | null {
  const fields = text.split(/[ \t]+/);
  let marker: Marker = 'none';
  if (fields[0]?.startsWith('@') === true) {
    const found = MARKERS[fields[0]];
    if (found === undefined) return null;
    marker = found;
    fields.shift();
  }
  const [hosts, keyType, encoded] = fields;
  if (hosts === undefined || keyType === undefined || encoded === undefined || hosts.startsWith('@'))
    return null;
  const key = Buffer.from(encoded, 'base64');
  // Node passes over what is no base64; a line that somebody damaged is none, whatever is left of its key.
  const whole = key.toString('base64') === encoded && isWholeKey(key, keyType);
  return whole ? { marker, hosts, keyType, key } : null;
}

/** How many fields follow the type; of other kinds of keys only the type is looked at. */
const FIELDS: ReadonlyMap<string, number> = new Map([
  ['ssh-ed25519', 1],
  ['ssh-rsa', 2],
  ['ecdsa-sha2-nistp256', 2],
  ['ecdsa-sha2-nistp384', 2],
  ['ecdsa-sha2-nistp521', 2],
]);

function isWholeKey(key: Buffer, keyType: string): boolean {
  if (typeOfKey(key) !== keyType) return false;
  const expected = FIELDS.get(keyType);
  if (expected === undefined) return true;
  let offset = 4 + keyType.length;
  for (let field = 0; field < expected; field += 1) {
    if (offset + 4 > key.length) return false;
    offset += 4 + key.readUInt32BE(offset);
  }
  return offset === key.length;
}

/** The type that a public key in its wire form gives itself; empty where it is none. */
export function typeOfKey(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length <= 64 && key.length >= 4 + length ? key.toString('latin1', 4, 4 + length) : '';
}

/** The name under which a host stands in known_hosts: `host`, or `[host]:port` where the port is not 22. */
export function knownHostName(host: string, port: number): string {
  return port === DEFAULT_PORT ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** The lines that speak of `name`, whatever their marker. */
export function linesFor(lines: readonly KnownHostLine[], name: string): KnownHostLine[] {
  const lower = name.toLowerCase();
  return lines.filter((line) => namesHost(line.hosts, lower));
}

function namesHost(hosts: string, name: string): boolean {
  return hosts.startsWith('|') ? isHashOf(hosts, name) : matchesPatterns(hosts, name);
}

function isHashOf(hashed: string, name: string): boolean {
  const [, magic, salt, hash, ...rest] = hashed.split('|');
  if (magic !== '1' || salt === undefined || hash === undefined || rest.length > 0) return false;
  const key = Buffer.from(salt, 'base64');
  return key.length === 20 && createHmac('sha1', key).update(name).digest('base64') === hash;
}

/** One negated pattern that matches outweighs all others. */
function matchesPatterns(patterns: string, name: string): boolean {
  let matched = false;
  for (const pattern of patterns.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matchesGlob(pattern.slice(1), name)) return false;
    } else if (matchesGlob(pattern, name)) matched = true;
  }
  return matched;
}

/** `*` and `?`, nothing else; without backtracking over more than the last `*`, so that no pattern is slow. */
function matchesGlob(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let index = 0;
  while (index < name.length) {
    if (pattern[at] === '*') {
      star = at++;
      resume = index;
    } else if (pattern[at] === '?' || pattern[at] === name[index]) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** What `lines`, all of them about one host, say of the key that this host has shown. */
export function judgeHostKey(lines: readonly KnownHostLine[], key: Buffer): HostKeyVerdict {
  const revoked = lines.find((line) => line.marker === 'revoked' && line.key.equals(key));
  if (revoked !== undefined) return { kind: 'revoked', by: revoked };
  const plain = lines.filter((line) => line.marker === 'none');
  if (plain.some((line) => line.key.equals(key))) return { kind: 'trusted' };
  if (plain.length > 0) return { kind: 'changed', expected: plain };
  return { kind: 'unknown', authority: lines.find((line) => line.marker === 'cert-authority') ?? null };
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** `ED25519`, `RSA`, `ECDSA`: as OpenSSH calls the type in its messages. */
export function shortType(keyType: string): string {
  if (keyType.startsWith('ecdsa')) return 'ECDSA';
  return keyType.replace(/^ssh-/, '').toUpperCase();
}
