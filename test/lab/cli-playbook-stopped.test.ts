/** A run of a playbook that is stopped, or may not go on: whatever its step waits for, it ends soon and says what it knows. */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { shellQuote } from '../../src/domain/shell-quote.ts';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/fsha.js', import.meta.url));

let lab: LabForFsha;
let dir: string;
/** Takes requests, and never answers. */
let mute: Server;
let asked = 0;

beforeAll(async () => {
  lab = await startLabForFsha();
  dir = await mkdtemp(join(tmpdir(), 'fsha-stopped-'));
  mute = createServer(() => (asked += 1));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});
afterAll(async () => {
  mute.closeAllConnections();
  mute.close();
  await lab.stop();
  await rm(dir, { recursive: true, force: true });
});

const muteUrl = (): string => `http://127.0.0.1:${(mute.address() as AddressInfo).port}/`;

const isThere = (name: string): Promise<boolean> =>
  access(join(dir, name)).then(
    () => true,
    () => false,
  );

async function playbook(text: string): Promise<string> {
  const path = join(dir, 'p.yaml');
  await writeFile(path, `version: 1\nname: p\ndescription: a test\n${text}`);
  return path;
}

const out = '  - preflight:\n  - deactivate:\n';

describe('Ctrl-C ends a step that waits', () => {
  test.each([
    // What it has done by then, nobody knows.
    ['ssh', (): string => `  - name: S\n    ssh: 'touch ${dir}/begun; sleep 30'\n`, 9],
    ['ssh that only reads', (): string => '  - name: S\n    ssh: { run: [sleep, "30"], reads: true }\n', 130],
    ['pause', (): string => '  - name: S\n    pause: 30s\n', 130],
    ['http', (): string => `  - name: S\n    http: '${muteUrl()}'\n`, 130],
    ['http that changes', (): string => `  - name: S\n    http: { url: '${muteUrl()}', method: POST }\n`, 9],
    // A message needs no giving back.
    ['notify', (): string => `  - name: S\n    notify: { url: '${muteUrl()}', text: hello }\n`, 130],
    [
      'notify by a command',
      (): string => '  - name: S\n    notify: { command: sleep 30, text: hello }\n',
      130,
    ],
  ])('%s', async (_, step, exit) => {
    asked = 0;
    await rm(join(dir, 'begun'), { force: true });
    const path = await playbook(`steps:\n${out}${step()}  - activate:\n`);
    const kind = /(ssh|http|notify|pause):/.exec(step())?.[1] ?? '';
    const run = lab.start('run', path, 'node-1', '--json');
    await run.until('step.started', `node-1/${kind}.s`);
    if (step().includes('http://')) await until('the server was asked', () => Promise.resolve(asked > 0));
    if (step().includes('touch')) await until('it has begun', () => isThere('begun'));
    const before = Date.now();
    run.send('SIGINT');
    const done = await run.done;
    expect(Date.now() - before).toBeLessThan(20_000);
    expect([done.exit, done.stderr]).toEqual([exit, '']);
    expect(done.events.at(-1)).toMatchObject({ data: { error: { message: 'stopped during S on node-1' } } });
    expect(done.events.findLast(({ type }) => type === 'undo.settled')?.data).toEqual({ outcome: 'done' });
  });
});

describe('a step that may end calls', () => {
  const upgrade = (): string =>
    `  - name: Upgrade\n    ssh: [touch, '${dir}/upgraded']\n    disruptive: true\n    undo: []\n`;

  test('needs its node taken out before it: said before anything is touched', async () => {
    const { exit, stderr } = await lab.call('run', await playbook(`steps:\n${upgrade()}`), 'node-1');
    expect([exit, stderr]).toEqual([2, expect.stringMatching(/p\.yaml:5:5.*needs deactivate/)]);
  });

  test('is not begun where the node takes calls again by then: it is given back', async () => {
    const sip = lab.lab.nodes.find(({ name }) => name === 'node-1')?.sip;
    const params = `[a, 1, 'sip:${sip?.host}:${sip?.port}']`;
    const path = await playbook(
      `steps:\n${out}  - wait_drained:\n  - name: Somebody\n    rpc: { method: dispatcher.set_state, params: ${params}, on: lb-1 }\n    undo: []\n${upgrade()}  - activate:\n`,
    );
    const done = await lab.call('run', path, 'node-1', '--json', '--settle', '100ms', '--poll', '200ms');
    const message = 'Upgrade would end calls: node-1 is not out of service everywhere';
    expect(done.events.at(-1)).toMatchObject({ data: { exit: 12, callsCut: 0, error: { message } } });
    expect(await isThere('upgraded')).toBe(false);
  });
});

