/** The search for secrets finds them: one is planted in every place and in every form. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { FshaError } from '../../../src/domain/errors.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { claimNetwork } from '../../../src/lab/network.ts';
import { createHost } from '../../../src/ssh/host.ts';
import { until } from '../../support/until.ts';
import { runFsha } from './fsha.ts';
import { makeSshClientFiles, startSshd } from './openssh.ts';
import { everyView } from './secret-errors.ts';
import { searchTree } from './secret-files.ts';
import { leaksIn, markerOf, newMarker } from './secret-markers.ts';
import { type Watch, watchProcesses } from './secret-processes.ts';
import { recordProgram, recordRemoteCommands } from './secret-recorders.ts';
import { commandIn, registeredCommands } from './secret-registry.ts';

const marker = newMarker('planted');
const other = newMarker('never planted');
const markers = [marker, other];
const { text } = marker;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fsha-secrets-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Others share the memory of small ones, and inspecting one of these shows all of that. */
const alone = (said: string): Buffer => Buffer.from(new TextEncoder().encode(said).buffer);

const found = (said: string): readonly string[] => leaksIn('here', said, markers).map(({ secret }) => secret);

describe('in a text', () => {
  const bytes = Buffer.from(text);
  const basic = (user: string): string => `Basic ${Buffer.from(`${user}:${text}`).toString('base64')}`;
  test.each([
    ['as it is', `a ${text} b`],
    ['cut off', `a ${text.slice(0, 18)}…`],
    ['without its beginning', `…${text.slice(-18)} b`],
    ['in an URL', `postgres://fsha:${encodeURIComponent(text)}@db/fsha`],
    ['every byte percent-encoded', [...bytes].map((byte) => `%${byte.toString(16)}`).join('')],
    ['in JSON', JSON.stringify({ password: text })],
    ['in JSON in JSON', JSON.stringify(JSON.stringify({ password: text }))],
    ['in a Basic header', basic('fsha')],
    ['in a Basic header, one letter further', basic('fsha1')],
    ['in a Basic header, two letters further', basic('fsha12')],
    ['in a Basic header, with a colon in JSON', JSON.stringify({ headers: { Authorization: basic('x') } })],
    ['in base64 for URLs', Buffer.from(`{"k":"${text}"}`).toString('base64url')],
    ['in hex', bytes.toString('hex')],
    ['in capital hex', bytes.toString('hex').toUpperCase()],
    ['a Buffer, inspected', inspect(bytes)],
    ['a Buffer, in JSON', JSON.stringify(bytes)],
    ['a typed array, inspected', inspect(new Uint8Array(bytes))],
    ['as UTF-16', Buffer.from(text, 'utf16le').toString('latin1')],
    [
      'backwards',
      [...bytes]
        .reverse()
        .map((byte) => String.fromCharCode(byte))
        .join(''),
    ],
  ])('%s', (_, said) => {
    expect(found(said)).toEqual([marker.name]);
  });

  test('and in no other', () => {
    expect(found(`a p@ss/ ${newMarker('another').text} [secret]`)).toEqual([]);
    expect(() => markerOf('short', 'ClueCon')).toThrow(/too short/);
  });

  test('it says where, and what stands around it', () => {
    expect(leaksIn('the log', `password=${text};`, markers)).toEqual([
      {
        where: 'the log',
        secret: 'planted',
        how: 'as it is',
        excerpt: expect.stringContaining(text) as string,
      },
    ]);
  });
});

describe('in whatever was thrown', () => {
  const hidden = Object.defineProperty(new Error('x'), 'config', { enumerable: false, value: { text } });
  test.each([
    ['in its message', new FshaError('bug', text)],
    ['in its hint', new FshaError('bug', 'x', text)],
    ['in its cause', new Error('x', { cause: new Error('y', { cause: { text } }) })],
    ['in what cannot be enumerated', hidden],
    ['under a symbol', Object.assign(new Error('x'), { [Symbol('s')]: [text] })],
    ['far down', { a: { b: { c: { d: { e: { f: new Map([[new Set([text]), 1]]) } } } } } }],
    ['far behind', Array.from({ length: 500 }, (_, index) => (index === 499 ? text : index))],
    ['in bytes', Object.assign(new Error('x'), { request: alone(text) })],
    ['in its stack', Object.assign(new Error('x'), { stack: `Error: x\n at ${text}` })],
    ['in what it makes of itself for JSON', { toJSON: () => ({ text }) }],
    ['no error at all', text],
  ])('%s', (_, thrown) => {
    expect(found(everyView(thrown))).toEqual([marker.name]);
  });

  test('a Secret, and the cause of an FshaError, which nobody sees, show nothing', () => {
    const error = new FshaError('bug', 'x', 'y', new Error(text));
    expect(found(everyView([new Secret(text), error]))).toEqual([]);
  });
});

