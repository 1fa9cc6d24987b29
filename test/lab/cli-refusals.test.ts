import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';

let lab: LabForFsha;

beforeAll(async () => {
  lab = await startLabForFsha();
});

afterEach(async () => {
  // What a test leaves behind would be the next one's riddle.
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});

afterAll(() => lab.stop());

describe('refusals change nothing', () => {
  const untouched = async (argv: readonly string[], exit: number, said: RegExp): Promise<void> => {
    const before = (await lab.journals()).length;
    const run = await lab.call(...argv);
    expect(run.stderr + run.stdout).toMatch(said);
    expect(run.exit).toBe(exit);
    expect(await lab.flags()).toEqual(ALL_IN);
    if (exit === 2) expect(await lab.journals()).toHaveLength(before);
  };
  it.each([
    [['drain', 'node-9'], /there is no node node-9.*It has node-1, node-2/s],
    [['drain'], /missing required argument/],
    [['drian', 'node-1'], /Did you mean drain/],
    [['drain', 'node-1', '--forse', 'x'], /Did you mean --force/],
    [['drain', 'node-1', '--force', 'esl'], /cannot be forced/],
    [['drain', 'node-1', '--force', 'luck'], /can be forced: .*capacity/],
    [['drain', 'node-1', '--timeout', '5'], /--timeout 5 is not a duration/],
    [['drain', 'node-1', '--threshold', 'three'], /--threshold three is not a number of calls/],
    [['drain', 'node-1', '--then', 'what'], /activate, leave/],
    [['drain', 'node-1', '--ignore-proxy', 'lb-9'], /lb-9/],
    [['show', '../../etc/passwd'], /is not a run/],
  ])('%j is a usage error', (argv, said) => untouched(argv, 2, said));

  it.each([
    [['drain', 'node-1', '--on-timeout', 'hangup'], /all that are left at the deadline.*Say --yes/s],
    [['drain', 'node-1', '--threshold', '2'], /the last 2 or fewer.*Say --yes/s],
    [
      ['drain', 'node-1', '--threshold', '2', '--on-timeout', 'hangup', '--json'],
      /at the deadline, and the last 2 or fewer.*Say --yes/s,
    ],
  ])('%j is a question that nobody is there to answer', async (argv, said) => {
    const before = (await lab.journals()).length;
    await untouched(argv, 3, said);
    expect(await lab.journals()).toHaveLength(before);
  });

  it('asks nothing where nothing may be cut, or nothing is done', async () => {
    const run = await lab.call('drain', 'node-1', '--dry-run', '--on-timeout', 'hangup', '--threshold', '2');
    expect(run.exit).toBe(0);
    expect(run.stderr + run.stdout).not.toMatch(/--yes/);
  });

  it('a silent proxy', async () => {
    await lab.askProxy('lb-2', { refuse: true });
    await untouchedButReachable('lb-2');
  });

  async function untouchedButReachable(name: string): Promise<void> {
    const run = await lab.call('drain', 'node-1');
    await lab.askProxy(name, { refuse: false });
    expect(run.exit).toBe(3);
    expect(run.stdout).toMatch(/--ignore-proxy lb-2/);
    expect(await lab.flags()).toEqual(ALL_IN);
  }

  it('a node whose database is down: it would not come up again', async () => {
    await lab.askNode('node-1', { fault: 'database', value: true });
    await untouched(['drain', 'node-1'], 3, /core database/);
    const doctor = await lab.call('doctor');
    expect(doctor.exit).toBe(13);
    expect(doctor.stdout).toMatch(/problem: node-1: database/);
    await lab.askNode('node-1', { fault: 'database', value: false });
    expect((await lab.call('doctor')).exit).toBe(0);
  });

  it('a node that another run holds', async () => {
    const other = lab.start('drain', 'node-1', '--json', '--settle', '1h');
    await other.until('step.progress', 'node-1/wait_drained');
    const run = await lab.call('drain', 'node-1');
    expect(run.exit).toBe(4);
    expect(run.stderr).toMatch(/Another run changes .*\(drain node-1\) by tester@bench/);
    other.send('SIGTERM');
    expect((await other.done).exit).toBe(143);
  });
});

describe('status', () => {
  it('shows every node on every proxy in 80 columns', async () => {
    const { exit, stdout } = await lab.call('status');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/node-1 +active p +active p +0\/1000 +0 /);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('is one document with --json', async () => {
    const { exit, stdout } = await lab.call('status', '--json');
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ v: 1, complete: true });
  });

  it('shows unknown as unknown, with why, and what answers all the same', async () => {
    await lab.askNode('node-2', { fault: 'refuseEsl', value: true });
    const { exit, stdout } = await lab.call('status');
    await lab.askNode('node-2', { fault: 'refuseEsl', value: false });
    expect(exit).toBe(9);
    expect(stdout).toMatch(/node-1 +active p +active p +0\/1000/);
    expect(stdout).toMatch(/node-2 +active p +active p +unknown/);
    expect(stdout).toMatch(/refused/);
  });
});
