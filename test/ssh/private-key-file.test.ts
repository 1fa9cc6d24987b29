import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { type KeyFile, KeyFiles } from '../../src/ssh/private-key-file.ts';

let dir: string;
let file: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fsha-key-'));
  file = join(dir, 'id');
});

afterEach(() => rm(dir, { recursive: true, force: true }));

async function writeKey(passphrase: string): Promise<void> {
  const { private: text } = ssh2.utils.generateKeyPairSync('rsa', {
    bits: 1024,
    cipher: 'aes256-cbc',
    passphrase,
    rounds: 1,
  });
  await writeFile(file, text, { mode: 0o600 });
}

const secret = new Secret('open sesame');

/** The key itself, so that one that was opened anew is told from one that was kept. */
async function keyOf(keys: KeyFiles, passphrase: Secret | null = secret): Promise<object> {
  const read: KeyFile = (await keys.read(file, passphrase)).file;
  if (read.kind !== 'usable') throw new Error(read.kind === 'missing' ? 'missing' : read.why);
  return read.key;
}

test('a key that was opened once is not opened again', async () => {
  await writeKey('open sesame');
  const keys = new KeyFiles();
  const first = await keyOf(keys);
  expect(await keyOf(keys)).toBe(first);
});

test('a file that has changed is opened anew', async () => {
  await writeKey('open sesame');
  const keys = new KeyFiles();
  const first = await keyOf(keys);
  await writeKey('open sesame');
  expect(await keyOf(keys)).not.toBe(first);
});

test('a key that was opened does not open to another passphrase, nor to none', async () => {
  await writeKey('open sesame');
  const keys = new KeyFiles();
  await keyOf(keys);
  await expect(keyOf(keys, new Secret('open barley'))).rejects.toThrow('does not open with the passphrase');
  await expect(keyOf(keys, null)).rejects.toThrow('no passphrase is given');
  await keyOf(keys);
});

test('a key that was opened is not used when others can read it meanwhile, or when it is gone', async () => {
  await writeKey('open sesame');
  const keys = new KeyFiles();
  await keyOf(keys);
  await chmod(file, 0o644);
  await expect(keyOf(keys)).rejects.toThrow('can be read by others');
  await rm(file);
  await expect(keyOf(keys)).rejects.toThrow('missing');
});
