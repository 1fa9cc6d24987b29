/** Inventories of any kind: a cluster, or every problem with its place, in words that can be shown. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Cluster } from '../../src/domain/cluster.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { inventoryError } from '../../src/inventory/inventory-error.ts';
import { checkShape } from '../../src/inventory/shape.ts';
import { readYaml } from '../../src/yaml/yaml-document.ts';
import { holds, holdsInTime } from './support/fuzzing.ts';
import { mutatedJson } from './support/json-mutations.ts';
import { anyText, mutated, mutatedText, readable } from './support/mutations.ts';
import { expectPrintable, expectTyped } from './support/said.ts';
import { cpuOf, expectLinear, watched } from './support/watched.ts';

const EXAMPLE = await readFile(new URL('../../docs/fsha.example.yaml', import.meta.url), 'utf8');
const SMALL = `version: 1
cluster: voice-eu
proxies:
  lb-1: { rpc: 'http://10.0.1.5:8080/RPC' }
nodes:
  node-1: { destinations: [{ set: 1, uri: 'sip:10.0.1.10:5080' }] }
defaults: { esl: { password: { env: FSHA_ESL_PASSWORD } } }
`;
const MERGED = `version: 1
cluster: voice-eu
proxies:
  lb-1: &lb
    rpc: http://10.0.1.5:8080/RPC
    frTimer: 30s
  lb-2:
    <<: *lb
    rpc: https://10.0.1.6:8443/RPC
    token: { header: X-Token, value: { literal: "t0ken" } }
nodes:
  node-1: &node
    destinations: &list [ { set: 1, uri: 'sip:10.0.1.10:5080' } ]
    capacity: { calls: 500 }
  "10":
    <<: [ *node ]
    labels: { role: edge }
    ssh: { host: fs2.example }
    destinations:
      - { set: 1, duid: fs2 }
drain: { timeout: 2h, protect: ['^(112|911)$'], onOut: { command: "echo {} | cat" } }
defaults: { esl: { via: ssh, password: { literal: x } }, ssh: { jump: ['ops@bastion:22'] } }
`;
const VALID = [EXAMPLE, SMALL, MERGED];
const WORDS = [
  '&a ',
  '*a',
  '<<: *a\n',
  '? ',
  '- ',
  '|\n',
  '>-\n',
  '!!str ',
  '%YAML 1.1\n---\n',
  '---\n',
  '{ env: ',
  '{ file: /etc/passwd }',
  '1h30m',
  '__proto__: ',
  '${X}',
];

let dir: string;
let path: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fsha-fuzz-'));
  path = join(dir, 'fsha.yaml');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const anyFile = fc.oneof(
  { weight: 1, arbitrary: anyText.map((text) => Buffer.from(text)) },
  { weight: 4, arbitrary: mutated(VALID, WORDS) },
  // JSON is YAML: another shape, and nothing wrong with its syntax.
  {
    weight: 4,
    arbitrary: mutatedJson(VALID.map((text) => parse(text, { merge: true }) as unknown)).map((value) =>
      readable(Buffer.from(JSON.stringify(value, null, 1))),
    ),
  },
);

async function load(content: Uint8Array): Promise<Cluster | undefined> {
  await writeFile(path, content, { mode: 0o600 });
  const warnings: string[] = [];
  try {
    return await loadInventory(path, {
      env: { FSHA_ESL_PASSWORD: 'ClueCon' },
      home: dir,
      cwd: dir,
      secrets: 'leave',
      onWarning: (line) => void warnings.push(line),
    });
  } catch (error) {
    expectProblems(
      expectTyped(error, ['inventory', 'secret'], true).message,
      Buffer.from(content).toString(),
    );
    return undefined;
  } finally {
    warnings.forEach(expectPrintable);
  }
}

function expectProblems(message: string, content: string): void {
  const lines = message.split('\n');
  expect(lines.length).toBeLessThanOrEqual(101);
  const count = content.split(/\r\n?|\n/).length;
  for (const line of lines) {
    if (/^The inventory fsha\.yaml |^fsha\.yaml: … and \d+ more/.test(line)) continue;
    const [, at, column] = /^fsha\.yaml:(\d+):(\d+) /.exec(line) ?? [];
    expect([line, Number(at) >= 1 && Number(at) <= count && Number(column) >= 1]).toEqual([line, true]);
  }
}

test('a file of any kind is a cluster that can be used, or its problems with their places', async () => {
  const untouched = Object.getOwnPropertyNames(Object.prototype).sort();
  await holdsInTime(
    fc.asyncProperty(anyFile, async (content) => {
      const cluster = await load(content);
      expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(untouched);
      if (cluster !== undefined) expectUsable(cluster);
    }),
    {
      share: 3,
      examples: ['constructor', 'toString', '__proto__', 'hasOwnProperty'].map((name) => [
        Buffer.from(
          SMALL.replace('node-1:', `${name}: 1\n  node-1:`).replace('lb-1:', `${name}: 1\n  lb-1:`),
        ),
      ]),
    },
  );
});

function expectUsable({ name, nodes, proxies, drain, timeouts, verify, rolling }: Cluster): void {
  expect(name).toMatch(/^[a-z0-9][a-z0-9-]*$/);
  expect(nodes.length > 0 && proxies.length > 0).toBe(true);
  const names = [...nodes, ...proxies].map((one) => one.name);
  for (const one of names) expect(one).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
  for (const { destinations, esl, ssh, sip, capacity } of nodes) {
    expect(destinations.length).toBeGreaterThan(0);
    for (const port of [esl.port, ssh.port ?? 22, sip.port]) expect(port > 0 && port < 65_536).toBe(true);
    expectPrintable(`${esl.host} ${ssh.host}`);
    expect(capacity.sessions).toBeGreaterThanOrEqual(capacity.calls);
  }
  const { connect, request, keepalive } = timeouts;
  const durations = [
    connect,
    request,
    keepalive,
    drain.poll,
    drain.settle,
    drain.timeout ?? 1,
    verify.timeout,
    rolling.pause,
  ];
  for (const ms of durations) expect(Number.isSafeInteger(ms) && ms >= 0 && ms < 2 ** 31).toBe(true);
}

test('every valid one is a cluster', async () => {
  for (const text of VALID) expect(await load(Buffer.from(text))).toBeDefined();
});

/** What the loader does with a text, without files. */
function judge(text: string): void {
  const { value, problems, locate } = readYaml(text);
  const shape = value === undefined ? { problems: [] } : checkShape(value);
  const all = [...problems, ...shape.problems];
  if (all.length > 0) inventoryError('fsha.yaml', all, locate);
}

