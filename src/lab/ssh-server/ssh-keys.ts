import { randomBytes } from 'node:crypto';
import ssh2 from 'ssh2';

/** Two keys in OpenSSH's own format: the one that the lab's servers show, and the one that they let in. */
export interface LabSshKeys {
  readonly host: LabKeyPair;
  readonly user: LabKeyPair;
}

export interface LabKeyPair {
  /** A whole private key file. */
  readonly private: string;
  /** `ssh-ed25519 AAAA…`: type and base64, no comment. */
  readonly public: string;
}

export function makeLabSshKeys(): LabSshKeys {
  return { host: makeKeyPair(), user: makeKeyPair() };
}

/** A line of known_hosts. */
export function knownHostsLine(host: string, port: number, key: LabKeyPair): string {
  return `${port === 22 ? host : `[${host}]:${port}`} ${key.public}\n`;
}

function makeKeyPair(): LabKeyPair {
  for (;;) {
    // ssh2 writes no key without a comment.
    const pair = ssh2.utils.generateKeyPairSync('ed25519', {
      comment: `lab-${randomBytes(4).toString('hex')}`,
    });
    // One in three hundred of its keys is malformed (1.17).
    if (ssh2.utils.parseKey(pair.private) instanceof Error) continue;
    return { private: pair.private, public: pair.public.split(' ').slice(0, 2).join(' ') };
  }
}
