import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { ENV, inventoryFolder, inventoryText, refusal } from './inventory-folder.ts';

describe('the whole of it', () => {
  it.each([
    [
      'no version',
      'cluster: a\nproxies: {}\nnodes: {}',
      'fsha.yaml:1:1 version: The version of the format is missing: write version: 1.',
    ],
    [
      'a list',
      '- a\n- b\n',
      'fsha.yaml:1:1 This is a list: a map with version: 1 and so on is expected here.',
    ],
    ['a text', 'hunter2', 'fsha.yaml:1:1 This is a text: a map with version: 1 and so on is expected here.'],
    [
      'comments only',
      '# nothing\n',
      'fsha.yaml:1:1 Nothing stands here: a map with version: 1 and so on is expected.',
    ],
    [
      'another version alone is named',
      'version: 2\nsites: {}\n',
      'fsha.yaml:1:10 version: This fsha reads version 1 only: write version: 1.',
    ],
    ['a syntax error', 'version: 1\ncluster: a: b\n', /^fsha\.yaml:2:10 Two key: value pairs/],
    [
      'a tab',
      'version: 1\nproxies:\n\tlb: x\n',
      'fsha.yaml:3:1 A tab cannot be used as indentation. Use spaces.',
    ],
  ])('%s', async (_what, text, said) => {
    await using folder = await inventoryFolder();
    const error = await refusal(folder.load(text));
    expect(error.code).toBe('inventory');
    if (typeof said === 'string') expect(error.message.split('\n')).toContain(said);
    else expect(error.message).toMatch(said);
  });

  it('names every problem at once in the order of the file, also what only holds between keys', async () => {
    await using folder = await inventoryFolder();
    const error = await refusal(
      folder.load(`version: 1
cluster: Voice
proxies:
  lb-1: { rpc: 'http://a', usrname: x }
  lb-2: { rpc: 'http://b', via: ssh }
nodes:
  node-1: { destinations: [{ set: 1, uri: fs1 }] }
  node-2: { destinations: [{ set: 1, uri: sip:fs2 }] }
  node-3: { destinations: [{ set: 1, uri: sip:fs2 }], esl: { host: fs3, password: { env: MISSING } } }
drain: { timeout: 30 }
`),
    );
    expect(error.code).toBe('inventory');
    expect(error.message.split('\n').map((line) => line.replace(/^fsha\.yaml:(\S+ \S+): .*/, '$1'))).toEqual([
      '2:10 cluster',
      '4:28 proxies.lb-1.usrname',
      '5:33 proxies.lb-2.via',
      '7:43 nodes.node-1.destinations[0].uri',
      '8:3 nodes.node-2.esl.password',
      '9:43 nodes.node-3.destinations[0].uri',
      '9:90 nodes.node-3.esl.password.env',
      '10:19 drain.timeout',
    ]);
  });

  it('stops listing after a hundred lines', async () => {
    await using folder = await inventoryFolder();
    const nodes = Array.from({ length: 150 }, (_, index) => `  node-${index}: {}`).join('\n');
    const lines = (await refusal(folder.load(inventoryText({ nodes })))).message.split('\n');
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe('fsha.yaml: … and 50 more problems.');
  });

  it('shows keys that could steer a terminal without their control characters', async () => {
    await using folder = await inventoryFolder();
    const error = await refusal(folder.load(inventoryText({ rest: '"\\e[2Jpwned\\n": 1' })));
    expect(error.message).toMatch(/^fsha\.yaml:8:1 \ufffd\[2Jpwned\ufffd: This key is not known here/);
  });
});

describe('the file', () => {
  it.each([
    ['empty', '', 'The inventory fsha.yaml is empty.'],
    ['blank', ' \n\n', 'The inventory fsha.yaml is empty.'],
    ['not UTF-8', new Uint8Array([0x76, 0xff, 0xfe]), 'The inventory fsha.yaml is not UTF-8 text.'],
  ])('%s', async (_what, content, message) => {
    await using folder = await inventoryFolder();
    expect(await refusal(folder.load(content))).toMatchObject({ code: 'inventory', message });
  });

  it('too large', async () => {
    await using folder = await inventoryFolder();
    const error = await refusal(folder.load('#'.repeat(1_048_577)));
    expect(error.message).toMatch(/fsha\.yaml is too large: 1048577 bytes, and 1048576 are the most\.$/);
  });

  it('as large as it may be', async () => {
    await using folder = await inventoryFolder();
    const text = `${inventoryText()}\n#`;
    expect((await folder.load(text.padEnd(1_048_576, '#'))).name).toBe('voice-eu');
  });

  it('not there, or a directory', async () => {
    await using folder = await inventoryFolder();
    const options = { env: ENV, home: folder.path, cwd: folder.path };
    expect((await refusal(loadInventory('none.yaml', options))).message).toBe(
      `The inventory ${folder.path}/none.yaml does not exist.`,
    );
    await mkdir(`${folder.path}/dir.yaml`);
    expect((await refusal(loadInventory('dir.yaml', options))).message).toMatch(
      /dir\.yaml is (a directory|not a file)\.$/,
    );
  });

  it('with a byte order mark', async () => {
    await using folder = await inventoryFolder();
    expect((await folder.load(`\ufeff${inventoryText()}`)).name).toBe('voice-eu');
  });
});
