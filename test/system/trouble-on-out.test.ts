/** drain.onOut: the user's own command, once, when the node is out. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { until } from '../support/until.ts';
import { processEntry } from '../support/processes.ts';
import { troubleTable } from './harness/case-table.ts';
import { stepStarted } from './harness/events-of.ts';
import { readFinalState } from './harness/final-state.ts';
import { only, runFsha } from './harness/fsha.ts';
import { oneCall } from './harness/hold-at-node.ts';
import { SLOW_ANSWERS } from './harness/quick.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import { type RunOf, type RunOptions, startRun, WITH_GATES } from './harness/run-of.ts';

const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
const { add: row } = troubleTable('drain.onOut', () => cluster);

let cluster: RealCluster;
let trace: string;

beforeAll(async () => {
  cluster = await startRealCluster({ ...WITH_GATES, settings: SLOW_ANSWERS });
  trace = join(cluster.directory, 'hook');
});
beforeEach(async () => {
  await cluster.reset();
  for (const file of [trace, `${trace}.go`]) rmSync(file, { force: true });
});
afterAll(() => cluster.stop());

const written = (): string => (existsSync(trace) ? readFileSync(trace, 'utf8') : '');

/** A drain without a restart, which is not what these are about. */
function start(command: string, options: RunOptions & { readonly timeout?: string } = {}): Promise<RunOf> {
  const { timeout = '30s', flags = ['--json'], env = {}, ...rest } = options;
  return startRun(cluster, {
    settings: { drain: { onOut: { command, timeout } } },
    flags: [...flags, ...(rest.command === undefined ? ['--no-restart'] : [])],
    env: { ...env, TRACE: trace },
    ...rest,
  });
}

function hookOf(events: readonly RunEvent[]): {
  readonly outcome: string;
  readonly read: { readonly exitCode: number | null; readonly output: string } | null;
} {
  const settled = only(events, 'effect.settled').flatMap(({ data }) =>
    data.effect === 'hook.on_out' ? [data] : [],
  );
  expect(settled).toHaveLength(1);
  const [{ outcome, read } = { outcome: 'none', read: null }] = settled;
  return { outcome, read };
}

const hookWarnings = (events: readonly RunEvent[]): readonly string[] =>
  only(events, 'warning').flatMap(({ data }) => (data.code === 'hook.failed' ? [data.message] : []));

const indexOf = (events: readonly RunEvent[], wanted: (event: RunEvent) => boolean): number =>
  events.findIndex(wanted);

test('runs once, when the node is out on every proxy and before the wait, with FSHA_NODE and the PATH', async () => {
  const run = await start('echo "$FSHA_NODE $FSHA_CLUSTER ${PATH:+path}" >> $TRACE; sleep 0.2; ls -d /');
  const flags = until('it has run', () => written() !== '' && cluster.flags(), 60_000);
  const key = `1 ${cluster.nodes[0].destination}`;
  expect((await flags).map((list) => list[key])).toEqual(['DX', 'DX']);
  const ended = await run.end();
  expect(ended.exitCode).toBe(0);
  const name = JSON.parse(readFileSync(cluster.configFile, 'utf8')) as { cluster: string };
  expect(written()).toBe(`node-1 ${name.cluster} path\n`);
  expect(hookOf(ended.events)).toEqual({ outcome: 'done', read: { exitCode: 0, signal: null, output: '/' } });
  const { events } = ended;
  const began = indexOf(events, (one) => one.type === 'effect.intended' && one.data.effect === 'hook.on_out');
  const outAt = events.flatMap((one, index) =>
    one.type === 'effect.settled' && one.data.effect === 'dispatcher.state' && one.data.read === 'DX'
      ? [index]
      : [],
  );
  const waitAt = indexOf(events, stepStarted('wait_drained'));
  expect(outAt).toHaveLength(2);
  expect(Math.max(...outAt)).toBeLessThan(began);
  expect(began).toBeLessThan(waitAt);
  expect(hookWarnings(events)).toEqual([]);
  expect(await row('it succeeds', 'ran it once', ended)).toBe(WELL);
});

test('fails: a warning with its status and words, and the drain goes on', async () => {
  const ended = await (await start('echo run >> $TRACE; echo no dialer here >&2; exit 3')).end();
  expect(ended.exitCode).toBe(0);
  expect(written()).toBe('run\n');
  expect(hookOf(ended.events)).toMatchObject({
    outcome: 'failed',
    read: { exitCode: 3, output: 'no dialer here' },
  });
  expect(hookWarnings(ended.events)).toEqual(['drain.onOut failed (exit status 3): no dialer here']);
  expect(await row('it fails', 'warned, went on', ended)).toBe(WELL);
});

test('takes too long: ended with all that it began, a warning, and the drain goes on', async () => {
  const ended = await (await start('sleep 300 & echo $! $$ > $TRACE; wait', { timeout: '500ms' })).end();
  expect(ended.exitCode).toBe(0);
  expect(hookOf(ended.events)).toEqual({ outcome: 'unknown', read: null });
  expect(hookWarnings(ended.events)).toHaveLength(1);
  expect(hookWarnings(ended.events)[0]).toMatch(/longer than 500ms/);
  expectGone();
  expect(await row('it takes longer than its timeout', 'ended it, warned, went on', ended)).toBe(WELL);
});

