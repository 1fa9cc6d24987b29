import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import type { CallsDocument } from '../../src/output/calls-json.ts';
import { callFsha, type Called, startFsha } from '../support/call-fsha.ts';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';
import { SipPhone } from '../support/sip-phone.ts';
import { until } from '../support/until.ts';
import { rawEsl } from '../system/harness/raw-esl.ts';

let lab: LabForFsha;
let phone: SipPhone;

beforeAll(async () => {
  lab = await startLabForFsha();
});
beforeEach(async () => {
  phone = await SipPhone.open('127.0.0.1', '4930123456');
});
afterEach(async () => {
  await lab.askNode('node-1', { clear: true });
  // Whatever a test left: gone, and by the way a proof that it can be.
  const rest = await lab.call('calls', 'node-1', '--hangup', '--older-than', '0s', '--yes', '--json');
  expect(rest.stderr).toBe('');
  phone.close();
  expect(await listed()).toMatchObject({ calls: [], sessions: 0 });
  expect(await lab.flags()).toEqual(ALL_IN);
});
afterAll(() => lab.stop());

/** Calls node-1 itself, past the proxies. @returns the ids of the calls, as fsha lists them */
async function place(...numbers: readonly string[]): Promise<readonly string[]> {
  const [node] = lab.lab.nodes;
  if (node === undefined) throw new Error('no node');
  for (const number of numbers) await phone.call(node.sip, number);
  const { calls } = await listed('--show-numbers');
  return numbers.map((number) => {
    const found = calls?.find(({ to }) => to === number);
    if (found === undefined) throw new Error(`no call to ${number}`);
    return found.id;
  });
}

async function listed(...flags: readonly string[]): Promise<CallsDocument> {
  const { stdout } = await lab.call('calls', 'node-1', '--json', ...flags);
  return JSON.parse(stdout) as CallsDocument;
}

/** The uuids of all legs, read without fsha. */
async function legs(): Promise<readonly string[]> {
  const [node] = lab.lab.nodes;
  if (node === undefined) throw new Error('no node');
  const password = (await readFile(join(lab.lab.configFile, '..', 'esl.secret'), 'utf8')).trim();
  const body = await rawEsl({ ...node.esl, password }, 'show channels as json');
  return (JSON.parse(body) as { rows: { uuid: string }[] }).rows.map(({ uuid }) => uuid);
}

/** How often the phone was hung up on. */
function byes(): number {
  return phone.received.filter(({ start }) => start.startsWith('BYE ')).length;
}

function settledOf(run: Called): (RunEvent & { type: 'run.settled' })['data'] {
  const last = run.events.at(-1);
  if (last?.type !== 'run.settled') throw new Error(`not settled: ${run.stdout}${run.stderr}`);
  return last.data;
}

function hangUps(run: Called): readonly string[] {
  return run.events.flatMap((event) =>
    event.type === 'effect.intended' && event.data.effect === 'call.hangup' ? [event.data.target.uuid] : [],
  );
}

/** The lab's inventory with these settings of `drain`. */
async function withDrain(settings: string): Promise<string> {
  const text = await readFile(lab.lab.configFile, 'utf8');
  const file = join(lab.lab.configFile, '..', 'drain.yaml');
  await writeFile(
    file,
    text.replace('drain: {', () => `drain: { ${settings},`),
  );
  return file;
}

