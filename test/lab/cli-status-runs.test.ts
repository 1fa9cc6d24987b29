/** What `fsha status` and `fsha runs` say of runs: under way, killed, left out, and overruled by somebody else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ListedRun } from '../../src/domain/run-summary.ts';
import type { StatusDocument } from '../../src/output/status-json.ts';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/fsha.js', import.meta.url));

let lab: LabForFsha;
beforeAll(async () => {
  lab = await startLabForFsha();
});
afterAll(() => lab.stop());

/** fsha in a process of its own, which can be killed. */
function fsha(
  ...argv: readonly string[]
): ChildProcess & { readonly text: () => string; readonly closed: Promise<unknown> } {
  const child = spawn(process.execPath, [LAUNCHER, ...argv, '--config', lab.lab.configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'exit');
  const closed = once(child, 'close');
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return Object.assign(child, { text: () => text, closed });
}

/** The same to its end: on the host by whose name it runs, which the calls in this process are not. */
async function told(...argv: readonly string[]): Promise<{ readonly exit: number; readonly stdout: string }> {
  const child = fsha(...argv);
  await child.closed;
  return { exit: child.exitCode ?? -1, stdout: child.text() };
}

async function statusDocument(): Promise<StatusDocument> {
  const { exit, stdout } = await told('status', '--json');
  expect(exit, stdout).toBe(0);
  return JSON.parse(stdout) as StatusDocument;
}

async function listed(): Promise<readonly ListedRun[]> {
  return (JSON.parse((await told('runs', '--json')).stdout) as { runs: readonly ListedRun[] }).runs;
}

/** As somebody else would, past fsha. */
async function setState(proxy: string, state: string, node: string): Promise<void> {
  const password = (await readFile(join(dirname(lab.lab.configFile), 'rpc.secret'), 'utf8')).trim();
  const { rpcUrl } = lab.lab.proxies.find(({ name }) => name === proxy) ?? { rpcUrl: '' };
  const { sip } = lab.lab.nodes.find(({ name }) => name === node) ?? { sip: { host: '', port: 0 } };
  await fetch(rpcUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`fsha:${password}`).toString('base64')}` },
    body: JSON.stringify({
      jsonrpc: '2.0',
      method: 'dispatcher.set_state',
      params: [state, 1, `sip:${sip.host}:${sip.port}`],
      id: 1,
    }),
  });
}

test('without a state directory nothing is known of runs, which is said and fails nothing', async () => {
  const { exit, stdout } = await told('status');
  expect(exit, stdout).toBe(0);
  expect(stdout).toContain(`no run is known on this host: there is no ${lab.stateDir}\n`);
  expect(await statusDocument()).toMatchObject({
    complete: true,
    runs: [],
    runsUnknown: [expect.stringContaining(lab.stateDir)],
  });
});

test('a drain goes on, is killed, and is given back', async () => {
  const drain = fsha('drain', 'node-1', '--no-tui', '--settle', '5m');
  const under = await until('it waits', async () => {
    const { runs } = await statusDocument();
    return runs?.find(({ state, step }) => state === 'in-progress' && step === 'wait_drained');
  });
  expect(under).toMatchObject({ command: 'drain node-1', nodes: ['node-1'] });
  expect(under.next).toEqual([expect.stringMatching(/ show \S+ --follow$/)]);
  expect((await listed())[0]).toMatchObject({ run: under.run, state: 'unfinished', underWay: true });
  expect((await told('runs')).stdout).toMatch(new RegExp(`^${under.run} .* in progress +drain node-1`, 'm'));
  // What it does is no contradiction, whatever runs said before.
  const { nodes } = await statusDocument();
  expect(nodes[0]?.lastRun).toEqual({ run: under.run, says: 'unknown', contradictedBy: [] });

  drain.kill('SIGKILL');
  await once(drain, 'exit');
  const { exit, stdout } = await told('status');
  expect(exit, stdout).toBe(0);
  expect(stdout).toMatch(
    new RegExp(
      `^run ${under.run} \\(drain node-1\\) by \\S+ was interrupted at\\s[^]*` +
        `^ {2}fsha --config \\S+ resume ${under.run}\n {2}fsha --config \\S+ resume ${under.run} --undo {2}# undoes it\n`,
      'm',
    ),
  );
  // The run says it all: its mark needs no line of its own.
  expect(stdout).not.toContain('held by');
  expect((await listed())[0]).toMatchObject({ run: under.run, underWay: false });
  expect((await told('runs')).stdout).toMatch(new RegExp(`^${under.run} .* interrupted +drain node-1`, 'm'));

  // A dry run shows what going on would do, and neither goes on nor begins anything.
  const seen = await told('drain', 'node-1', '--no-restart', '--dry-run');
  expect([seen.exit, seen.stdout]).toEqual([
    0,
    expect.stringMatching(
      new RegExp(`unfinished run: ${under.run} [^]*^node-1: drain in \\d steps\n[^]* deactivate[^]*$`, 'm'),
    ),
  ]);
  expect(seen.stdout).not.toMatch(/restart:/);
  const asJson =
    (await told('drain', 'node-1', '--dry-run', '--json')).stdout.trim().split('\n').at(-1) ?? '';
  expect(JSON.parse(asJson)).toMatchObject({ run: under.run, mode: 'forward', plan: { kind: 'drain' } });
  expect(await listed()).toHaveLength(1);

  expect((await told('resume', under.run, '--undo')).exit).toBe(0);
  expect(await lab.flags()).toEqual(ALL_IN);
  const after = await statusDocument();
  expect(after.runs).toEqual([]);
  expect(after.nodes[0]).toMatchObject({
    mark: null,
    lastRun: { run: under.run, says: 'in service', contradictedBy: [] },
  });
});

