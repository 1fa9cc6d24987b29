/** Going on with runs of playbooks: each of them is killed by SIGKILL, at a moment that its steps hold open. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { type Ended, startFshaProcess } from '../support/fsha-process.ts';
import { ALL_IN, type LabForFsha, NODE_1_OUT, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

let lab: LabForFsha;
let dir: string;

beforeAll(async () => {
  lab = await startLabForFsha();
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fsha-resume-'));
});
afterEach(async () => {
  await writeFile(join(dir, 'gate'), '');
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
  await rm(dir, { recursive: true, force: true });
});
afterAll(() => lab.stop());

const HEAD = 'version: 1\nname: p\ndescription: a test\n';
const OUT = '  - preflight:\n  - deactivate:\n  - wait_drained:\n';
const QUICKLY = ['--settle', '100ms', '--poll', '200ms'];

const file = (): string => join(dir, 'p.yaml');
const log = async (): Promise<readonly string[]> =>
  (await readFile(join(dir, 'log'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
/** Writes a word to the log. */
const note = (what: string): string => `{ run: 'echo ${what} >> ${dir}/log' }`;
/** Writes a word to the log, and ends once the test says so: 20 s at most. */
const held = (what: string): string =>
  `{ run: 'echo ${what} >> ${dir}/log; for i in $(seq 200); do test -e ${dir}/gate && break; sleep 0.1; done' }`;

function fsha(...argv: readonly string[]): Promise<Ended> {
  return startFshaProcess([...argv, '--config', lab.lab.configFile]).done;
}

/** The run of a playbook whose process was killed once that step was announced. */
async function killedIn(step: string, steps: string, ...flags: readonly string[]): Promise<string> {
  await writeFile(file(), `${HEAD}${steps}`);
  const argv = ['run', file(), 'node-1', '--json', ...QUICKLY, ...flags, '--config', lab.lab.configFile];
  const first = startFshaProcess(argv);
  await first.until(
    `${step} is under way`,
    (event) => event.type === 'effect.intended' && event.step === step,
  );
  // Announced is not begun: it writes its name first.
  await until('it has written', async () => (await log()).includes(step.replace('node-1/ssh.', '')));
  const { events } = await first.kill();
  return events[0]?.run ?? '';
}

async function resume(run: string, ...flags: readonly string[]): Promise<Ended> {
  await writeFile(join(dir, 'gate'), '');
  return fsha('resume', run, '--json', ...flags);
}

