/** Private keys on disk, under the rules that OpenSSH has for them. */
import { readFile, stat } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { printable } from '../domain/text.ts';
import type { Secret } from '../domain/secret.ts';
import { loadSsh2, type Ssh2 } from './load-ssh2.ts';

export type KeyFile =
  | { readonly kind: 'usable'; readonly key: ParsedKey }
  | { readonly kind: 'missing' }
  /** `why` is a clause that follows the name of the file. */
  | { readonly kind: 'unusable'; readonly why: string; readonly hint: string };

export interface KeyFileReading {
  readonly file: KeyFile;
  /** The public half in its wire form, where it can be told without a passphrase: an agent may hold this key. */
  readonly publicKey: Buffer | null;
}

const OPENSSH_KEY = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END OPENSSH PRIVATE KEY-----/;
const OPENSSH_MAGIC = 'openssh-key-v1\0';

interface Parsed {
  readonly text: string;
  readonly passphrase: string | undefined;
  readonly file: KeyFile;
}

/**
 * The key files of a process. A file is read each time and opened anew only where it has changed: a passphrase costs half
 * a second of computing by design, and everything else in the process waits meanwhile.
 */
export class KeyFiles {
  readonly #parsed = new Map<string, Parsed>();

  /** Reads one key file; never throws. */
  read(path: string, passphrase: Secret | null): Promise<KeyFileReading> {
    return readKeyFile(path, (text, ssh2) => this.#parse(path, text, passphrase, ssh2));
  }

  #parse(path: string, text: string, secret: Secret | null, ssh2: Ssh2): KeyFile {
    const passphrase = secret?.reveal();
    const before = this.#parsed.get(path);
    if (before?.text === text && before.passphrase === passphrase) return before.file;
    const file = parsePrivateKey(text, passphrase, path, ssh2);
    this.#parsed.set(path, { text, passphrase, file });
    return file;
  }
}

async function readKeyFile(
  path: string,
  parse: (text: string, ssh2: Ssh2) => KeyFile,
): Promise<KeyFileReading> {
  const ssh2 = await loadSsh2();
  const beside = await publicKeyBeside(path, ssh2);
  let text: string;
  try {
    const trouble = modeTrouble(await stat(path), path);
    if (trouble !== null) return { file: trouble, publicKey: beside };
    text = await readFile(path, 'utf8');
  } catch (error) {
    return { file: readTrouble(error), publicKey: beside };
  }
  return {
    file: parse(text, ssh2),
    publicKey: publicKeyIn(text, ssh2) ?? beside,
  };
}

/** OpenSSH ignores a key that others can read, but only where the file is the user's own (sshkey_perm_ok). */
function modeTrouble(found: { uid: number; mode: number; isFile(): boolean }, path: string): KeyFile | null {
  if (!found.isFile()) return { kind: 'unusable', why: 'is not a file', hint: 'Name the private key file.' };
  if (found.uid !== process.getuid?.() || (found.mode & 0o077) === 0) return null;
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  return {
    kind: 'unusable',
    why: `can be read by others (mode ${mode})`,
    hint: `Make it private: chmod 600 '${printable(path)}'`,
  };
}

function readTrouble(error: unknown): KeyFile {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
  return {
    kind: 'unusable',
    why: `cannot be read (${code})`,
    hint: 'Give the user who runs fsha the right to read it.',
  };
}

function parsePrivateKey(text: string, passphrase: string | undefined, path: string, ssh2: Ssh2): KeyFile {
  const key = firstKey(ssh2.utils.parseKey(text, passphrase));
  if (!(key instanceof Error)) {
    return key.isPrivateKey()
      ? { kind: 'usable', key }
      : {
          kind: 'unusable',
          why: 'holds a public key only',
          hint: 'Name the private key, or add it to the ssh agent.',
        };
  }
  if (/no passphrase/i.test(key.message)) {
    return {
      kind: 'unusable',
      why: 'is encrypted and no passphrase is given',
      hint: 'Give "ssh.passphrase" in the inventory by env or file, or add the key to the ssh agent.',
    };
  }
  if (passphrase !== undefined && /passphrase|integrity|decrypt|bad/i.test(key.message)) {
    return {
      kind: 'unusable',
      why: 'does not open with the passphrase given',
      hint: 'Correct the passphrase.',
    };
  }
  return {
    kind: 'unusable',
    why: 'is not a private key that fsha can read',
    hint: `OpenSSH's own format is read for ed25519, ECDSA and RSA: ssh-keygen -p -f '${printable(path)}' converts to it.`,
  };
}

function firstKey(parsed: ParsedKey | Error | readonly ParsedKey[]): ParsedKey | Error {
  if (!isList(parsed)) return parsed;
  return parsed[0] ?? new Error('no key');
}

function isList(parsed: ParsedKey | Error | readonly ParsedKey[]): parsed is readonly ParsedKey[] {
  return Array.isArray(parsed);
}

/** OpenSSH's own format keeps the public half in clear text, even of an encrypted key. */
function publicKeyIn(text: string, ssh2: Ssh2): Buffer | null {
  const encoded = OPENSSH_KEY.exec(text)?.[1];
  if (encoded !== undefined) return publicBlob(Buffer.from(encoded, 'base64'));
  return publicKeyOf(text, ssh2);
}

function publicBlob(data: Buffer): Buffer | null {
  if (data.toString('latin1', 0, OPENSSH_MAGIC.length) !== OPENSSH_MAGIC) return null;
  let at = OPENSSH_MAGIC.length;
  const field = (): Buffer | null => {
    if (at + 4 > data.length) return null;
    const end = at + 4 + data.readUInt32BE(at);
    if (end > data.length) return null;
    const value = data.subarray(at + 4, end);
    at = end;
    return value;
  };
  const cipher = field();
  const kdf = field();
  const kdfOptions = field();
  if (cipher === null || kdf === null || kdfOptions === null) return null;
  at += 4;
  return field();
}

function publicKeyOf(text: string, ssh2: Ssh2): Buffer | null {
  const key = firstKey(ssh2.utils.parseKey(text));
  return key instanceof Error ? null : key.getPublicSSH();
}

async function publicKeyBeside(path: string, ssh2: Ssh2): Promise<Buffer | null> {
  try {
    return publicKeyOf(await readFile(`${path}.pub`, 'utf8'), ssh2);
  } catch {
    return null;
  }
}
