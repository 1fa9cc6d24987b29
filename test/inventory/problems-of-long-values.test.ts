import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { inventoryFolder, inventoryText, refusal } from './inventory-folder.ts';
import { destinations, node, proxy, rest } from './problem-rows.ts';

const LONG = 'a'.repeat(5_000);
/** As long as a path may be; each directory of it is there. */
const DEEP = Array.from({ length: 15 }, () => 'd'.repeat(250)).join('/');

/** Characters of a line, its file and place included. */
const MOST = 1_200;

describe('a value of thousands of characters is not said back whole', () => {
  it.each([
    ['a destination without its scheme', destinations(`[{ set: 1, uri: ${LONG} }]`)],
    ['a network without its length', proxy(`rpc: 'http://lb', networks: ['fe80::1%${LONG}']`)],
    ['a host', node(`ssh: { host: -${LONG} }`)],
    ['an address', node(`sip: { ip: ${LONG} }`)],
    ['a word', rest(`drain: { fence: ${LONG} }`)],
    ['a duration', rest(`drain: { poll: ${LONG} }`)],
    ['a duration without a unit', rest(`drain: { poll: '${'1'.repeat(5_000)}' }`)],
    ['a share', rest(`rolling: { headroom: ${LONG} }`)],
    ['a regular expression', rest(`drain: { protect: ['(${LONG}'] }`)],
    ['a key', rest(`${LONG}: 1`)],
    ['keys in keys', rest(`x: ${`{ ${'k'.repeat(500)}: `.repeat(25)}{ a: 1, a: 2 }${' }'.repeat(25)}`)],
    ['the name of a node', { nodes: `  ${LONG}: 1` }],
    ['the name of a label', node(`labels: { ${LONG}: 1 }`)],
    ['the name of a variable', { defaults: `defaults: { esl: { password: { env: ${LONG} } } }` }],
    ['the name of a file', { defaults: `defaults: { esl: { password: { file: ${LONG} } } }` }],
    ['the name of a certificate', proxy(`rpc: 'https://lb', tls: { ca: ${LONG} }`)],
  ])('%s', async (_, parts) => {
    await using folder = await inventoryFolder();
    expectShort(await refusal(folder.load(inventoryText(parts))));
  });

  it.each([
    ['of a secret that is empty', '', { defaults: `defaults: { esl: { password: { file: ${DEEP}/f } } }` }],
    ['of no certificate', 'x', proxy(`rpc: 'https://lb', tls: { ca: ${DEEP}/f }`)],
    ['of no key', 'x', proxy(`rpc: 'https://lb', tls: { cert: ${DEEP}/f, key: ${DEEP}/f }`)],
  ])('the path %s', async (_, content, parts) => {
    await using folder = await inventoryFolder();
    await mkdir(join(folder.path, DEEP), { recursive: true });
    await folder.write(join(DEEP, 'f'), content);
    const error = await refusal(folder.load(inventoryText(parts)));
    expectShort(error);
    // Its end tells one file from another.
    expect(error.message).toMatch(/d…d+\/f /);
  });
});

function expectShort(error: FshaError): void {
  for (const line of error.message.split('\n')) expect(line.length).toBeLessThan(MOST);
  expect(error.message).toContain('fsha.yaml:');
}
