/** Reads what secret references point at, each once. What goes wrong is reported, never with the secret in it. */
import { Secret } from '../domain/secret.ts';
import type { Problem, Path } from '../yaml/problem.ts';
import { decodeUtf8, readSmallFile } from '../yaml/read-file.ts';
import { saidBack, saidFile } from '../yaml/said-back.ts';
import type { SecretReference } from './secret-reference.ts';

const LARGEST = 64 * 1024;

/** Stands for a secret that was not asked for. To reveal it is a mistake in fsha, and says so. */
export class UnreadSecret extends Secret {
  constructor() {
    super('');
  }

  override reveal(): never {
    throw new Error('a secret is needed, and the inventory was loaded without its secrets');
  }
}

export interface SecretReader {
  /** A password or token: one line. The path says where the reference stands. */
  secret(reference: SecretReference, path: Path): Promise<Secret>;
  /** A PEM file with a private key. */
  privateKey(file: string, path: Path): Promise<Secret>;
  /** A PEM file with certificates; undefined where it was not read. */
  certificates(file: string, path: Path): Promise<string | undefined>;
}

/** Touches neither the environment nor any file. */
export const leaveUnread: SecretReader = {
  secret: () => Promise.resolve(new UnreadSecret()),
  privateKey: () => Promise.resolve(new UnreadSecret()),
  certificates: () => Promise.resolve(undefined),
};

export function readSecrets(
  env: Readonly<Record<string, string | undefined>>,
  resolvePath: (written: string) => string,
  report: (problem: Problem) => void,
): SecretReader {
  // A password under defaults is asked for once for every node.
  const done = new Map<SecretReference, Promise<Secret>>();
  const refuse = (path: Path, text: string): UnreadSecret => {
    report({ path, text, kind: 'secret' });
    return new UnreadSecret();
  };
  const read = async (reference: SecretReference, path: Path): Promise<Secret> => {
    if (reference.from === 'literal') return reference.value;
    if (reference.from === 'env') {
      const value = env[reference.name];
      if (value === undefined)
        return refuse([...path, 'env'], `The environment variable ${saidBack(reference.name)} is not set.`);
      if (value === '')
        return refuse([...path, 'env'], `The environment variable ${saidBack(reference.name)} is empty.`);
      const wrong = notOneLine(value);
      return wrong === undefined
        ? new Secret(value)
        : refuse([...path, 'env'], `The environment variable ${saidBack(reference.name)} ${wrong}.`);
    }
    const file = resolvePath(reference.path);
    const text = await readText(file, true);
    if ('wrong' in text) return refuse([...path, 'file'], `The secret file ${text.wrong}.`);
    // The line break that editors and echo leave at the end belongs to the file, not to the secret.
    const value = text.value.replace(/\r?\n$/, '');
    const wrong = value === '' ? 'is empty' : notOneLine(value);
    return wrong === undefined
      ? new Secret(value)
      : refuse([...path, 'file'], `The secret file ${saidFile(file)} ${wrong}.`);
  };
  return {
    secret(reference, path) {
      const begun = done.get(reference) ?? read(reference, path);
      done.set(reference, begun);
      return begun;
    },
    async privateKey(written, path) {
      const file = resolvePath(written);
      const text = await readText(file, true);
      if ('wrong' in text) return refuse(path, `The key file ${text.wrong}.`);
      if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text.value)) {
        return refuse(
          path,
          `The key file ${saidFile(file)} is encrypted. Give fsha a key without a passphrase that only it can read.`,
        );
      }
      const isKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text.value);
      return isKey
        ? new Secret(text.value)
        : refuse(path, `The key file ${saidFile(file)} holds no private key in PEM form.`);
    },
    async certificates(written, path) {
      const file = resolvePath(written);
      const text = await readText(file, false);
      if ('wrong' in text) report({ path, text: `The certificate file ${text.wrong}.` });
      else if (text.value.includes('-----BEGIN CERTIFICATE-----')) return text.value;
      else report({ path, text: `The certificate file ${saidFile(file)} holds no certificate in PEM form.` });
      return undefined;
    },
  };
}

async function readText(
  file: string,
  privately: boolean,
): Promise<{ readonly value: string } | { readonly wrong: string }> {
  const reading = await readSmallFile(file, LARGEST, privately);
  if ('wrong' in reading) return reading;
  const value = decodeUtf8(reading.bytes);
  return value === undefined ? { wrong: `${saidFile(file)} is not UTF-8 text` } : { value };
}

/** A line break in a password would end the command that carries it, and begin another. */
function notOneLine(value: string): string | undefined {
  if (/[\r\n]/.test(value)) return 'holds more than one line';
  return /[\u0000-\u001f\u007f]/.test(value) ? 'holds control characters' : undefined;
}
