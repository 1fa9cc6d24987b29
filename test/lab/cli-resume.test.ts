/** Going on with a run, and giving it back: what is asked anew, what speaks against it, and what follows. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { startFshaProcess } from '../support/fsha-process.ts';
import { ALL_IN, type LabForFsha, NODE_1_OUT, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

let lab: LabForFsha;

beforeAll(async () => {
  lab = await startLabForFsha();
});
afterEach(async () => {
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});
afterAll(() => lab.stop());

const quickly = ['--settle', '100ms', '--poll', '200ms', '--no-restart', '--json'];
const isOf =
  (type: RunEvent['type'], step?: string) =>
  (event: RunEvent): boolean =>
    event.type === type && (step === undefined || event.step === step);

const journalOf = (run: string): string => join(lab.stateDir, 'runs', `${run}.ndjson`);
const journal = (run: string): Promise<string> => readFile(journalOf(run), 'utf8');

/** The journal as it would be had its process died behind the last event of that kind. */
async function diedBehind(run: string, is: (event: RunEvent) => boolean): Promise<void> {
  const lines = (await journal(run)).split('\n').slice(0, -1);
  const last = lines.findLastIndex((line) => is(JSON.parse(line) as RunEvent));
  expect(last).toBeGreaterThan(0);
  await writeFile(journalOf(run), `${lines.slice(0, last + 1).join('\n')}\n`);
}

/** A drain of node-1 that was stopped while it waited, and died as it gave the node back. @returns its run */
async function diedGivingBack(moment: (event: RunEvent) => boolean): Promise<string> {
  const first = lab.start('drain', 'node-1', '--settle', '1h', '--no-restart', '--json');
  await first.until('step.started', 'node-1/wait_drained');
  first.send('SIGINT');
  const { events } = await first.done;
  const run = events[0]?.run ?? '';
  await diedBehind(run, moment);
  return run;
}

describe('drain finds a run of the node that was being given back', () => {
  test('that is brought to its end, and the drain that is asked for begins', async () => {
    const old = await diedGivingBack(isOf('undo.settled'));
    const second = await lab.call('drain', 'node-1', ...quickly);
    expect(second.stderr).toContain(`node-1 has an unfinished run: ${old} `);
    expect(second.stderr).toContain('was being given back: that goes on');
    const told = second.events.filter(({ type }) => /^run\./.test(type) || type === 'undo.settled');
    expect(told.map(({ type, run }) => [type, run === old])).toEqual([
      ['run.resumed', true],
      ['undo.settled', true],
      ['run.settled', true],
      ['run.started', false],
      ['run.settled', false],
    ]);
    expect(second.events.filter(isOf('step.settled', 'node-1/wait_drained'))).toMatchObject([
      { data: { outcome: 'succeeded' } },
    ]);
    expect([second.exit, second.events.at(-1)]).toMatchObject([0, { data: { outcome: 'done' } }]);
  });
});

describe('a run whose first process was killed', () => {
  test('has its checks asked anew: what was overruled then counted then; and needs the nodes that it is about', async () => {
    const fsha = (...argv: readonly string[]) =>
      startFshaProcess([...argv, '--config', lab.lab.configFile]).done;
    expect((await fsha('deactivate', 'node-2')).exit).toBe(0);
    const argv = ['drain', 'node-1', '--settle', '1h', '--no-restart', '--force', 'survivors', '--json'];
    const first = startFshaProcess([...argv, '--config', lab.lab.configFile]);
    await first.until('it waits', isOf('step.started', 'node-1/wait_drained'));
    const { events } = await first.kill();
    const run = events[0]?.run ?? '';
    const before = await journal(run);

    // One that only looks needs no lock.
    const [looked, forced] = await Promise.all([
      fsha('resume', run, '--dry-run'),
      fsha('resume', run, '--dry-run', '--force', 'survivors'),
    ]);
    expect(forced.exit).toBe(0);
    expect(forced.stdout).toContain(`run ${run} (drain node-1) by `);
    expect(forced.stdout).toMatch(/node-1: disable on lb-1 \(.*\): already so\n/);
    for (const { exit, stderr } of [looked, await fsha('resume', run)])
      expect([exit, stderr]).toEqual([3, expect.stringContaining('the check survivors')]);

    const renamed = lab.lab.configFile.replace('fsha.yaml', 'renamed.yaml');
    const text = await readFile(lab.lab.configFile, 'utf8');
    await writeFile(renamed, text.replace('  node-1:', '  node-9:'));
    for (const flags of [[], ['--undo']]) {
      const { exit, stderr } = await startFshaProcess(['resume', run, ...flags, '--config', renamed]).done;
      expect([exit, stderr]).toEqual([
        2,
        expect.stringMatching(
          /has node-1 in hand, which is not in \S+renamed\.yaml\n.*Put it back there .* where it is gone for good/,
        ),
      ]);
    }
    // The others say the same, and offer nothing that would be refused.
    for (const command of ['status', 'doctor']) {
      const { stdout } = await startFshaProcess([command, '--config', renamed]).done;
      const said = stdout.replace(/\s+/g, ' ');
      expect(said).toMatch(/has node-1 in hand, which is not in \S+renamed\.yaml/);
      expect(said).toMatch(
        /[Pp]ut it back there until the run has come to its end; where it is gone for good/,
      );
      if (command === 'status') expect(said).not.toContain(`resume ${run}`);
    }
    // A proxy on which it changed something, likewise: what it did there could not be given back.
    await writeFile(renamed, text.replace('  lb-2:', '  lb-9:'));
    for (const flags of [[], ['--undo']]) {
      const { exit, stderr } = await startFshaProcess(['resume', run, ...flags, '--config', renamed]).done;
      expect([exit, stderr]).toEqual([
        2,
        expect.stringMatching(/has changed node-1 on lb-2, which is not in \S+renamed\.yaml\n/),
      ]);
    }
    expect(await journal(run)).toBe(before);

    expect((await fsha('resume', run, '--undo')).exit).toBe(0);
    expect((await fsha('activate', 'node-2')).exit).toBe(0);
  });
});

