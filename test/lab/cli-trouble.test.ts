import { connect } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { ALL_IN, type LabForFsha, NODE_1_OUT, startLabForFsha } from '../support/lab-for-fsha.ts';
import { callFsha, startFsha } from '../support/call-fsha.ts';
import { until } from '../support/until.ts';

let lab: LabForFsha;
/** The lab's inventory with other texts in it. */
let changed: (name: string, replace: Readonly<Record<string, string>>) => Promise<readonly string[]>;

beforeAll(async () => {
  lab = await startLabForFsha();
  changed = async (name, replace) => {
    let text = await readFile(lab.lab.configFile, 'utf8');
    for (const [from, to] of Object.entries(replace)) {
      if (!text.includes(from)) throw new Error(`the inventory has no ${from}`);
      text = text.replaceAll(from, to);
    }
    const file = lab.lab.configFile.replace('fsha.yaml', `${name}.yaml`);
    await writeFile(file, text);
    return ['--config', file];
  };
});

afterEach(async () => {
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});

afterAll(() => lab.stop());

function settled(events: readonly RunEvent[]): RunEvent | undefined {
  return events.at(-1);
}

function restarts(events: readonly RunEvent[]): number {
  return events.filter((event) => event.type === 'effect.intended' && event.data.effect === 'node.restart')
    .length;
}

/** One api command over ESL, by hand. */
async function esl(command: string): Promise<void> {
  const [node] = lab.lab.nodes;
  if (node === undefined) throw new Error('no node');
  const password = (await readFile(lab.lab.configFile.replace('fsha.yaml', 'esl.secret'), 'utf8')).trim();
  await new Promise<void>((resolve, reject) => {
    let seen = '';
    const socket = connect(node.esl.port, node.esl.host, () => socket.write(`auth ${password}\n\n`));
    socket.setEncoding('utf8').on('data', (text: string) => {
      const before = seen;
      seen += text;
      if (!before.includes('+OK accepted') && seen.includes('+OK accepted'))
        socket.write(`api ${command}\n\n`);
      if (seen.includes('api/response')) socket.end(resolve);
    });
    socket.on('error', reject);
  });
}

async function pausedInbound(): Promise<boolean> {
  const { stats } = (await lab.askNode('node-1', { stats: true })) as {
    stats: { paused: { inbound: boolean } };
  };
  return stats.paused.inbound;
}

const QUICK = {
  'restart: { timeout: 30s }': 'restart: { timeout: 4s }',
  'verify: { timeout: 30s': 'verify: { timeout: 4s',
};

describe('two runs', () => {
  it('that take one node at one moment: one of them gives way, and it is restarted once', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => lab.call('drain', 'node-1', '--json')));
    expect(runs.map((run) => run.exit).sort()).toEqual([0, 4, 4]);
    expect(runs.reduce((sum, run) => sum + restarts(run.events), 0)).toBe(1);
  });
});

describe('the restart', () => {
  it.each([
    ['succeeds and does nothing', 'true', /was not restarted/],
    ['fails', 'false', /exit status 1/],
  ])('that %s: exit 7, the node stays out, and activate brings it back', async (_name, command, why) => {
    const [node] = lab.lab.nodes;
    const config = await changed('restart', {
      ...QUICK,
      [JSON.stringify(node?.restartCommand)]: JSON.stringify(command),
    });
    const run = await callFsha(['drain', 'node-1', '--json', ...config]);
    expect(run.exit).toBe(7);
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    expect(JSON.stringify(settled(run.events))).toMatch(why);
    expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  });
});

