/** `fsha deactivate --guard` beside other commands on its node: it is alive, and ends for nobody but who takes the node over. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { guardOf, type GuardPlace } from '../../src/journal/guard-lock.ts';
import { askLine } from '../../src/lab/json-lines.ts';
import { type Calling, callFsha } from '../support/call-fsha.ts';
import { startFshaProcess } from '../support/fsha-process.ts';
import { ALL_IN, type LabForFsha, NODE_1_OUT, startLabForFsha } from '../support/lab-for-fsha.ts';
import { until } from '../support/until.ts';

let lab: LabForFsha;
let place: GuardPlace;

beforeAll(async () => {
  lab = await startLabForFsha();
  const text = await readFile(lab.lab.configFile, 'utf8');
  const cluster = /^cluster: (\S+)$/m.exec(text)?.[1] ?? '';
  place = { dir: lab.stateDir, cluster, node: 'node-1' };
});
afterEach(async () => {
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});
afterAll(() => lab.stop());

/** One that keeps node-1 out, and has given the lock of the cluster up. */
async function guarding(): Promise<Calling & { readonly run: string }> {
  const guard = lab.start('deactivate', 'node-1', '--guard', '--json');
  // It has said in the node that it is one: the last that it does by itself.
  await guard.until('effect.settled', 'node-1/guard');
  const holder = await guardOf(place);
  if (holder === null || holder === 'unnamed') throw new Error('its lock names nobody');
  return { ...guard, run: holder.run };
}

/** By another hand, until it is up again. */
async function restartNode(): Promise<void> {
  const unit = { path: lab.lab.nodes[0]?.unitSocket ?? '' };
  await askLine(unit, 'restart');
  await until('it is up again', async () => ((await askLine(unit, 'status')) as { ready: boolean }).ready);
}

/** Somebody enables node-1 on lb-1, past fsha. */
async function enable(): Promise<void> {
  const password = (await readFile(join(dirname(lab.lab.configFile), 'rpc.secret'), 'utf8')).trim();
  const { host = '', port = 0 } = lab.lab.nodes[0]?.sip ?? {};
  const params = ['a', 1, `sip:${host}:${port}`];
  await fetch(lab.lab.proxies[0]?.rpcUrl ?? '', {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`fsha:${password}`).toString('base64')}` },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'dispatcher.set_state', params, id: 1 }),
  });
}

test('it is named as it was meant, wherever it is named', async () => {
  const guard = await guarding();
  const meant = 'deactivate node-1 --guard';
  expect(await guardOf(place)).toMatchObject({ command: meant });
  const status = await lab.call('status', '--json');
  expect(JSON.parse(status.stdout)).toMatchObject({ runs: [{ run: guard.run, command: meant }] });
  expect((await lab.call('runs', '--json')).stdout).toContain(`"${meant}"`);
  const journal = await readFile(join(lab.stateDir, 'runs', `${guard.run}.ndjson`), 'utf8');
  expect(JSON.parse(journal.split('\n')[0] ?? '')).toMatchObject({ data: { command: meant } });
  expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  expect((await guard.done).exit).toBe(0);
});

test('resume, and resume --undo, of one that is alive: refused, and nothing recorded; it is not the last that is interrupted', async () => {
  const guard = await guarding();
  const journal = (): Promise<string> => readFile(join(lab.stateDir, 'runs', `${guard.run}.ndjson`), 'utf8');
  const before = await journal();
  for (const flags of [['--undo'], []]) {
    const { exit, stderr } = await lab.call('resume', guard.run, ...flags);
    expect([exit, stderr]).toEqual([
      4,
      expect.stringMatching(/is under way: it keeps node-1 out[^]*It ends with: fsha.* activate node-1/),
    ]);
  }
  const last = await lab.call('resume', 'last');
  expect([last.exit, last.stderr]).toEqual([2, expect.stringContaining('is interrupted')]);
  expect([await journal(), await lab.flags()]).toEqual([before, NODE_1_OUT]);

  const drain = await lab.call('drain', 'node-1', '--no-restart', '--settle', '100ms', '--json');
  const { exit, events } = await guard.done;
  expect([drain.exit, exit]).toEqual([0, 0]);
  // By word left beside its lock, and not by finding another's mark.
  expect(events.findLast(({ type }) => type === 'warning')).toMatchObject({
    data: {
      code: 'guard.over',
      message: expect.stringContaining(
        `handed over to run ${drain.events[0]?.run ?? ''} (drain node-1) of `,
      ) as string,
    },
  });
});

test('an activate that failed leaves it: it keeps the node out until one succeeds', async () => {
  const text = await readFile(lab.lab.configFile, 'utf8');
  const quick = lab.lab.configFile.replace('fsha.yaml', 'quick.yaml');
  await writeFile(quick, text.replace('verify: { timeout: 30s', 'verify: { timeout: 2s'));
  const guard = await guarding();
  await lab.askNode('node-1', { fault: 'noProfile', value: true, when: 'nextStart' });
  await restartNode();

  const failed = await callFsha(['activate', 'node-1', '--json', '--config', quick]);
  expect([failed.exit, failed.events.at(-1)]).toMatchObject([
    8,
    { data: { error: { code: 'verify.failed' } } },
  ]);
  expect(await guardOf(place)).toMatchObject({ run: guard.run });
  await enable();
  expect(await lab.flags()).not.toEqual(NODE_1_OUT);
  await until('it is out again', async () => (await lab.flags()).join() === NODE_1_OUT.join());

  await restartNode();
  expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  const { exit, events } = await guard.done;
  expect([exit, events.filter(({ type }) => type === 'drift.detected').length]).toEqual([0, 1]);
});

describe('its successor dies while the node is handed over', () => {
  const activate = () => startFshaProcess(['activate', 'node-1', '--json', '--config', lab.lab.configFile]);

  test('before the guard has heard of it: the guard keeps the node out', async () => {
    const guard = await guarding();
    const heir = activate();
    await heir.until('it has begun', ({ type }) => type === 'run.started');
    await heir.kill();
    // Whatever it asked for is asked by nobody any more.
    await enable();
    await until('it is out again', async () => (await lab.flags()).join() === NODE_1_OUT.join());
    expect(await guardOf(place)).toMatchObject({ run: guard.run });
    expect((await lab.call('activate', 'node-1')).exit).toBe(0);
    expect((await guard.done).exit).toBe(0);
  });
});