describe('resume --undo of an activate', () => {
  test('leaves the node in where nobody else would take the calls, and says so', async () => {
    expect((await lab.call('deactivate', 'node-1')).exit).toBe(0);
    const { exit, events } = await lab.call('activate', 'node-1', '--json');
    expect(exit).toBe(0);
    const run = events[0]?.run ?? '';
    await diedBehind(
      run,
      (event) => event.type === 'effect.settled' && event.data.effect === 'dispatcher.state',
    );
    const before = await journal(run);
    expect((await lab.call('deactivate', 'node-2')).exit).toBe(0);
    const only = await lab.flags();

    const refused = await lab.call('resume', run, '--undo');
    expect([refused.exit, refused.stderr]).toEqual([
      3,
      expect.stringMatching(
        /the undo takes node-1 out, and nobody is left in set 1 of lb-1[^]*--force survivors/,
      ),
    ]);
    expect([await lab.flags(), await journal(run)]).toEqual([only, before]);

    expect((await lab.call('activate', 'node-2')).exit).toBe(0);
    expect((await lab.call('resume', run, '--undo')).exit).toBe(0);
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  });
});

test('a journal that was copied and finished elsewhere: the one that stayed here does not begin anew', async () => {
  // What it says is older than what was done: as where the rest was done elsewhere, with a copy.
  const run = await diedGivingBack(isOf('step.started', 'node-1/wait_drained'));
  const before = await journal(run);
  for (const flags of [[], ['--dry-run']]) {
    const { exit, stderr } = await lab.call('resume', run, ...flags);
    expect([exit, stderr.replace(/\s+/g, ' ')]).toEqual([
      3,
      expect.stringMatching(
        new RegExp(`node-1 is in on every proxy.*finished on another host.* resume ${run} --undo`),
      ),
    ]);
  }
  expect([await journal(run), await lab.flags()]).toEqual([before, ALL_IN]);
  // A drain that is asked for says what it found, and is done.
  const looked = await lab.call('drain', 'node-1', '--dry-run');
  expect([looked.exit, looked.stdout]).toEqual([0, expect.stringContaining('it is drained anew')]);
  expect((await lab.call('resume', run, '--undo')).exit).toBe(0);
  expect((await lab.call('status')).stdout).not.toContain(run);
});

test('resume of a run after which another one came that has ended: what that one left, and how it comes back', async () => {
  const old = await diedGivingBack(isOf('undo.started'));
  const later = await lab.call('deactivate', 'node-1', '--json');
  expect(later.exit).toBe(0);
  const before = await journal(old);
  const refused = await lab.call('resume', old);
  const run = later.events[0]?.run ?? '';
  expect([refused.exit, refused.stderr.replace(/\s+/g, ' ')]).toEqual([
    3,
    expect.stringMatching(
      new RegExp(`run ${run} came after it on node-1.* show ${run}; then: fsha .*activate node-1`),
    ),
  ]);
  expect([await journal(old), await lab.flags()]).toEqual([before, NODE_1_OUT]);
  expect((await lab.call('activate', 'node-1')).exit).toBe(0);
});