test('YAML of any kind is plain data, or has problems with places', () => {
  const texts = fc.oneof(
    anyText,
    mutatedText(VALID, WORDS),
    anyFile.map((bytes) => bytes.toString()),
  );
  holds(
    fc.property(texts, (text) => {
      const { value, problems } = watched(() => readYaml(text));
      for (const { text: said } of problems) expectPrintable(said);
      expect(value !== undefined || problems.length > 0).toBe(true);
      // Plain all the way down, and not without end.
      expect(() => structuredClone(value)).not.toThrow();
      watched(() => judge(text));
    }),
    { share: 2 },
  );
});

test('anchors, aliases and merges of any depth end, in data or in a problem', () => {
  const graph = fc.record({
    levels: fc.integer({ min: 1, max: 40 }),
    uses: fc.integer({ min: 1, max: 12 }),
    form: fc.constantFrom('list', 'map', 'merge'),
    wraps: fc.boolean(),
  });
  holds(
    fc.property(graph, ({ levels, uses, form, wraps }) => {
      const lines = ['a0: &a0 { k: 1 }'];
      for (let level = 1; level < levels; level += 1) {
        // Where it wraps, the last one holds itself.
        const alias = `*a${wraps && level === levels - 1 ? level : level - 1}`;
        const all = Array.from({ length: uses }, (_, index) =>
          form === 'map' ? `k${index}: ${alias}` : alias,
        ).join(', ');
        const inside =
          form === 'list' ? `[${all}]` : form === 'map' ? `{${all}}` : `{ <<: [${all}], k${level}: 1 }`;
        lines.push(`a${level}: &a${level} ${inside}`);
      }
      const { value, problems } = watched(() => readYaml(lines.join('\n')));
      expect(value !== undefined || problems.length > 0).toBe(true);
    }),
    { share: 0.1 },
  );
});