test('a node that was left out says by whom; what somebody does to it since, and after it is back, is seen', async () => {
  const watch = fsha('status', '--watch', '--poll', '1s');
  const says = (wanted: RegExp) =>
    until(`it says ${String(wanted)}`, () => wanted.test(watch.text()), 30_000);
  await says(/2 in service/);
  expect((await told('deactivate', 'node-1')).exit).toBe(0);
  const { runs } = await statusDocument();
  expect(runs).toMatchObject([{ state: 'left-out', command: 'deactivate node-1', nodes: ['node-1'] }]);
  expect(runs?.[0]?.next).toEqual([`fsha --config ${lab.lab.configFile} activate node-1`]);
  const run = runs?.[0]?.run ?? '';
  await says(new RegExp(`node-1 was left out by run ${run} \\(deactivate node-1, \\S+, \\S+ ago\\): fsha `));

  await setState('lb-2', 'ap', 'node-1');
  expect((await told('status')).stdout).toContain(`node-1: last run ${run} says out, lb-2 says active:\n`);
  expect((await statusDocument()).nodes[0]?.lastRun).toEqual({
    run,
    says: 'out of service',
    contradictedBy: ['lb-2'],
  });
  await says(new RegExp(`node-1: last run ${run} says out, lb-2 says active: fsha `));

  expect((await told('activate', 'node-1')).exit).toBe(0);
  await says(/node-1: its last run and the proxies no longer say different things\n/);
  const back = await statusDocument();
  expect(back.runs).toEqual([]);
  expect(back.nodes[0]?.lastRun).toMatchObject({ says: 'in service', contradictedBy: [] });

  await setState('lb-1', 'd', 'node-1');
  const { stdout } = await told('status');
  expect(stdout).toMatch(/^node-1: last run \S+ says in service, lb-1 says disabled:\n/m);
  await setState('lb-1', 'ap', 'node-1');
  watch.kill('SIGINT');
  await once(watch, 'exit');
  expect(watch.exitCode).toBe(130);
});

test('a run that stays to keep a node out goes on', async () => {
  fsha('deactivate', 'node-1', '--guard', '--no-tui');
  const guard = await until('it keeps it out', async () => {
    const { runs } = await statusDocument();
    return runs?.find(({ state, step }) => state === 'in-progress' && step === 'guard');
  });
  expect(guard.next).toContain(`fsha --config ${lab.lab.configFile} activate node-1`);
  expect((await listed())[0]).toMatchObject({ run: guard.run, underWay: true });
  expect((await told('activate', 'node-1')).exit).toBe(0);
  await until('it has ended', async () => (await listed()).every(({ state }) => state === 'settled'));
  expect((await statusDocument()).runs).toEqual([]);
});

test('journals that cannot be read are named and hide nothing else', async () => {
  const damaged = join(lab.stateDir, 'runs', '20990101-000000-aaaa.ndjson');
  await writeFile(damaged, 'nonsense\n');
  expect((await told('status')).stdout.replace(/\n {2}/g, ' ')).toContain(
    `a journal cannot be read, and what its run did is unknown; move the file out of its directory before anything else: ${damaged}:1: not a line of JSON`,
  );
  expect((await statusDocument()).nodes[0]?.lastRun).toMatchObject({ says: 'in service' });
  await rm(damaged);
  const runs = join(lab.stateDir, 'runs');
  await rename(runs, `${runs}-away`);
  await writeFile(runs, '');
  const { exit, stdout } = await told('status');
  await rm(runs);
  await rename(`${runs}-away`, runs);
  expect(exit, stdout).toBe(0);
  expect(stdout).toContain('what runs did is unknown: Cannot read the journal');
});
