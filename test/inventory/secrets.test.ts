import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inventoryFolder, inventoryText, refusal } from './inventory-folder.ts';
import type { InventoryFolder } from './inventory-folder.ts';

const withPassword = (reference: string): string =>
  inventoryText({ defaults: `defaults: { esl: { password: ${reference} } }` });
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n';

async function password(folder: InventoryFolder, reference: string, env = {}): Promise<string | undefined> {
  return (await folder.load(withPassword(reference), { env })).nodes[0]?.esl.password.reveal();
}

describe('secrets that can be read', () => {
  it('from a variable, as it is', async () => {
    await using folder = await inventoryFolder();
    expect(await password(folder, '{ env: PW }', { PW: ' pass wörd ' })).toBe(' pass wörd ');
  });

  it('from a file, without the line break at its end', async () => {
    await using folder = await inventoryFolder();
    await folder.write('a', 'hunter2');
    await folder.write('b', 'hunter2\n', 0o640);
    await folder.write('c', 'hunter2\r\n', 0o400);
    await folder.write('home/d', ' hunter2 \n');
    expect(await password(folder, '{ file: a }')).toBe('hunter2');
    expect(await password(folder, '{ file: ./b }')).toBe('hunter2');
    expect(await password(folder, `{ file: ${folder.path}/c }`)).toBe('hunter2');
    expect(await password(folder, '{ file: ~/d }')).toBe(' hunter2 ');
  });

  it('from a file behind a symbolic link, whose own mode says nothing', async () => {
    await using folder = await inventoryFolder();
    await folder.write('..data/pw', 'hunter2\n');
    await symlink('..data/pw', join(folder.path, 'pw'));
    expect(await password(folder, '{ file: pw }')).toBe('hunter2');
  });

  it('from the inventory, with a warning where everybody can read that', async () => {
    await using folder = await inventoryFolder();
    const warnings: string[] = [];
    const onWarning = (line: string): void => void warnings.push(line);
    await folder.load(withPassword('{ literal: hunter2 }'), { env: {}, onWarning });
    expect(warnings).toEqual([]);
    const text = withPassword('{ literal: hunter2 }');
    const { loadInventory } = await import('../../src/inventory/load-inventory.ts');
    const open = await folder.write('open.yaml', text, 0o644);
    await loadInventory(open, { env: {}, home: '/', cwd: folder.path, onWarning });
    expect(warnings).toEqual([
      'open.yaml:1:1 This file holds literal secrets and everybody can read it: run chmod o-r on it, or name files or variables.',
    ]);
  });

  it('certificates and keys', async () => {
    await using folder = await inventoryFolder();
    await folder.write('tls/ca.pem', CERTIFICATE, 0o644);
    await folder.write('tls/fsha.pem', CERTIFICATE, 0o644);
    await folder.write('tls/fsha.key', KEY);
    const proxies =
      "  lb-1: { rpc: 'https://a', tls: { ca: tls/ca.pem, cert: tls/fsha.pem, key: tls/fsha.key } }";
    const [proxy] = (await folder.load(inventoryText({ proxies }))).proxies;
    expect(proxy?.rpc.tls?.ca).toBe(CERTIFICATE);
    expect(proxy?.rpc.tls?.cert).toBe(CERTIFICATE);
    expect(proxy?.rpc.tls?.key?.reveal()).toBe(KEY);
    expect(JSON.stringify(proxy)).not.toContain('hunter2');
  });
});