test.each([
  ['[', ''],
  ['{a: ', ''],
  ['[', ']'],
  ['{a: ', '}'],
  ['- ', ''],
  ['? ', ''],
  ['- ? ', ''],
  ['[{a: ', '}]'],
])('%j without end is refused early', (open, close) => {
  for (const depth of [40, 1_000, 100_000]) {
    const { value, problems } = watched(() => readYaml(`a:\n  ${open.repeat(depth)}x${close.repeat(depth)}`));
    expect(value).toBeUndefined();
    expect(problems).not.toEqual([]);
  }
});

test('the time it takes grows with the file', () => {
  const starts = [
    '',
    'version: 1\n',
    'version: 1\nnodes:\n',
    'a: &x { k: 1 }\nb: [',
    'version: 1\ndrain: { protect: [',
    'a: "',
    'a: |\n  ',
  ];
  const units = [
    ',',
    ' ',
    '\n',
    '- a\n',
    'a: b\n',
    '"',
    '{}, ',
    '*x, ',
    '<<: *x, ',
    '&x ',
    '# \n',
    ': ',
    '? a\n',
    '|\n',
    '---\n',
    '((',
  ];
  holds(
    fc.property(fc.constantFrom(...starts), fc.constantFrom(...units), (start, unit) => {
      expectLinear(8_000, (size) => {
        const text = start + unit.repeat(Math.ceil(size / unit.length));
        return () => judge(text);
      });
    }),
    { share: 0.15 },
  );
});

test.each([
  ['keys that nobody knows', (index: number) => `k${index}: 1`],
  ['nodes that are none', (index: number) => `nodes${index === 0 ? '' : index}: 1`],
  ['keys that stand there twice', () => 'a: 1'],
])('the time for %s grows with their number', (_, line) => {
  expectLinear(500, (count) => {
    const text = `version: 1\n${Array.from({ length: count }, (_unused, index) => line(index)).join('\n')}\n`;
    return () => judge(text);
  });
});

test('the time for nodes with a problem each grows with their number', () => {
  expectLinear(1_000, (count) => {
    const text = `version: 1\nnodes:\n${Array.from({ length: count }, (_, index) => `  n${index}: 1\n`).join('')}`;
    return () => judge(text);
  });
});

describe('a megabyte of garbage', () => {
  const garbage = (unit: string, length: number, start = ''): string =>
    start + unit.repeat(Math.ceil(length / unit.length));
  const valid = (length: number): string => {
    const node = (index: number): string =>
      `  node-${index}: { destinations: [{ set: 1, uri: 'sip:n${index}:5080' }], labels: { rack: r1 } }\n`;
    return Array.from({ length: Math.ceil(length / 75) }, (_, index) => node(index)).join('');
  };
  const KINDS = [
    ['brackets that close nothing', ']', ''],
    ['commas in a list', ',', 'a: ['],
    ['texts without a key', '|\n', 'a:\n'],
    ['brackets beside each other', '[]', ''],
    ['keys that stand there twice', 'a: 1\n', ''],
  ] as const;

  test.each(KINDS)('%s: refused in about the time of an inventory of that length', (_, unit, start) => {
    const length = 128 * 1024;
    const usual = SMALL.replace('nodes:\n', `nodes:\n${valid(length)}`);
    let ratio = 0;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      ratio = cpuOf(() => judge(garbage(unit, length, start))) / cpuOf(() => judge(usual));
      if (ratio < 4) return;
    }
    expect.fail(`it takes ${ratio.toFixed(1)} times as long`);
  });

  test.each(KINDS)('%s: as many as a file can hold are refused in words', async (_, unit, start) => {
    expect(await load(Buffer.from(garbage(unit, 1_048_576, start).slice(0, 1_048_576)))).toBeUndefined();
  });
});