describe('verify', () => {
  it.each([
    ['profile', 'noProfile', /external/],
    ['gateway', 'noGateway', /gateway external::trunk-a is/],
  ])('without its %s it stays out: exit 8', async (what, fault, said) => {
    const config = await changed(what, QUICK);
    await lab.askNode('node-1', { fault, value: true, when: 'nextStart' });
    const run = await callFsha(['drain', 'node-1', '--json', ...config]);
    expect(run.exit).toBe(8);
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    expect(settled(run.events)).toMatchObject({ data: { nodes: { 'node-1': 'out of service' } } });
    expect(JSON.stringify(settled(run.events))).toMatch(said);
    await lab.askNode('node-1', { fault, value: false });
    expect((await lab.call('drain', 'node-1')).exit).toBe(0);
  });

  it.each([1_500, 3_500])(
    'a node that starts once more %d ms later is not well: exit 8, out',
    async (later) => {
      const config = await changed('again', { 'minSoak: 2s': 'minSoak: 5s' });
      await lab.askNode('node-1', { fault: 'secondRestart', value: later });
      const run = await callFsha(['drain', 'node-1', '--json', ...config]);
      expect(run.exit).toBe(8);
      expect(await lab.flags()).toEqual(NODE_1_OUT);
      expect(JSON.stringify(settled(run.events))).toContain('once more');
      await until('it answers again', async () => (await lab.call('status')).exit === 0);
      expect((await lab.call('activate', 'node-1')).exit).toBe(0);
    },
  );

  it.each([
    ['loopback/9196/public', 0],
    ['nosuch/thing', 8],
  ])('with the call %s: exit %d', async (call, exit) => {
    const config = await changed('call', { 'verify: {': `verify: { call: '${call}',` });
    const run = await callFsha(['drain', 'node-1', '--json', ...config]);
    expect(run.exit).toBe(exit);
    if (exit !== 0) expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  });
});

describe('pause and fence', () => {
  it('a pause that was found is put back', async () => {
    await esl('fsctl pause inbound');
    const run = await lab.call('drain', 'node-1', '--json');
    expect(run.exit).toBe(0);
    expect(await pausedInbound()).toBe(true);
    await esl('fsctl resume inbound');
  });

  it('a session that is there when the fence is up is waited for, with the fence down', async () => {
    const run = lab.start('drain', 'node-1', '--json', '--no-color');
    await run.until('step.started', 'node-1/fence');
    await lab.askNode('node-1', { fault: 'lieSessions', value: 1 });
    await run.until('effect.settled', 'node-1/fence');
    await until('the fence is down again', async () => !(await pausedInbound()));
    await lab.askNode('node-1', { fault: 'lieSessions', value: false });
    const { exit, events } = await run.done;
    expect(exit).toBe(0);
    const pauses = events.flatMap((event) =>
      event.type === 'effect.intended' && event.step === 'node-1/fence' ? [event.data.wanted] : [],
    );
    expect(pauses).toEqual([true, false, true]);
  });
});

describe('stopping', () => {
  it('Ctrl-C while it goes back in takes it out everywhere again, and the printed command brings it back', async () => {
    const config = await changed('soak', { 'minSoak: 2s': 'minSoak: 1h' });
    const run = startFsha(['drain', 'node-1', '--json', ...config]);
    await run.until('effect.settled', 'node-1/activate');
    run.send('SIGINT');
    const { exit, events } = await run.done;
    expect(exit).toBe(130);
    expect(await lab.flags()).toEqual(NODE_1_OUT);
    expect(settled(events)).toMatchObject({ data: { nodes: { 'node-1': 'out of service' } } });
    expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  });

  it('a second Ctrl-C leaves at once, although a proxy is silent, and says what is unknown', async () => {
    const run = lab.start('drain', 'node-1', '--json', '--settle', '1h');
    await run.until('step.progress', 'node-1/wait_drained');
    await lab.askProxy('lb-2', { silent: true });
    run.send('SIGINT');
    await run.until('undo.started');
    run.send('SIGINT');
    const { exit, events } = await run.done;
    await lab.askProxy('lb-2', { silent: false });
    expect(exit).toBe(9);
    expect(settled(events)).toMatchObject({ data: { outcome: 'unknown' } });
    expect((await lab.call('activate', 'node-1', '--json')).exit).toBe(0);
  });

  it('Ctrl-C in preflight changes nothing, and recommends nothing that would', async () => {
    await lab.askProxy('lb-2', { silent: true });
    const run = lab.start('drain', 'node-1', '--json');
    await run.until('step.started', 'node-1/preflight');
    run.send('SIGINT');
    const { exit, events } = await run.done;
    await lab.askProxy('lb-2', { silent: false });
    expect(exit).toBe(130);
    expect(settled(events)).toMatchObject({ data: { next: [expect.stringContaining('doctor node-1')] } });
  });
});

describe('--ignore-proxy', () => {
  it('goes on without it, and disables the node there when it answers', async () => {
    await lab.askProxy('lb-2', { refuse: true });
    const run = lab.start('drain', 'node-1', '--json', '--settle', '6s', '--ignore-proxy', 'lb-2');
    await run.until('step.progress', 'node-1/wait_drained');
    await lab.askProxy('lb-2', { refuse: false });
    await until('it is out there too', async () => (await lab.flags()).join() === NODE_1_OUT.join());
    expect((await run.done).exit).toBe(0);
  });
});
