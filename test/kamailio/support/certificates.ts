import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

export interface Certificates {
  readonly ca: string;
  /** For 127.0.0.1 and localhost. */
  readonly server: KeyPair;
  /** For another name. */
  readonly elsewhere: KeyPair;
  readonly expired: KeyPair;
  readonly client: KeyPair;
  /** Signed by itself. */
  readonly alone: KeyPair;
}

/** Makes an authority and what it signs, with the openssl of this machine. */
export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'fsha-certificates-'));
  const file = (name: string): string => join(directory, name);
  const openssl = (...words: string[]): void =>
    void execFileSync('openssl', words, { stdio: 'pipe', cwd: directory });
  const pair = (name: string): KeyPair => ({
    key: readFileSync(file(`${name}.key`), 'utf8'),
    cert: readFileSync(file(`${name}.crt`), 'utf8'),
  });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const selfSigned = (name: string, subject: string, ...extensions: string[]): void =>
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-subj',
      subject,
      ...extensions,
    );
  const signed = (name: string, subject: string, extension: string, days = '2'): KeyPair => {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    writeFileSync(file(`${name}.ext`), extension);
    const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...authority,
      '-days',
      days,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    );
    return pair(name);
  };
  try {
    selfSigned('ca', '/CN=fsha test authority');
    selfSigned('alone', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1');
    return {
      ca: pair('ca').cert,
      alone: pair('alone'),
      server: signed('server', '/CN=localhost', 'subjectAltName=IP:127.0.0.1,DNS:localhost\n'),
      elsewhere: signed('elsewhere', '/CN=elsewhere.test', 'subjectAltName=DNS:elsewhere.test\n'),
      expired: signed('expired', '/CN=localhost', 'subjectAltName=IP:127.0.0.1\n', '-1'),
      client: signed('client', '/CN=fsha', 'extendedKeyUsage=clientAuth\n'),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