describe('a question', () => {
  const asks = `steps:\n  - confirm: { question: 'Is the change approved?', answer: approved }\n  - ssh: [touch, '{{ vars.file }}']\n`;
  const asking = (): Promise<string> =>
    playbook(`vars:\n  file: { default: ${dir}/approved, description: a file }\n${asks}`);

  test.each([
    ['yes', [], 0, true],
    ['no', [], 3, false],
    [null, [], 3, false],
    ['yes', ['--answer', 'aproved=yes'], 2, false],
  ] as const)('answered beforehand with %s %j', async (answer, more, exit, isDone) => {
    await rm(join(dir, 'approved'), { force: true });
    const path = await asking();
    const given = answer === null ? [] : ['--answer', `approved=${answer}`];
    const done = await lab.call('run', path, 'node-1', '--json', ...given, ...more);
    expect([done.exit, done.stderr]).toEqual([
      exit,
      answer === null
        ? expect.stringContaining('--answer approved=yes')
        : exit === 2
          ? expect.stringContaining('approved')
          : '',
    ]);
    expect(await isThere('approved')).toBe(isDone);
  });

  test('a dry run asks nobody, and needs nobody', async () => {
    const path = await playbook(
      `steps:\n  - confirm: { question: 'Go on?', answer: approved }\n  - ssh: [touch, '${dir}/dry']\n`,
    );
    const done = await lab.call('run', path, 'node-1', '--dry-run');
    expect([done.exit, done.stderr]).toEqual([0, '']);
    expect(await isThere('dry')).toBe(false);
  });

  test('--step asks before each step, so that it needs somebody to be there', async () => {
    const path = await playbook(`steps:\n  - ssh: [touch, '${dir}/stepped']\n`);
    const done = await lab.call('run', path, 'node-1', '--step');
    expect([done.exit, done.stderr]).toEqual([3, expect.stringContaining('nobody is here to be asked')]);
    expect(await isThere('stepped')).toBe(false);
  });
});

describe('at a terminal', () => {
  /** fsha in a pseudo-terminal of its own. */
  function atTerminal(argv: readonly string[]): {
    readonly types: (keys: string) => void;
    readonly until: (text: string) => Promise<unknown>;
    readonly exit: Promise<number | null>;
  } {
    const command = [process.execPath, LAUNCHER, ...argv, '--config', lab.lab.configFile];
    const child = spawn('script', ['-qfec', shellQuote(command), '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let seen = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (seen += text));
    onTestFinished(() => void child.kill('SIGKILL'));
    return {
      types: (keys) => child.stdin.write(keys),
      until: (text) => until(`${text} is on the screen`, () => Promise.resolve(seen.includes(text))),
      exit: new Promise((resolve) => child.once('close', resolve)),
    };
  }
  const asks = `steps:\n${out}  - confirm: { question: Is it approved?, answer: approved }\n  - activate:\n`;

  test('Ctrl-C at a question stops the run as everywhere: given back, exit 130', async () => {
    const fsha = atTerminal(['run', await playbook(asks), 'node-1']);
    await fsha.until('Is it approved? Type yes to go on: ');
    fsha.types('\u0003');
    await fsha.until('given back as it was found');
    expect(await fsha.exit).toBe(130);
  });

  test('each step of --step, and the question, are answered one by one', async () => {
    const fsha = atTerminal(['run', await playbook(asks), 'node-1', '--step']);
    for (const question of ['preflight', 'deactivate', 'confirm', 'Is it approved?', 'activate']) {
      await fsha.until(`${question}${question.endsWith('?') ? '' : '.'} Type yes to go on: `);
      fsha.types('yes\n');
    }
    expect(await fsha.exit).toBe(0);
  });

  test('whoever says no stops it before the step', async () => {
    const fsha = atTerminal(['run', await playbook(asks), 'node-1', '--step']);
    await fsha.until('preflight. Type yes to go on: ');
    fsha.types('yes\n');
    await fsha.until('deactivate. Type yes to go on: ');
    fsha.types('no\n');
    expect(await fsha.exit).toBe(3);
  });
});

describe('a playbook of several nodes', () => {
  const each = (strategy: string): string =>
    `nodes: all\n${strategy}steps:\n  - preflight:\n  - deactivate:\n  - wait_drained:\n  - name: Work\n    ssh: { run: 'echo {{ node.name }} >> ${dir}/order; test {{ node.name }} != {{ vars.bad }}' }\n    undo: []\n  - activate:\nvars:\n  bad: { default: none, description: where it fails }\n`;

  test('stops at the first that fails, gives that one back, and leaves the others alone', async () => {
    await rm(join(dir, 'order'), { force: true });
    const path = await playbook(each('strategy: { canary: 1, maxFailures: 0 }\n'));
    const done = await lab.call(
      ...['run', path, '--json', '--settle', '100ms', '--poll', '200ms', '--var', 'bad=node-1'],
    );
    expect(done.exit).toBe(11);
    expect(await readFile(join(dir, 'order'), 'utf8')).toBe('node-1\n');
    expect(done.events.at(-1)).toMatchObject({ data: { untouched: ['node-2'] } });
  });
});