test('in files: in what is in them, in their names, behind links, where they are no text', () => {
  const folder = join(directory, 'files');
  mkdirSync(join(folder, 'runs'), { recursive: true });
  writeFileSync(join(folder, 'runs', 'a.ndjson'), `{"v":1}\n{"v":1,"reason":${JSON.stringify(text)}}\n`);
  writeFileSync(join(folder, 'c.holder'), Buffer.concat([Buffer.from([0, 0xff]), Buffer.from(text)]));
  writeFileSync(join(folder, encodeURIComponent(text)), '');
  symlinkSync(`/nowhere/${text}`, join(folder, 'link'));
  writeFileSync(join(folder, 'empty'), '');
  const { leaks, entries } = searchTree(folder, markers);
  expect(leaks.map(({ where }) => where.slice(where.indexOf(folder) + folder.length + 1))).toEqual(
    expect.arrayContaining(['runs/a.ndjson', 'c.holder', encodeURIComponent(text), 'link']),
  );
  expect([leaks.length, entries.length]).toEqual([4, 6]);
  expect(searchTree(join(directory, 'none'), markers)).toEqual({ entries: [], leaks: [] });
});

describe('in processes', () => {
  function watching(): Watch {
    const stateDir = join(directory, 'state');
    mkdirSync(join(stateDir, 'runs'), { recursive: true });
    const watch = watchProcesses({ below: process.pid, markers, stateDirs: () => [stateDir] });
    onTestFinished(() => watch.stop());
    return watch;
  }

  test('in the command line of one that another one has begun, and in its environment', async () => {
    const watch = watching();
    const script = join(directory, 'script');
    writeFileSync(script, `sh -c 'sleep 1; :' '${text}'; SECRET='${text}' sleep 1\n`);
    await once(spawn('/bin/sh', [script], { stdio: 'ignore' }), 'exit');
    // Once for each command line: what sh has forked bears sh's own until it becomes sleep.
    const wheres = new Set(watch.leaks().map(({ where }) => where));
    expect([...wheres]).toEqual([
      expect.stringMatching(/^the command line of sh -c sleep 1; : /),
      expect.stringMatching(/^the environment of sleep 1$/),
    ]);
    expect(watch.seen()).toContain('sleep 1');
  });

  test('in an argument of fsha; what is in its environment is what it was given', async () => {
    const watch = watching();
    const { exitCode } = await runFsha(['runs', '--config', `/nowhere/${text}`], 30_000, {
      env: { SECRET: text },
    });
    expect(exitCode).toBe(2);
    expect(new Set(watch.leaks().map(({ where }) => where.split(' ').slice(0, 3).join(' ')))).toEqual(
      new Set(['the command line']),
    );
    expect(watch.leaks().length).toBeGreaterThan(0);
  });

  test('in a file of a state directory that is there for a moment', async () => {
    const watch = watching();
    const file = join(directory, 'state', 'c.holder.new');
    writeFileSync(file, text);
    await until('it was looked at', () => watch.files().includes('c.holder.new'));
    rmSync(file);
    expect(watch.leaks().map(({ where }) => where)).toContain(file);
  });

  test('in the arguments and the environment of what is gone in a moment', async () => {
    const folder = join(directory, 'bin');
    const [sleep, flock] = [recordProgram(folder, 'sleep'), recordProgram(folder, 'flock')];
    expect(sleep.recorded()).toBe('');
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    await once(spawn('sleep', ['0', text], { env, stdio: 'ignore' }), 'exit');
    await once(spawn('flock', ['--version'], { env: { ...env, SECRET: text }, stdio: 'ignore' }), 'exit');
    expect([found(sleep.recorded()), found(flock.recorded())]).toEqual([[marker.name], [marker.name]]);
  });

  test('in a command on a node', async () => {
    const network = await claimNetwork();
    onTestFinished(() => network.release());
    const client = await makeSshClientFiles(join(directory, 'ssh'));
    const sshd = await startSshd(client, network.host(1));
    onTestFinished(() => sshd.stop());
    const remote = recordRemoteCommands(join(directory, 'remote'), `${client.identityFile}.pub`);
    const watch = watching();
    const { user, identityFile, knownHostsFile } = client;
    const host = createHost({
      timeouts: { connect: 15_000, request: 5_000, keepalive: 5_000 },
      env: process.env,
      home: directory,
      where: 'node-1',
      target: { host: sshd.host, port: sshd.port, user, identityFile, knownHostsFile },
    });
    onTestFinished(() => host.close());
    const signal = new AbortController().signal;
    const ended = await host.run(`sleep 1; echo '${text}'`, 15_000, signal);
    expect([ended.exitCode, ended.stdout]).toEqual([0, `${text}\n`]);
    expect(found(remote.recorded())).toEqual([marker.name]);
    expect(watch.leaks().map(({ where }) => where)).toContainEqual(
      expect.stringMatching(/^the command line of \/bin\/sh -c sleep 1; echo/),
    );
  });
});

test('every command is asked for, by the words that call it', () => {
  const all = registeredCommands();
  expect(all).toContainEqual({ name: 'drain', call: ['drain', 'node-1'], readsInventory: true });
  expect(all).toContainEqual({ name: 'config schema', call: ['config', 'schema'], readsInventory: false });
  expect(commandIn(['drain', 'node-1', '--dry-run'])).toBe('drain');
  expect(() => commandIn(['drainage'])).toThrow(/no command/);
});
