import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  fingerprint,
  judgeHostKey,
  knownHostName,
  linesFor,
  parseKnownHosts,
} from '../../src/ssh/known-hosts.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEP8iIxN1uDxVYpsU7yGwO3Q9OPbIuX7mGWmPLQn4oVp';
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';

function blob(text: string): Buffer {
  return Buffer.from(text.split(' ')[1] ?? '', 'base64');
}

function hashed(name: string): string {
  const salt = Buffer.alloc(20, 7);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function found(hosts: string, name: string): boolean {
  return linesFor(parseKnownHosts(`${hosts} ${KEY}\n`, 'f').lines, name).length === 1;
}

describe('a line speaks of a host', () => {
  test.each([
    ['node-1', 'node-1', true],
    ['node-1', 'NODE-1', true],
    ['NODE-1', 'node-1', true],
    ['node-1', 'node-10', false],
    ['node-1,10.0.1.10', '10.0.1.10', true],
    ['node-?', 'node-1', true],
    ['node-?', 'node-', false],
    ['node-?', 'node-12', false],
    ['*.example.org', 'a.b.example.org', true],
    ['*.example.org', 'example.org', false],
    ['*', 'anything', true],
    ['*o*-*1', 'node-11', true],
    ['10.0.*.1?', '10.0.1.10', true],
    ['*,!node-1', 'node-1', false],
    ['!node-1,*', 'node-1', false],
    ['*,!node-1', 'node-2', true],
    ['!node-1', 'node-2', false],
    ['*.example.org,!bad.*', 'bad.example.org', false],
    ['[node-1]:2222', '[node-1]:2222', true],
    ['[node-1]:2222', 'node-1', false],
    ['node-1', '[node-1]:2222', false],
    ['[*]:2222', '[node-7]:2222', true],
    ['[::1]:2222', '[::1]:2222', true],
    ['fe80::1', 'fe80::1', true],
    [hashed('node-1'), 'node-1', true],
    [hashed('node-1'), 'Node-1', true],
    [hashed('node-1'), 'node-2', false],
    [hashed('[node-1]:2222'), '[node-1]:2222', true],
    [hashed('*'), 'node-1', false],
    ['|1|AAAA|AAAA', 'node-1', false],
    ['|2|x|y', 'node-1', false],
  ])('%s: %s is %s', (hosts, name, expected) => {
    expect(found(hosts, name)).toBe(expected);
  });

  test('a pattern made to be slow is not', () => {
    const started = performance.now();
    expect(found(`${'*a'.repeat(500)}b`, 'a'.repeat(5_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

test('reads comments, blank lines, CRLF, tabs, markers, several keys; knows broken lines by their number', () => {
  const text = [
    '# comment',
    '',
    `  node-1\t${KEY} ops@bastion\r`,
    `@revoked  node-1 ${OTHER}`,
    `@cert-authority *.example.org ${KEY}`,
    'node-1',
    'node-1 ssh-ed25519',
    'node-1 ssh-ed25519 !!!!',
    `node-1 ssh-rsa ${KEY.split(' ')[1] ?? ''}`,
    `@unknown node-1 ${KEY}`,
    `@revoked @revoked node-1 ${KEY}`,
    `@revoked`,
    'node-1 1024 35 1234567890',
    `node-2 ${OTHER}`,
  ].join('\n');
  const { lines, broken } = parseKnownHosts(text, '/k');
  expect(lines.map(({ line, marker, hosts }) => [line, marker, hosts])).toEqual([
    [3, 'none', 'node-1'],
    [4, 'revoked', 'node-1'],
    [5, 'cert-authority', '*.example.org'],
    [14, 'none', 'node-2'],
  ]);
  expect(broken.map(({ line }) => line)).toEqual([6, 7, 8, 9, 10, 11, 12, 13]);
});

describe('a key shown by a host is', () => {
  const judge = (text: string): string => {
    const lines = linesFor(parseKnownHosts(text, '/k').lines, 'node-1');
    return judgeHostKey(lines, blob(KEY)).kind;
  };
  test.each([
    ['trusted', `node-1 ${KEY}`],
    ['trusted', `node-1 ${OTHER}\nnode-1 ${KEY}`],
    ['trusted', `node-1 ${KEY}\n@revoked node-1 ${OTHER}`],
    ['trusted', `node-1 ${KEY}\n@revoked node-2 ${KEY}`],
    ['unknown', `node-2 ${KEY}`],
    ['unknown', `@cert-authority node-1 ${KEY}`],
    ['changed', `node-1 ${OTHER}`],
    ['revoked', `node-1 ${KEY}\n@revoked * ${KEY}`],
    ['revoked', `@revoked * ${KEY}`],
    // OpenSSH 9.2 passes over such a line: here it counts.
    ['revoked', `node-1 ${KEY}\n@revoked\t* ${KEY}`],
  ])('%s', (kind, text) => {
    expect(judge(text)).toBe(kind);
  });
});

test('names of hosts, and fingerprints', () => {
  expect(knownHostName('Node-1', 22)).toBe('node-1');
  expect(knownHostName('::1', 2222)).toBe('[::1]:2222');
  expect(fingerprint(blob(OTHER))).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
});
