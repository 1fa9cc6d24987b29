import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { appendCases, tableText } from './case-table.ts';
import { finalState, readFinalState } from './final-state.ts';
import { journalEvents, only, startFsha } from './fsha.ts';
import { processGroup } from '../../support/processes.ts';
import { startRealCluster, type RealCluster } from './real-cluster.ts';
import type { RealSshServer } from './openssh.ts';
import { SETTERS } from './rpc-gate.ts';
import { stalledPipe } from './stalled-pipe.ts';

const run = promisify(execFile);
const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await startRealCluster({ via: 'direct', jump: false, gates: true, quick: true });
});
beforeEach(() => cluster.reset());
afterAll(() => cluster.stop());

/** An answer, or the way in which there was none. */
async function rpc(
  url: string,
  method: string,
  params: readonly unknown[] = [],
  limitMs = 10_000,
): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ jsonrpc: '2.0', method, params, id: 7 }),
    signal: AbortSignal.timeout(limitMs),
  });
  return ((await answer.json()) as { readonly result: unknown }).result;
}

/** @param connectS how long it waits for the server to say something, seconds */
function ssh(server: RealSshServer, command: string, connectS = 15): Promise<{ stdout: string }> {
  const { client } = cluster.ssh;
  return run(
    'ssh',
    [
      ...['-F', 'none', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes'],
      ...['-o', `ConnectTimeout=${connectS}`],
      ...['-o', `UserKnownHostsFile=${client.knownHostsFile}`, '-i', client.identityFile, '-l', client.user],
      ...['-p', String(server.port), server.host, command],
    ],
    { timeout: 20_000 },
  );
}

describe('the gate in front of a proxy', () => {
  test('forwards what it is not told to keep, and counts', async () => {
    const [gate] = cluster.gates;
    const [proxy] = cluster.proxies;
    const [node] = cluster.nodes;
    gate.forget();
    expect(await rpc(gate.url, 'dispatcher.list')).toMatchObject({ NRSETS: 1 });
    expect(await rpc(gate.url, 'dispatcher.set_state', ['d', 1, node.destination])).toMatch(/^Ok/);
    expect((await proxy.list())[`1 ${node.destination}`]).toBe('DX');
    expect([gate.count(), gate.count(...SETTERS)]).toEqual([2, 1]);
    expect(gate.requests().at(-1)?.params).toEqual(['d', 1, node.destination]);
  });

  test('lies: set_state is answered well, and nothing has changed', async () => {
    const [gate] = cluster.gates;
    await gate.set('lie');
    const [node] = cluster.nodes;
    expect(await rpc(gate.url, 'dispatcher.set_state', ['d', 1, node.destination])).toBe(
      'Ok. Dispatcher state updated.',
    );
    expect(await rpc(gate.url, 'dispatcher.list')).toMatchObject({ NRSETS: 1 });
    expect(await finalState(cluster)).toBe(WELL);
  });

  test('loses an answer: it is done all the same', async () => {
    const [gate] = cluster.gates;
    await gate.set({ trouble: 'lose', only: SETTERS });
    await expect(
      rpc(gate.url, 'dispatcher.set_state', ['d', 1, cluster.nodes[0].destination]),
    ).rejects.toThrow();
    expect(await finalState(cluster)).toBe('lb-1 DX, lb-2 AP; open; no restart; no mark');
  });

  test('is empty, cuts in the middle, is slow, silent, refuses, and opens again', async () => {
    const [gate] = cluster.gates;
    const ask = (limitMs?: number): Promise<unknown> => rpc(gate.url, 'dispatcher.list', [], limitMs);
    await gate.set({ trouble: 'empty', only: ['core.version'] }, 'truncate');
    expect(await rpc(gate.url, 'core.version')).toEqual({});
    await expect(ask()).rejects.toThrow();
    await gate.set({ slow: 200 });
    expect(await ask()).toMatchObject({ NRSETS: 1 });
    await gate.set('silent');
    await expect(ask(1_000)).rejects.toThrow(/timeout/);
    await gate.set('refuse');
    await expect(ask()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await gate.open();
    expect(await ask()).toMatchObject({ NRSETS: 1 });
  });

  test('a hook runs in the very moment, and one that fails is heard of', async () => {
    const [gate] = cluster.gates;
    const [proxy] = cluster.proxies;
    const [node] = cluster.nodes;
    gate.after('dispatcher.set_state', () => proxy.reload());
    await rpc(gate.url, 'dispatcher.set_state', ['d', 1, node.destination]);
    expect((await proxy.list())[`1 ${node.destination}`]).toMatch(/^A/);
    gate.before('core.version', () => Promise.reject(new Error('of the test')));
    await expect(rpc(gate.url, 'core.version')).rejects.toThrow();
    await expect(gate.open()).rejects.toThrow(/hook/);
  });
});

describe('the servers', () => {
  test('a proxy is frozen as a whole and thawed, down and up', async () => {
    const [proxy] = cluster.proxies;
    await proxy.freeze();
    const states = processGroup(proxy.pid).map(({ state }) => state);
    expect(states.length).toBeGreaterThan(3);
    expect(new Set(states)).toEqual(new Set(['T']));
    await expect(rpc(proxy.rpcUrl, 'core.version', [], 1_000)).rejects.toThrow(/timeout/);
    proxy.thaw();
    expect(await rpc(proxy.rpcUrl, 'core.version')).toContain('kamailio');
    await proxy.down();
    await expect(rpc(proxy.rpcUrl, 'core.version')).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
    expect((await readFinalState(cluster)).flags).toEqual({ 'lb-1': null, 'lb-2': 'AP' });
    await proxy.up();
    expect(await rpc(proxy.rpcUrl, 'core.version')).toContain('kamailio');
  });

  test('sshd: another host key, refused, sessions cut in the middle, and well again', async () => {
    const server = cluster.ssh.of(cluster.nodes[0]);
    expect((await ssh(server, 'echo yes')).stdout).toBe('yes\n');
    await server.startWithNewHostKey();
    await expect(ssh(server, 'true')).rejects.toThrow(/REMOTE HOST IDENTIFICATION HAS CHANGED/);
    await server.start();
    const trace = `${cluster.directory}/went-on`;
    // Until it is told to, and at most a minute.
    const waits = `for i in $(seq 600); do [ -e ${trace}.go ] && break; sleep 0.1; done`;
    const long = ssh(server, `echo begun > ${trace}; ${waits}; echo went on >> ${trace}`);
    const lost = expect(long).rejects.toMatchObject({ code: 255 });
    await until('the command runs', async () => (await readFile(trace, 'utf8')).startsWith('begun'));
    await server.refuse();
    await expect(ssh(server, 'true')).rejects.toThrow(/refused/);
    expect(server.sessions()).toBeGreaterThan(0);
    server.killSessions();
    await lost;
    await until('no session is left', () => server.sessions() === 0);
    await writeFile(`${trace}.go`, '');
    await until('the command on the host goes on', async () =>
      (await readFile(trace, 'utf8')).includes('went on'),
    );
    await server.start();
    await server.freeze();
    await expect(ssh(server, 'true', 2)).rejects.toThrow(/timed out/);
    server.thaw();
    expect((await ssh(server, 'echo yes')).stdout).toBe('yes\n');
  });

  test('a node: faults, commands past fsha, a crash from which it comes back', async () => {
    const [node] = cluster.nodes;
    await node.fault('database');
    expect(await node.api('show calls')).toMatch(/^-ERR/);
    await node.clearFaults();
    await node.api('fsctl pause inbound');
    await node.api('global_setvar fsha_run=somebody');
    expect(await finalState(cluster)).toMatch(/; paused; no restart; marked$/);
    await node.kill();
    await until('it is back', async () => (await readFinalState(cluster)).node === 'open');
    expect(await finalState(cluster)).toMatch(/; open; 1 restart; no mark$/);
    await node.freeze();
    expect(await readFinalState(cluster)).toMatchObject({ node: 'down', mark: null });
  });
});

describe('calls', () => {
  test('held at chosen numbers, and those that the node cuts are counted, each by its number', async () => {
    const calls = await cluster.hold({ '112': 2, 'recorder-1': 2 });
    expect(calls.up()).toHaveLength(4);
    for (const node of cluster.nodes) {
      const rows = JSON.parse(await node.api('show channels as json')) as { rows?: Record<string, string>[] };
      for (const { uuid, dest } of rows.rows ?? [])
        if (dest === 'recorder-1') await node.api(`uuid_kill ${uuid ?? ''}`);
    }
    await until('both are cut', () => calls.cutByFarSide().length === 2);
    expect(calls.cutByFarSide()).toEqual(['recorder-1', 'recorder-1']);
    expect(calls.up()).toEqual(['112', '112']);
    const more = await cluster.hold({ '112': 1, '113': 1 });
    await more.hangUp('113');
    expect([more.endedHere(), more.up()]).toEqual([['113'], ['112']]);
    await Promise.all([calls.hangUp(), more.hangUp()]);
    expect([calls.up(), more.up(), calls.errors(), more.errors()]).toEqual([[], [], '', '']);
    for (const node of cluster.nodes) expect((await node.stats()).sessionsNow).toBe(0);
  });

  test('at a node itself, past the proxies: hung up by the caller when the time is over', async () => {
    const [node, other] = cluster.nodes;
    const before = (await other.stats()).sessionsTotal;
    const calls = await cluster.hold({ '1000': 2 }, { at: { host: node.host, port: 5080 }, holdMs: 500 });
    await until('both have ended', () => calls.endedHere().length === 2);
    expect((await other.stats()).sessionsTotal).toBe(before);
    expect([calls.up(), calls.cutByFarSide(), calls.errors()]).toEqual([[], [], '']);
  });

  test('that ring until told: answered late, failed over, refused', async () => {
    const [first, second] = cluster.nodes;
    const late = await cluster.hold({ ring600000: 2 });
    expect(late.ringing()).toHaveLength(2);
    expect(await first.settleRinging('fail')).toBe(1);
    await until('both ring at the other node', async () => (await second.stats()).callsNow === 2);
    expect(await second.settleRinging('answer')).toBe(2);
    await until('both are up', () => late.up().length === 2);
    const refused = await cluster.hold({ nosuch: 1 });
    expect(refused.refused()).toEqual(['nosuch']);
    expect(refused.errors()).toBe('');
  });
});

describe('fsha as a process', () => {
  const drain = (config: string): readonly string[] => ['drain', 'node-1', '--json', '--config', config];

  test('events while it runs, a signal, and a state that is read from the servers', async () => {
    const [node] = cluster.nodes;
    const calls = await cluster.hold({ '1000': 1 }, { at: { host: node.host, port: 5080 } });
    const fsha = await startFsha(drain(cluster.configFile));
    await fsha.untilEvent((event) => event.type === 'step.progress');
    expect((await readFinalState(cluster)).flags).toEqual({ 'lb-1': 'DX', 'lb-2': 'DX' });
    fsha.send('SIGINT');
    expect((await fsha.done).exitCode).toBe(130);
    expect(fsha.events().at(-1)?.type).toBe('run.settled');
    expect(await finalState(cluster)).toBe(WELL);
    expect(calls.up()).toEqual(['1000']);
  });

  test.each(['closed', 'stalled'] as const)('stdout %s: the journal has it all', async (stdout) => {
    const config = await cluster.configWith({ restart: { command: 'true' }, drain: { poll: '300ms' } });
    const fsha = await startFsha([...drain(config), '--no-restart'], { stdout });
    expect((await fsha.done).exitCode).toBe(0);
    const [events = []] = journalEvents(cluster.stateDirOf(config));
    expect(only(events, 'run.settled')).toHaveLength(1);
    expect(only(events, 'run.started')[0]?.data.policy.poll).toBe(300);
    // What came through: all but the first lines are lost, or everything.
    expect(fsha.events().length).toBeLessThan(events.length);
    if (stdout === 'stalled') expect(fsha.stdout()).toBe('');
  });

  test('a stalled pipe takes not one more byte', async () => {
    const pipe = await stalledPipe();
    const end = openSync(`/proc/self/fd/${pipe.writingEnd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    expect(() => writeSync(end, 'x')).toThrow(/EAGAIN/);
    closeSync(end);
    pipe.given();
    pipe.close();
  });

  test('a run that is left behind is killed by the reset', async () => {
    const [node] = cluster.nodes;
    await cluster.hold({ '1000': 1 }, { at: { host: node.host, port: 5080 } });
    const fsha = await startFsha(drain(cluster.configFile));
    await fsha.untilEvent((event) => event.type === 'step.progress');
    expect(await finalState(cluster)).toBe('lb-1 DX, lb-2 DX; open; no restart; marked');
    await cluster.reset();
    expect(await fsha.done).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(await finalState(cluster)).toBe(WELL);
  });
});

test('a table with columns as wide as they have to be, and a file of JSON lines', async () => {
  const rows = [
    { case: 'a', did: 'gave it back', state: 'lb-1 AP; open', exit: 12 },
    { case: 'a longer one', did: 'x', state: 'y', exit: null },
  ];
  const file = `${cluster.directory}/cases.ndjson`;
  appendCases(file, 'title', rows);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    rows.map((row) => ({ title: 'title', ...row })),
  );
  const text = tableText(rows);
  expect(text.split('\n')).toEqual([
    '  case          fsha          final state, from the servers  exit',
    '  a             gave it back  lb-1 AP; open                  12',
    '  a longer one  x             y                              -',
  ]);
});