describe('the list', () => {
  it('has every call, a bridged one once, ends masked', async () => {
    const [first, bridge] = await place('1000', 'bridge-7');
    const table = await lab.call('calls', 'node-1');
    expect(table.exit).toBe(0);
    expect(table.stdout).toMatch(/^ *AGE +DIR +APP +FROM +TO +LEGS +STATE +KIND$/m);
    expect(table.stdout).toMatch(/in +bridge +\*{8}56 +\*{6}-7 +2 +ACTIVE +-$/m);
    expect(table.stdout).toContain(`\n  ${first ?? '?'}\n`);
    expect(table.stdout).toMatch(/^node-1: 2 calls, 3 sessions$/m);
    expect(table.stdout).not.toContain('4930123456');
    const json = await listed();
    expect(json).toMatchObject({ v: 1, type: 'calls', node: 'node-1', complete: true, unknown: null });
    // Both may have begun in one second, which is all that FreeSWITCH tells.
    expect(Object.fromEntries(json.calls?.map(({ id, legs }) => [id, legs]) ?? [])).toEqual({
      [first ?? '']: 1,
      [bridge ?? '']: 2,
    });
    expect(json.calls?.every(({ ageMs }) => ageMs !== null && ageMs >= 0 && ageMs < 60_000)).toBe(true);
    expect(await lab.journals()).toEqual([]);
  });

  it('no calls, and a node that is none', async () => {
    expect(await lab.call('calls', 'node-1')).toMatchObject({
      exit: 0,
      stdout: 'node-1: 0 calls, 0 sessions\n',
    });
    expect(await lab.call('calls', 'node-9')).toMatchObject({ exit: 2 });
  });

  it('only those of an age; the others are told', async () => {
    await place('1000');
    const old = await lab.call('calls', 'node-1', '--older-than', '1h');
    expect(old).toMatchObject({ exit: 0, stdout: 'node-1: 1 call, 1 session; 1 not so old left out\n' });
    expect(await listed('--older-than', '1h')).toMatchObject({
      calls: [],
      sessions: 1,
      olderThanMs: 3_600_000,
    });
  });

  it.each([
    ['database', true, /calls unknown: core database/, null],
    ['refuseEsl', true, /calls unknown: /, null],
    ['missingRows', 1, /1 session in memory has no row in the core database: not every call is listed/, 1],
  ] as const)('%s: unknown is told, and exits 9', async (fault, value, why, seen) => {
    await place('1000', '1001');
    await lab.askNode('node-1', { fault, value });
    const table = await lab.call('calls', 'node-1');
    expect(table.exit).toBe(9);
    expect(table.stdout).toMatch(why);
    const json = await lab.call('calls', 'node-1', '--json');
    const document = JSON.parse(json.stdout) as CallsDocument;
    expect([json.exit, document.complete, document.calls?.length ?? null]).toEqual([9, false, seen]);
  });

  it('rows of calls that are gone are left out, and told', async () => {
    await place('1000');
    await lab.askNode('node-1', { fault: 'ghostRows', value: 2 });
    const table = await lab.call('calls', 'node-1');
    expect(table.exit).toBe(0);
    expect(table.stdout).toMatch(/node-1: 1 call, 1 session\nnode-1: 2 rows of calls that are gone left out/);
  });
});