describe('secrets that cannot be read', () => {
  it.each([
    ['a missing variable', '{ env: PW }', {}, 'The environment variable PW is not set.'],
    ['an empty variable', '{ env: PW }', { PW: '' }, 'The environment variable PW is empty.'],
    [
      'a variable of two lines',
      '{ env: PW }',
      { PW: 'hunter2\nexit' },
      'The environment variable PW holds more than one line.',
    ],
    [
      'a variable with control characters',
      '{ env: PW }',
      { PW: 'hunter2\u0007' },
      'The environment variable PW holds control characters.',
    ],
  ])('%s', async (_what, reference, env, text) => {
    await using folder = await inventoryFolder();
    const error = await refusal(folder.load(withPassword(reference), { env }));
    expect(error.code).toBe('secret');
    expect(error.message).toBe(`fsha.yaml:7:37 defaults.esl.password.env: ${text}`);
    expect(error.message).not.toContain('hunter2');
  });

  it.each([
    ['everybody can read it', 'hunter2', 0o644, 'is open to everybody (mode 0644): run chmod o-rwx FILE'],
    ['everybody can write it', 'hunter2', 0o602, 'is open to everybody (mode 0602): run chmod o-rwx FILE'],
    ['it is empty', '', 0o600, 'is empty'],
    ['it holds a line break alone', '\n', 0o600, 'is empty'],
    ['it holds two lines', 'hunter2\nexit\n', 0o600, 'holds more than one line'],
    ['it holds control characters', 'hunter2\0', 0o600, 'holds control characters'],
    ['it is not text', new Uint8Array([0xff, 0xfe]), 0o600, 'is not UTF-8 text'],
    ['it is too large', 'x'.repeat(65_537), 0o600, 'is too large: 65537 bytes, and 65536 are the most'],
  ])('a file: %s', async (_what, content, mode, text) => {
    await using folder = await inventoryFolder();
    const file = await folder.write('pw', content, mode);
    const error = await refusal(folder.load(withPassword('{ file: pw }'), { env: {} }));
    expect(error.code).toBe('secret');
    const said = text.replace('FILE', file);
    expect(error.message).toBe(`fsha.yaml:7:38 defaults.esl.password.file: The secret file ${file} ${said}.`);
    expect(error.message).not.toContain('hunter2');
  });

  it('a file that is not there', async () => {
    await using folder = await inventoryFolder();
    const error = await refusal(folder.load(withPassword('{ file: none }'), { env: {} }));
    expect(error.message).toContain(`The secret file ${folder.path}/none does not exist.`);
  });

  it('a directory, and a pipe that nobody writes to', async () => {
    await using folder = await inventoryFolder();
    await mkdir(join(folder.path, 'dir'), { mode: 0o700 });
    execFileSync('/bin/sh', ['-c', 'umask 077; mkfifo "$0"', join(folder.path, 'pipe')]);
    const directory = await refusal(folder.load(withPassword('{ file: dir }'), { env: {} }));
    expect(directory.message).toContain(`The secret file ${folder.path}/dir is not a file.`);
    const pipe = await refusal(folder.load(withPassword('{ file: pipe }'), { env: {} }));
    expect(pipe.message).toContain(`The secret file ${folder.path}/pipe is not a file.`);
  });

  it('a file without permission', async () => {
    await using folder = await inventoryFolder();
    const file = await folder.write('pw', 'hunter2', 0o600);
    await chmod(file, 0o000);
    await chmod(folder.path, 0o755);
    await folder.write('fsha.yaml', withPassword('{ file: pw }'), 0o644);
    const { loadInventory } = await import('../../src/inventory/load-inventory.ts');
    const error = await unprivileged(() =>
      refusal(loadInventory(join(folder.path, 'fsha.yaml'), { env: {}, home: '/', cwd: folder.path })),
    );
    expect(error.code).toBe('secret');
    expect(error.message).toContain(`The secret file ${file} cannot be read: permission denied.`);
  });

  it.each([
    [
      'a key that everybody can read',
      'key',
      KEY,
      0o644,
      'secret',
      /The key file \S+ is open to everybody \(mode 0644\)/,
    ],
    [
      'a key that is none',
      'key',
      'hunter2',
      0o600,
      'secret',
      /The key file \S+ holds no private key in PEM form\./,
    ],
    [
      'an encrypted key',
      'key',
      KEY.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE'),
      0o600,
      'secret',
      /The key file \S+ is encrypted\./,
    ],
    [
      'an encrypted key of the old form',
      'key',
      KEY.replace('\nh', '\nProc-Type: 4,ENCRYPTED\nh'),
      0o600,
      'secret',
      /is encrypted\./,
    ],
    [
      'a certificate that is none',
      'cert',
      'hunter2',
      0o600,
      'inventory',
      /The certificate file \S+ holds no certificate in PEM form\./,
    ],
  ])('%s', async (_what, which, content, mode, code, text) => {
    await using folder = await inventoryFolder();
    await folder.write('cert', CERTIFICATE, 0o644);
    await folder.write('key', KEY);
    await folder.write(which, content, mode);
    const proxies = "  lb-1: { rpc: 'https://a', tls: { cert: cert, key: key } }";
    const error = await refusal(folder.load(inventoryText({ proxies })));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(error.message).not.toContain('hunter2');
  });

  it('a broken inventory and a missing secret together are an inventory error that names both', async () => {
    await using folder = await inventoryFolder();
    const error = await refusal(folder.load(inventoryText({ rest: 'drain: { poll: 5 }' }), { env: {} }));
    expect(error.code).toBe('inventory');
    expect(error.message).toMatch(/FSHA_ESL_PASSWORD is not set\.\n.*drain\.poll/);
  });
});

describe('without secrets', () => {
  it('nothing is read, and what is revealed all the same is a bug', async () => {
    await using folder = await inventoryFolder();
    const proxies =
      "  lb-1: { rpc: 'https://a', token: { header: H, value: { file: none } }, tls: { ca: none, cert: none, key: none } }";
    const cluster = await folder.load(inventoryText({ proxies }), { env: {}, secrets: 'leave' });
    expect(() => cluster.nodes[0]?.esl.password.reveal()).toThrow(/loaded without its secrets/);
    expect(() => cluster.proxies[0]?.rpc.tls?.key?.reveal()).toThrow(/loaded without its secrets/);
    expect(cluster.proxies[0]?.rpc.tls?.ca).toBeUndefined();
    expect(JSON.stringify(cluster)).toContain('"password":"[secret]"');
  });

  it('what the inventory says of them is checked all the same', async () => {
    await using folder = await inventoryFolder();
    const error = await refusal(folder.load(withPassword('hunter2'), { env: {}, secrets: 'leave' }));
    expect(error.code).toBe('inventory');
  });
});

/** Root reads every file: for a moment the process is nobody. */
async function unprivileged<T>(act: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}