const settledSteps = (events: readonly RunEvent[]): readonly (readonly [string, string])[] =>
  events.flatMap((event) =>
    event.type === 'step.settled' ? [[event.step?.replace(/^node-1\//, '') ?? '', event.data.outcome]] : [],
  );
const saidLast = (events: readonly RunEvent[]): string => {
  const last = events.at(-1);
  const error = last?.type === 'run.settled' ? last.data.error : undefined;
  return `${error?.code}: ${error?.message}`;
};

describe('a run that was killed in a step', () => {
  const steps = (more = ''): string =>
    `steps:\n  - name: First\n    ssh: ${note('first')}\n    undo: []\n  - name: Slow\n    ssh: ${held('slow')}\n    undo: []\n${more}  - name: Last\n    ssh: ${note('last')}\n`;

  test('stops at it: nobody knows what it did; and stands as it was', async () => {
    const run = await killedIn('node-1/ssh.slow', steps());
    for (let times = 0; times < 2; times += 1) {
      const { exit, events } = await resume(run);
      expect(exit).toBe(9);
      expect(saidLast(events)).toBe(
        'step.unknown: what Slow did on node-1 is unknown: the process that began it has ended',
      );
    }
    expect(await log()).toEqual(['first', 'slow']);
  });

  test.each([
    ['--done', ['first', 'slow', 'last']],
    ['--again', ['first', 'slow', 'slow', 'last']],
  ])('is told by whoever has looked, %s, and goes on', async (flag, expected) => {
    const more = '    register: slow\n';
    const run = await killedIn(
      'node-1/ssh.slow',
      steps(more).replace('echo last', 'echo {{ slow.ok ? "last" : "?" }}'),
    );
    const stopped = await fsha('resume', run);
    expect(stopped.exit).toBe(9);
    expect(stopped.stdout).toMatch(/--done node-1\/ssh\.slow.*--again node-1\/ssh\.slow/);
    const wrong = await fsha('resume', run, flag, 'node-1/ssh.first');
    expect([wrong.exit, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/node-1\/ssh\.first is no step of run .*\n +There is: node-1\/ssh\.slow\n/),
    ]);
    const { exit, events, stderr } = await resume(run, flag, 'node-1/ssh.slow');
    expect([exit, stderr]).toEqual([0, '']);
    expect(events[1]).toMatchObject({ type: 'effect.settled', step: 'node-1/ssh.slow' });
    expect(JSON.stringify(events[1])).toMatch(/as \S+@\S+ says/);
    expect(await log()).toEqual(expected);
  });

  test('does it once more where the playbook says that this is safe, and none that was done', async () => {
    const run = await killedIn('node-1/ssh.slow', steps('    rerun: safe\n'));
    const { exit, events } = await resume(run);
    expect([exit, settledSteps(events)]).toEqual([
      0,
      [
        ['ssh.first', 'skipped'],
        ['ssh.slow', 'succeeded'],
        ['ssh.last', 'succeeded'],
      ],
    ]);
    expect(await log()).toEqual(['first', 'slow', 'slow', 'last']);
  });

  test.each([
    ['done', "'true'", ['first', 'slow', 'last']],
    ['not done', "'false'", ['first', 'slow', 'slow', 'last']],
  ])('asks its check, which says that it is %s', async (_, command, expected) => {
    const run = await killedIn('node-1/ssh.slow', steps(`    check: { ssh: { run: [${command}] } }\n`));
    const { exit, stderr } = await resume(run);
    expect([exit, stderr]).toEqual([0, '']);
    expect(await log()).toEqual(expected);
  });

  test('stops where its check cannot tell', async () => {
    const check = `    check: { ssh: { run: [sleep, '20'] }, timeout: 1s }\n`;
    const run = await killedIn('node-1/ssh.slow', steps(check));
    const { exit, events } = await resume(run);
    expect(exit).toBe(9);
    expect(saidLast(events)).toContain('its check could not tell');
  });

  test('gives back what is known to be done, and says that it does not know the rest', async () => {
    const run = await killedIn(
      'node-1/ssh.slow',
      `steps:\n  - name: First\n    ssh: ${note('first')}\n    undo: [ { name: Back, ssh: ${note('back')} } ]\n  - name: Slow\n    ssh: ${held('slow')}\n`,
    );
    const { exit } = await resume(run, '--undo');
    expect(exit).toBe(9);
    expect(await log()).toEqual(['first', 'slow', 'back']);
  });
});

describe('what an earlier process kept', () => {
  test('is there for the steps behind it, conditions and undo among them', async () => {
    const run = await killedIn(
      'node-1/ssh.slow',
      `steps:
  - name: Which
    ssh: { run: [echo, one two] }
    register: which
    undo: []
  - name: Slow
    ssh: ${held('slow')}
    rerun: safe
    undo: []
  - name: Told
    ssh: { run: 'echo {{ which.stdout }} >> ${dir}/log' }
    when: which.stdout == "one two"
`,
    );
    expect((await resume(run)).exit).toBe(0);
    expect(await log()).toEqual(['slow', 'slow', 'one two']);
  });

  test('is nowhere where it was secret: it is not guessed', async () => {
    const secret = join(dir, 'secret');
    await writeFile(secret, 'open sesame\n');
    const run = await killedIn(
      'node-1/ssh.slow',
      `vars:
  word: { type: string, secret: true, required: true, description: a secret }
steps:
  - name: Fetch
    ssh: { run: [sh, -c, 'echo "$WORD"'], env: { WORD: '{{ vars.word }}' } }
    register: fetched
    undo: []
  - name: Slow
    ssh: ${held('slow')}
    rerun: safe
    undo: []
`,
      '--var',
      `word=file:${secret}`,
    );
    const first = await resume(run);
    expect(first.exit).toBe(9);
    expect(saidLast(first.events)).toContain('what came of Fetch, a secret,');
    await rm(secret);
    const { exit, stderr } = await resume(run);
    expect([exit, stderr]).toEqual([2, expect.stringContaining('the secret variable word cannot be read')]);
  });
});

describe('a step within another', () => {
  test('a rescue goes on: what failed is not tried once more', async () => {
    const run = await killedIn(
      'node-1/ssh.slow',
      `steps:
  - name: Fails
    ssh: { run: 'echo fails >> ${dir}/log; false' }
    rescue:
      - name: Mend
        ssh: ${note('mend')}
        undo: []
      - name: Slow
        ssh: ${held('slow')}
        rerun: safe
        undo: []
    always: [ { name: Always, ssh: ${note('always')} } ]
  - name: Last
    ssh: ${note('last')}
`,
    );
    const { exit, events } = await resume(run);
    expect(exit).toBe(0);
    expect(events.find(({ type }) => type === 'rescue.settled')?.data).toEqual({ outcome: 'rescued' });
    expect(await log()).toEqual(['fails', 'mend', 'slow', 'slow', 'always', 'last']);
  });

  test('what was being given back goes on to be', async () => {
    const run = await killedIn(
      'node-1/ssh.back',
      `steps:
${OUT}  - name: First
    ssh: ${note('first')}
    undo: [ { name: Back, ssh: ${held('back')}, rerun: safe } ]
  - name: Fails
    ssh: { run: ['false'] }
    undo: []
`,
    );
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    const { exit, stderr } = await resume(run);
    expect(stderr).toContain('was being given back: that goes on');
    expect(await log()).toEqual(['first', 'back', 'back']);
    expect(exit).toBe(0);
  });
});

describe('a node that is out', () => {
  test('is kept out, and its steps go on where they were', async () => {
    const run = await killedIn(
      'node-1/ssh.slow',
      `steps:\n${OUT}  - name: Slow\n    ssh: ${held('slow')}\n    disruptive: true\n    rerun: safe\n  - verify:\n  - activate:\n`,
    );
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    const { exit, events } = await resume(run);
    expect(exit).toBe(0);
    expect(settledSteps(events).map(([step]) => step)).toEqual([
      'preflight',
      'keep_out',
      'settle_restart',
      'wait_drained',
      'ssh.slow',
      'verify',
      'activate',
    ]);
    expect(await log()).toEqual(['slow', 'slow']);
  });

  test('is not restarted once more for what was to be done behind it', async () => {
    const run = await killedIn(
      'node-1/ssh.slow',
      `steps:\n${OUT}  - fence:\n  - restart:\n  - name: Slow\n    ssh: ${held('slow')}\n    rerun: safe\n  - verify:\n  - activate:\n`,
    );
    const { exit, events } = await resume(run);
    expect(exit).toBe(0);
    expect(
      events.some((event) => event.type === 'effect.intended' && event.data.effect === 'node.restart'),
    ).toBe(false);
    expect(settledSteps(events).slice(-3)).toEqual([
      ['ssh.slow', 'succeeded'],
      ['verify', 'succeeded'],
      ['activate', 'succeeded'],
    ]);
  });
});

describe('a playbook whose file is another one now', () => {
  const steps = (): string =>
    `steps:\n  - name: Slow\n    ssh: ${held('slow')}\n    rerun: safe\n  - name: Last\n    ssh: ${note('last')}\n`;

  test.each([
    [
      'has changed',
      (): Promise<void> => writeFile(file(), `${HEAD}${steps().replace('echo last', 'echo new')}`),
    ],
    ['does not exist', (): Promise<void> => rm(file())],
  ])('is gone on with only as it was: it %s', async (what, change) => {
    const run = await killedIn('node-1/ssh.slow', steps());
    await change();
    for (const flags of [[], ['--dry-run']]) {
      const { exit, stderr, stdout } = await fsha('resume', run, ...flags);
      expect([exit, stdout]).toEqual([3, '']);
      expect(stderr).toMatch(new RegExp(`p\\.yaml ${what}\n.*resume ${run} --as-begun`));
    }
    expect((await fsha('resume', run, '--as-begun', '--dry-run')).exit).toBe(0);
    expect((await resume(run, '--as-begun')).exit).toBe(0);
    expect(await log()).toEqual(['slow', 'slow', 'last']);
  });

  test('is given back all the same', async () => {
    const run = await killedIn('node-1/ssh.slow', steps());
    await rm(file());
    expect((await resume(run, '--undo')).exit).toBe(9);
  });
});
