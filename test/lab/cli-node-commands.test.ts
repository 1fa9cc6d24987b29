import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callFsha } from '../support/call-fsha.ts';
import { until } from '../support/until.ts';
import { ALL_IN, type LabForFsha, NODE_1_OUT, startLabForFsha } from '../support/lab-for-fsha.ts';

let lab: LabForFsha;

beforeAll(async () => {
  lab = await startLabForFsha();
});

afterEach(async () => {
  // What a test leaves behind would be the next one's riddle.
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});

afterAll(() => lab.stop());

describe('deactivate and activate', () => {
  it('take a node out on every proxy and bring it back with the flags it had', async () => {
    const out = await lab.call('deactivate', 'node-1', '--json', '--reason', 'a noisy card');
    expect(out.exit).toBe(0);
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    expect(out.events.at(-1)).toMatchObject({
      type: 'run.settled',
      data: { nodes: { 'node-1': 'out of service' }, next: [expect.stringContaining('activate node-1')] },
    });

    const again = await lab.call('deactivate', 'node-1', '--json');
    expect(again.events.at(-1)).toMatchObject({ type: 'run.settled', data: { outcome: 'already', exit: 0 } });

    const back = await lab.call('activate', 'node-1', '--json');
    expect(back.exit).toBe(0);
    expect(await lab.flags()).toEqual(ALL_IN);
    // Never restarted: its flags go back directly, and not by way of probing.
    const wanted = back.events.flatMap((event) =>
      event.type === 'effect.intended' && event.data.effect === 'dispatcher.state' ? [event.data.wanted] : [],
    );
    expect(wanted).toEqual(['ap', 'ap']);
  });

  it('a node held after a drain is taken over by the next drain, with what the first had found', async () => {
    const held = await lab.call('drain', 'node-1', '--hold', '--json');
    expect(held.exit).toBe(6);
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    expect(await lab.askNode('node-1', { stats: true })).toMatchObject({
      stats: { paused: { inbound: true } },
    });

    const drained = await lab.call('drain', 'node-1', '--json');
    expect(drained.stderr).toBe('');
    expect(drained.exit).toBe(0);
    expect(await lab.flags()).toEqual(ALL_IN);
  });
});

describe('drain', () => {
  it('--dry-run says what it would do, and leaves no trace', async () => {
    const before = await lab.journals();
    const dry = await lab.call('drain', 'node-1', '--dry-run');
    expect(dry.exit).toBe(0);
    expect(dry.stdout).toMatch(/16 checks ok/);
    expect(dry.stdout).toMatch(/restart/);
    expect(await lab.flags()).toEqual(ALL_IN);
    expect(await lab.journals()).toEqual(before);
  });

  it('--no-restart drains and gives the flags back directly', async () => {
    const run = await lab.call('drain', 'node-1', '--no-restart', '--json');
    expect(run.exit).toBe(0);
    expect(
      run.events.some((event) => event.type === 'effect.intended' && event.data.effect === 'node.restart'),
    ).toBe(false);
  });

  it('writes each intent to the journal before the effect, and settles each', async () => {
    const run = await lab.call('drain', 'node-1', '--json');
    expect(run.exit).toBe(0);
    expect(run.events.map((event) => event.seq)).toEqual(run.events.map((_, index) => index + 1));
    const intended = run.events.filter((event) => event.type === 'effect.intended').length;
    expect(run.events.filter((event) => event.type === 'effect.settled')).toHaveLength(intended);

    const shown = await lab.call('show', 'last', '--json');
    expect(shown.stdout).toBe(run.stdout);
    const followed = await lab.call('show', 'last', '--follow', '--json');
    expect(followed.stdout).toBe(run.stdout);
    const report = await lab.call('show', 'last');
    expect(report.exit).toBe(0);
    expect(report.stdout).toContain('restart');
    const runs = await lab.call('runs');
    expect(runs.stdout).toContain(run.events[0]?.run);
  });

  it('with one proxy that lies, gives everything back and says so', async () => {
    await lab.askProxy('lb-2', { lie: true, only: ['dispatcher.set_state'] });
    const run = await lab.call('drain', 'node-1', '--json');
    await lab.askProxy('lb-2', { lie: false, only: null });
    expect(run.exit).toBe(12);
    expect(run.events.at(-1)).toMatchObject({
      data: { outcome: 'failed', nodes: { 'node-1': 'in service' }, error: { code: 'effect.failed' } },
    });
  });

  it('Ctrl-C while it waits gives the node back', async () => {
    const run = lab.start('drain', 'node-1', '--json', '--settle', '1h');
    await run.until('step.progress', 'node-1/wait_drained');
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    run.send('SIGINT');
    const { exit, events } = await run.done;
    expect(exit).toBe(130);
    expect(await lab.flags()).toEqual(ALL_IN);
    expect(events.at(-1)).toMatchObject({
      data: { outcome: 'interrupted', nodes: { 'node-1': 'in service' } },
    });
  });

  it('a lost terminal is no reason to stop', async () => {
    const run = lab.start('drain', 'node-1', '--json', '--no-restart');
    await run.until('step.started', 'node-1/wait_drained');
    run.send('SIGHUP');
    expect((await run.done).exit).toBe(0);
  });

  it.each([
    ['restore', 5, ALL_IN],
    ['hold', 6, NODE_1_OUT],
  ] as const)('at the deadline: %s', async (onTimeout, exit, flags) => {
    const run = await lab.call(
      'drain',
      'node-1',
      '--json',
      '--settle',
      '1h',
      '--timeout',
      '3s',
      '--on-timeout',
      onTimeout,
    );
    expect(run.exit).toBe(exit);
    expect(await lab.flags()).toEqual(flags);
    if (onTimeout === 'hold') expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  });

  it('two drains of the last two nodes at one moment: never both, and everything is back at the end', async () => {
    const exits = (
      await Promise.all([lab.call('drain', 'node-1', '--json'), lab.call('drain', 'node-2', '--json')])
    ).map((run) => run.exit);
    expect(exits.sort()).toEqual([0, 4]);
  });

  it('the same from two hosts, which do not share a lock', async () => {
    const text = await readFile(lab.lab.configFile, 'utf8');
    const elsewhere = lab.lab.configFile.replace('fsha.yaml', 'elsewhere.yaml');
    await writeFile(elsewhere, text.replace(lab.stateDir, `${lab.stateDir}-elsewhere`));
    const exits = (
      await Promise.all([
        lab.call('drain', 'node-1', '--json'),
        callFsha(['drain', 'node-2', '--json', '--config', elsewhere]),
      ])
    ).map((run) => run.exit);
    // Refused by the other's mark, or given back once it is seen that nobody would be left; one may be first by far.
    expect(exits.every((exit) => [0, 4, 12].includes(exit))).toBe(true);
    expect(exits.filter((exit) => exit === 0).length).toBeLessThan(2);
  });

  it('a destination that comes back while calls are awaited is disabled again, and the cause named', async () => {
    const run = lab.start('drain', 'node-1', '--json', '--settle', '4s', '--no-restart');
    await run.until('step.progress', 'node-1/wait_drained');
    await lab.askProxy('lb-1', { reload: true });
    await run.until('drift.detected', 'node-1/wait_drained');
    const { exit, events } = await run.done;
    expect(exit).toBe(0);
    const drift = events.find((event) => event.type === 'drift.detected');
    expect(drift?.data.now).toMatch(/^A[XP]$/);
    expect(drift?.data.cause).toContain('reload');
  });
});
