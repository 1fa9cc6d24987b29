/** known_hosts as OpenSSH reads it: `ssh-keygen -F` is the oracle. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linesFor, type Marker, parseKnownHosts } from '../../src/ssh/known-hosts.ts';

const run = promisify(execFile);

const LINES_PER_FILE = 60;
const FILES = 12;
const MARKERS: Readonly<Record<string, Marker>> = { CA: 'cert-authority', REVOKED: 'revoked' };

let dir: string;
let key: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fsha-known-'));
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(dir, 'key')]);
  key = (await readFile(join(dir, 'key.pub'), 'utf8')).trim();
});

afterAll(() => rm(dir, { recursive: true, force: true }));

/** Repeatable, so that a failure can be looked into (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const NAMES = [
  'node-1',
  'node-2',
  'node-10',
  'node-1.voice.example.org',
  'a.example.org',
  'example.org',
  '10.0.1.10',
  '10.0.1.1',
  '::1',
  'fe80::1',
];
const ASKED = [...NAMES, '[node-1]:2222', '[10.0.1.10]:2222', '[::1]:2222', '[node-1]:22', 'other'];
const GLOBS = [
  '*',
  'node-*',
  'node-?',
  '*.example.org',
  '10.0.1.*',
  '10.0.*.1?',
  '[*]:2222',
  '[node-?]:*',
  '?????????',
  '*e*.*g',
  '**',
  '',
];

function patternList(random: (below: number) => number): string {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  return Array.from({ length: 1 + random(3) }, () => {
    const pattern = pick(random(2) === 0 ? ASKED : GLOBS);
    const cased = random(6) === 0 ? pattern.toUpperCase() : pattern;
    return random(5) === 0 ? `!${cased}` : cased;
  }).join(',');
}

function makeLine(random: (below: number) => number): string {
  const hosts = patternList(random);
  const gap = [' ', '\t', '  '][random(3)] ?? ' ';
  const end = ['', ' comment', ' # comment', '\r'][random(4)] ?? '';
  switch (random(12)) {
    case 0:
      return `@revoked ${hosts}${gap}${key}${end}`;
    case 1:
      return `@cert-authority ${hosts} ${key}${end}`;
    case 2:
      return `# ${hosts} ${key}`;
    case 3:
      return `  ${hosts}${gap}${key}${end}`;
    case 4:
      return '';
    default:
      return `${hosts}${gap}${key}${end}`;
  }
}

/** `line marker` of every line that ssh-keygen finds. */
function oracle(file: string, name: string): string[] {
  const { status, stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
  // 1 says that nothing was found.
  expect([0, 1]).toContain(status);
  return [...stdout.matchAll(/^# Host .* found: line (\d+) ?(CA|REVOKED)?\s*$/gm)].map(
    ([, line, marker]) => `${String(line)} ${MARKERS[marker ?? ''] ?? 'none'}`,
  );
}

function ours(text: string, file: string, name: string): string[] {
  return linesFor(parseKnownHosts(text, file).lines, name).map(({ line, marker }) => `${line} ${marker}`);
}

async function compare(file: string): Promise<number> {
  const text = await readFile(file, 'utf8');
  let found = 0;
  for (const name of ASKED) {
    const expected = oracle(file, name);
    found += expected.length;
    expect(ours(text, file, name), `${name} in ${file}`).toEqual(expected);
  }
  return found;
}

test(`patterns, globs, negation, ports, markers, spaces: ${FILES * LINES_PER_FILE} lines`, async () => {
  let found = 0;
  for (let seed = 1; seed <= FILES; seed++) {
    const random = randomFrom(seed);
    const file = join(dir, `plain-${seed}`);
    await writeFile(file, Array.from({ length: LINES_PER_FILE }, () => makeLine(random)).join('\n'));
    found += await compare(file);
  }
  expect(found).toBeGreaterThan(500);
});

test('hashed names', async () => {
  const file = join(dir, 'hashed');
  await writeFile(
    file,
    ASKED.filter((name) => name !== 'other')
      .map((name) => `${name},second-${name.length} ${key}\n`)
      .join(''),
  );
  await run('ssh-keygen', ['-H', '-f', file]);
  const text = await readFile(file, 'utf8');
  expect(text).not.toContain('node-1');
  expect(await compare(file)).toBeGreaterThanOrEqual(ASKED.length - 1);
});

test('broken lines do not hide the good ones', async () => {
  const file = join(dir, 'broken');
  const lines = [
    'node-1',
    '|1|x|y ' + key,
    '@bogus node-1 ' + key,
    '@revoked',
    `@revoked @revoked node-1 ${key}`,
    `node-1 ${key}`,
  ];
  await writeFile(file, lines.join('\n'));
  expect(ours(lines.join('\n'), file, 'node-1')).toEqual(['6 none']);
  expect(oracle(file, 'node-1').at(-1)).toBe('6 none');
});
