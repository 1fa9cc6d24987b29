import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { allKeys } from '../../src/inventory/known-keys.ts';
import { inventorySchema } from '../../src/inventory/schema.ts';
import { inventoryFolder, inventoryText } from './inventory-folder.ts';

const EXAMPLE = new URL('../../docs/fsha.example.yaml', import.meta.url);
const REFERENCE = new URL('../../docs/inventory.md', import.meta.url);
const SECRETS = {
  FSHA_RPC_PASSWORD: 'a',
  FSHA_ESL_PASSWORD: 'b',
  FSHA_SSH_PASSPHRASE: 'c',
  FSHA_REDIS_PASSWORD: 'd',
  FSHA_PG_DSN: 'pgsql://e',
};

interface Described {
  readonly description?: string;
  readonly default?: unknown;
  readonly pattern?: string;
}

/** `nodes.NAME.destinations[].uri` */
function written(path: readonly (string | number)[]): string {
  return path.join('.').replaceAll('.0', '[]');
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function schemaOf(key: string): Described {
  const found = allKeys().find(({ path }) => written(path) === key);
  if (found === undefined) throw new Error(`no key ${key}`);
  return found.schema;
}

describe('the JSON Schema', () => {
  const schema = inventorySchema() as Readonly<Record<string, unknown>>;

  it('is draft 7, refuses unknown keys and says what is required', () => {
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      required: ['version', 'cluster', 'proxies', 'nodes'],
      additionalProperties: false,
    });
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  it('describes every key', () => {
    const silent = allKeys().filter(({ schema: { description } }) => (description ?? '') === '');
    expect(silent.map(({ path }) => written(path))).toEqual([]);
  });

  it('has the defaults as they are written, not as fsha keeps them', () => {
    expect(schemaOf('drain.timeout').default).toBe('2h');
    expect(schemaOf('rolling.headroom').default).toBe('20%');
    expect(schemaOf('nodes.NAME.esl.port').default).toBe(8021);
    expect(schemaOf('restart.timeout').default).toBe('90s');
    expect(schemaOf('nodes.NAME.restart.timeout').default).toBeUndefined();
  });

  it.each([
    ['drain.poll', ['5s', '1h30m', '1m500ms', '100ms'], ['', '5', '5 s', '1,5h', '30m2h', 'none', '1d']],
    ['drain.timeout', ['none', '2h'], ['', 'never', 'none2h']],
    ['rolling.headroom', ['20%', '0%', '99%'], ['20', '100%', '0.2']],
    ['nodes.NAME.destinations[].uri', ['sip:fs1', 'SIPS:fs1'], ['fs1:5080', 'tel:1']],
    ['redis.url', ['redis://h', 'rediss://h'], ['http://h']],
  ])('takes and refuses what fsha does: %s', async (key, good, bad) => {
    const pattern = new RegExp(schemaOf(key).pattern ?? 'no pattern');
    expect(good.filter((text) => !pattern.test(text))).toEqual([]);
    expect(bad.filter((text) => pattern.test(text))).toEqual([]);
    const [section = '', name = ''] = key.split('.');
    if (section === 'nodes' || section === 'redis') return;
    await using folder = await inventoryFolder();
    for (const text of good) await folder.load(inventoryText({ rest: `${section}: { ${name}: '${text}' }` }));
    for (const text of bad) {
      await expect(
        folder.load(inventoryText({ rest: `${section}: { ${name}: '${text}' }` })),
      ).rejects.toThrow(key);
    }
  });
});

describe('docs/fsha.example.yaml', () => {
  it('loads, with its secrets and certificates', async () => {
    await using folder = await inventoryFolder();
    const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    await folder.write('tls/ca.pem', certificate, 0o644);
    await folder.write('tls/fsha.pem', certificate, 0o644);
    await folder.write('tls/fsha.key', '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n');
    await folder.write('rpc-token.secret', 'token\n');
    const warnings: string[] = [];
    const onWarning = (line: string): void => void warnings.push(line);
    const cluster = await folder.load(await readFile(EXAMPLE), { env: SECRETS, onWarning });
    expect(warnings).toEqual([]);
    expect(cluster.proxies.map(({ name }) => name)).toEqual(['lb-1', 'lb-2']);
    expect(cluster.nodes.map(({ name }) => name)).toEqual(['node-1', 'node-2']);
  });

  it('has every key there is', async () => {
    const text = await readFile(EXAMPLE, 'utf8');
    // In the example one proxy has a token and the other a password; Redis has no user.
    const missing = allKeys().filter(
      ({ path }) =>
        !new RegExp(`\\b${String(path.findLast((part) => typeof part === 'string'))}:`).test(text),
    );
    expect(missing.map(({ path }) => written(path)).filter((key) => !key.endsWith('.username'))).toEqual([]);
  });
});

describe('docs/inventory.md', () => {
  it('names every key, and every default beside it', async () => {
    const rows = (await readFile(REFERENCE, 'utf8')).split('\n').filter((line) => line.startsWith('| `'));
    const missing: string[] = [];
    for (const { path, schema } of allKeys()) {
      // The blocks under defaults are those under a node.
      if (path[0] === 'defaults' && path.length > 1) continue;
      const key = written(path);
      const cells = rows.find((line) => line.startsWith(`| \`${key}\` |`))?.split('|');
      if (cells === undefined) missing.push(key);
      else if (isPlain(schema.default) && cells[3]?.trim() !== `\`${schema.default}\``) {
        missing.push(`${key}: default ${schema.default}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('names no key that there is not', async () => {
    const known = new Set(allKeys().map(({ path }) => written(path)));
    const text = await readFile(REFERENCE, 'utf8');
    const keys = [...text.matchAll(/^\| `([a-z][A-Za-z.[\]]*)` \| /gm)].map(([, key]) => key ?? '');
    expect(keys.length).toBeGreaterThan(90);
    expect(keys.filter((key) => !known.has(key))).toEqual([]);
  });

  it('has an example that loads', async () => {
    const examples = [
      ...(await readFile(REFERENCE, 'utf8')).matchAll(/^```yaml\n(version: 1\n[^`]*)^```$/gm),
    ];
    expect(examples).toHaveLength(1);
    await using folder = await inventoryFolder();
    for (const [, text = ''] of examples)
      expect((await folder.load(text, { env: SECRETS })).name).toBe('voice-eu');
  });
});