test('Ctrl-C while it runs: ended, everything given back, no process is left', async () => {
  const run = await start('sleep 300 & echo $! $$ > $TRACE; wait', { timeout: '5m' });
  await until('it runs', () => written().endsWith('\n'), 60_000);
  // What the shell forked is a shell itself until it has become the command.
  const names = (): string =>
    processIds()
      .map((pid) => processEntry(pid)?.name)
      .join(' ');
  await until('both are there', () => names() === 'sleep sh', 60_000);
  run.fsha.send('SIGINT');
  const ended = await run.end();
  expect(ended.exitCode).toBe(130);
  expect(hookOf(ended.events).outcome).toBe('unknown');
  expectGone();
  expect(await row('Ctrl-C while it runs', 'ended it, gave the node back', ended)).toBe(WELL);
});

test('Ctrl-C while it runs and hears no SIGTERM: killed, everything given back', async () => {
  const stubborn = `trap '' TERM; echo $$ $$ > $TRACE; while :; do sleep 0.2; done`;
  const run = await start(stubborn, { timeout: '5m' });
  await until('it runs', () => written().endsWith('\n'), 60_000);
  run.fsha.send('SIGTERM');
  const ended = await run.end();
  expect(ended.exitCode).toBe(143);
  expectGone();
  expect(await row('SIGTERM while it runs and hears none', 'killed it, gave the node back', ended)).toBe(
    WELL,
  );
});

test('its output is on the screen and in the event, without what would steer a terminal', async () => {
  const noise = `printf '\\033]0;title\\007\\033[31mred\\033[0m\\r\\nsecond\\010\\n'; exit 1`;
  const ended = await (await start(noise, { flags: ['--verbose'] })).end();
  expect(ended.exitCode).toBe(0);
  const output = hookOf(ended.events).read?.output ?? '';
  expect(output).toContain('red');
  expect(output).toContain('second');
  const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
  expect(output).not.toMatch(control);
  expect(output).not.toContain('\n');
  expect(ended.stdout).toContain('drain.onOut failed (exit status 1)');
  expect(ended.stdout).toMatch(/red.*second/);
  expect(ended.stdout).not.toMatch(control);
  expect(await row('it writes control characters', 'printed them harmless', ended)).toBe(WELL);
});

test('not in a dry run, which says that it would; not by deactivate, which drains nothing', async () => {
  const dry = await runFsha(
    ['drain', 'node-1', '--dry-run', '--config', await withHook('echo run >> $TRACE')],
    60_000,
    { env: { TRACE: trace } },
  );
  expect(dry.exitCode).toBe(0);
  expect(dry.stdout).toContain('for at most 30s: echo run >> $TRACE');
  expect(written()).toBe('');
  const ended = await (await start('echo run >> $TRACE', { command: 'deactivate' })).end();
  expect(ended.exitCode).toBe(0);
  expect(written()).toBe('');
  expect(await row('deactivate', 'did not run it', ended)).toMatch(/^lb-1 DX, lb-2 DX; open; no restart/);
});

function withHook(command: string): Promise<string> {
  return cluster.configWith({ drain: { onOut: { command, timeout: '30s' } } });
}

test("the inventory's secrets that come from the environment are not in its own", async () => {
  const config = await cluster.configWith({
    drain: { onOut: { command: 'env > $TRACE', timeout: '30s' } },
    nodes: { 'node-1': { esl: { password: { file: null, env: 'FSHA_TEST_ESL' } } } },
    redis: { url: 'redis://127.0.0.1:6379', password: { env: 'FSHA_TEST_REDIS' } },
    postgres: { dsn: { env: 'FSHA_TEST_DSN' } },
  });
  const env = {
    FSHA_TEST_ESL: cluster.nodes[0].esl.password,
    FSHA_TEST_REDIS: 'redis-secret',
    FSHA_TEST_DSN: 'postgres://fsha:dsn-secret@127.0.0.1/fsha',
    CACHE_URL: 'redis://:redis-secret@127.0.0.1:6379',
    DIALER: 'http://dialer',
    TRACE: trace,
  };
  const ended = await (await startRun(cluster, { config, env, flags: ['--json', '--no-restart'] })).end();
  expect(ended.exitCode).toBe(0);
  expect(written()).toContain('DIALER=http://dialer\n');
  expect(written()).toContain('FSHA_NODE=node-1\n');
  expect(written()).not.toContain('FSHA_TEST_');
  expect(written()).not.toContain('-secret');
  expect(written()).not.toContain(cluster.nodes[0].esl.password);
  expect(await row('a secret in the environment', 'kept it from the command', ended)).toBe(WELL);
});

test('a reload of a proxy while it runs is seen and mended at once', async () => {
  const calls = await oneCall(cluster);
  const run = await start('echo run > $TRACE; while [ ! -e $TRACE.go ]; do sleep 0.1; done');
  await until('it runs', () => written() !== '', 60_000);
  await cluster.proxies[1].reload();
  const drift = await run.until('the drift is seen', (event) => event.type === 'drift.detected');
  expect(drift).toMatchObject({
    step: 'node-1/on_out',
    data: { cause: expect.stringContaining('dispatcher.reload') as string },
  });
  await until('it is out again', async () => (await readFinalState(cluster)).flags['lb-2'] === 'DX');
  // Still while the command runs.
  expect(run.events().some((one) => one.type === 'step.settled' && one.step === 'node-1/on_out')).toBe(false);
  writeFileSync(`${trace}.go`, '');
  await run.until('it waits', (event) => event.type === 'step.progress');
  await calls.hangUp();
  const ended = await run.end();
  expect(ended.exitCode).toBe(0);
  expect(calls.cutByFarSide()).toEqual([]);
  expect(await row('a proxy is reloaded while it runs', 'disabled the node again', ended)).toBe(WELL);
});

function processIds(): readonly number[] {
  return written().trim().split(' ').map(Number);
}

function expectGone(): void {
  expect(processIds()).toHaveLength(2);
  expect(processIds().map((pid) => processEntry(pid)?.state ?? 'gone')).toEqual(['gone', 'gone']);
}