describe('--hangup', () => {
  it('cuts the call that is named, and no other; the run is in the journal', async () => {
    const [first, second] = await place('1000', 'bridge-7');
    const run = await lab.call('calls', 'node-1', '--hangup', second ?? '', '--yes', '--json');
    expect(run.exit).toBe(0);
    expect(settledOf(run)).toEqual({ outcome: 'done', exit: 0, nodes: {}, callsCut: 1, next: [] });
    // Both legs of it, the first one first.
    expect(hangUps(run)).toHaveLength(2);
    expect(hangUps(run)[0]).toBe(second);
    await until('the caller hears it', () => Promise.resolve(byes() === 1));
    expect((await listed()).calls?.map(({ id }) => id)).toEqual([first]);

    const shown = await lab.call('show', run.events[0]?.run ?? '');
    expect(shown.stdout).toMatch(/hang_up +succeeded/);
    expect(shown.stdout).toMatch(/calls cut\n +from \*{8}56 to \*{6}-7/);
    expect((await lab.call('runs')).stdout).toMatch(/ done +calls node-1 --hangup/);
  });

  it('takes the uuid of a further leg for its call, and says so', async () => {
    const [bridge, other] = await place('bridge-7', '1000');
    const further = (await legs()).find((uuid) => uuid !== bridge && uuid !== other) ?? '';
    const run = await lab.call('calls', 'node-1', '--hangup', further, '--yes');
    expect(run.exit).toBe(0);
    expect(run.stdout).toContain(`${further} is a leg of the call ${bridge ?? '?'}, which goes as a whole`);
    expect((await listed()).calls?.map(({ id }) => id)).toEqual([other]);
  });

  it('--older-than cuts what is older, and where that is nothing it is done already', async () => {
    await place('1000', '1001');
    const none = await lab.call('calls', 'node-1', '--hangup', '--older-than', '1h', '--json');
    expect(none.exit).toBe(0);
    expect(settledOf(none)).toMatchObject({ outcome: 'already', callsCut: 0 });
    const all = await lab.call('calls', 'node-1', '--hangup', '--older-than', '0s', '--yes', '--json');
    expect([all.exit, settledOf(all).callsCut]).toEqual([0, 2]);
    expect(hangUps(all)).toHaveLength(2);
  });

  it('--dry-run prints the plan, and changes nothing', async () => {
    const [first] = await place('1000');
    const before = await lab.journals();
    const run = await lab.call('calls', 'node-1', '--hangup', first ?? '', '--dry-run');
    expect(run.exit).toBe(0);
    expect(run.stdout).toContain(
      `1. hang_up: cut 1 call, the oldest first, with NORMAL_CLEARING\n       ${first ?? '?'}`,
    );
    expect((await listed()).calls).toHaveLength(1);
    expect(await lab.journals()).toEqual(before);
  });

  it('while the node is out and marked by a run it works just the same', async () => {
    const [first] = await place('1000');
    expect((await lab.call('deactivate', 'node-1')).exit).toBe(0);
    const run = await lab.call('calls', 'node-1', '--hangup', first ?? '', '--yes', '--json');
    expect([run.exit, settledOf(run).callsCut]).toEqual([0, 1]);
    expect((await lab.flags()).filter((one) => one.endsWith('DX'))).toHaveLength(2);
    expect((await lab.call('activate', 'node-1')).exit).toBe(0);
  });

  it.each([
    ['nobody answers the question', [], {}, /hang up 1 call of node-1.*nobody is here to be asked/],
    [
      'a session has no row',
      ['--yes'],
      { fault: 'missingRows', value: 1 },
      /2 sessions in memory, but only 1/,
    ],
    [
      'the core database is down',
      ['--yes'],
      { fault: 'database', value: true },
      /calls unknown: core database/,
    ],
  ] as const)('refuses where %s: exit 3, nothing changed', async (_what, flags, fault, why) => {
    const [first] = await place('1000', '1001');
    const before = await lab.journals();
    if ('fault' in fault) await lab.askNode('node-1', fault);
    const run = await lab.call('calls', 'node-1', '--hangup', first ?? '', ...flags);
    expect(run.exit).toBe(3);
    expect(run.stderr).toMatch(why);
    await lab.askNode('node-1', { clear: true });
    expect((await listed()).calls).toHaveLength(2);
    expect(await lab.journals()).toEqual(before);
  });

  it('refuses what is no call of the node, the others with it', async () => {
    const [first] = await place('1000');
    const run = await lab.call('calls', 'node-1', '--hangup', first ?? '', '--hangup', 'nosuch', '--yes');
    expect(run.exit).toBe(3);
    expect(run.stderr).toMatch(/no call of node-1 is cut: it has no call nosuch\n/);
    expect((await listed()).calls).toHaveLength(1);
  });

  it('refuses while a protected call is up, whichever was named; expendable ones go uncounted', async () => {
    const config = await withDrain(`protect: ['^112$'], expendable: ['^recorder-']`);
    const [first, recorder, emergency] = await place('1000', 'recorder-1', '112');
    const call = (...argv: readonly string[]): Promise<Called> =>
      callFsha(['calls', 'node-1', '--config', config, ...argv]);
    expect((await call()).stdout).toMatch(/ protected$/m);
    for (const uuid of [first, emergency]) {
      const run = await call('--hangup', uuid ?? '', '--yes');
      expect(run.exit).toBe(3);
      expect(run.stderr).toMatch(/a call to a protected number is up/);
    }
    expect((await listed()).calls).toHaveLength(3);
    // Without that setting there is no protected call.
    await lab.call('calls', 'node-1', '--hangup', emergency ?? '', '--yes');
    const run = await call('--hangup', recorder ?? '', '--yes', '--json');
    expect([run.exit, settledOf(run).callsCut, settledOf(run).outcome]).toEqual([0, 0, 'done']);
    expect((await listed()).calls?.map(({ id }) => id)).toEqual([first]);
  });

  it('Ctrl-C between two calls stops at once and says how many were cut: 130', async () => {
    await place('1000', '1001', '1002');
    await lab.askNode('node-1', { fault: 'slowEsl', value: 150 });
    const argv = ['calls', 'node-1', '--hangup', '--older-than', '0s', '--yes', '--json'];
    const run = startFsha([...argv, '--config', lab.lab.configFile]);
    await run.until('effect.settled');
    run.send('SIGINT');
    const ended = await run.done;
    expect(ended.exit).toBe(130);
    const { outcome, callsCut, next } = settledOf(ended);
    expect([outcome, next]).toEqual(['interrupted', [expect.stringMatching(/^fsha .*calls node-1$/)]]);
    expect(callsCut).toBeGreaterThan(0);
    await lab.askNode('node-1', { clear: true });
    expect((await listed()).calls).toHaveLength(3 - callsCut);
  });

  it.each([
    ['no call is said', ['--hangup'], /without a uuid says no call/],
    ['a call and an age', ['--hangup', 'x', '--older-than', '2h'], /exclude each other/],
    ['a call and nothing', ['--hangup', 'x', '--hangup'], /without a uuid says no call/],
    ['no duration', ['--hangup', '--older-than', '2x'], /--older-than 2x is not a duration/],
    ['two nodes', ['node-2'], /too many arguments/],
  ] as const)('%s: exit 2, one clear error', async (_what, flags, why) => {
    const run = await lab.call('calls', 'node-1', ...flags);
    expect([run.exit, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toMatch(why);
  });
});
