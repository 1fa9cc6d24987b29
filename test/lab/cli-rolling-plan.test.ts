/** What a dry run of a rolling run says, on the lab: who would go, wait, or be refused; and that the real run does so. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import type { Called } from '../support/call-fsha.ts';
import { type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';
import { type PhoneDialog, SipPhone } from '../support/sip-phone.ts';
import { until } from '../support/until.ts';

const QUICK = ['--settle', '200ms', '--poll', '200ms', '--pause', '200ms'];

let lab: LabForFsha;
let phone: SipPhone;
beforeAll(async () => {
  [lab, phone] = await Promise.all([startLabForFsha({ nodes: 3 }), SipPhone.open('127.0.0.1', '4930123456')]);
});
afterEach(async () => {
  await until('everything is in again', async () => (await lab.flags()).every((one) => one.endsWith(' AP')));
});
afterAll(async () => {
  phone.close();
  await lab.stop();
});

/** Somebody sets a node's state on both proxies, past fsha. */
async function setState(state: string, name: string): Promise<void> {
  const password = (await readFile(join(dirname(lab.lab.configFile), 'rpc.secret'), 'utf8')).trim();
  const { host = '', port = 0 } = lab.lab.nodes.find((one) => one.name === name)?.sip ?? {};
  const params = [state, 1, `sip:${host}:${port}`];
  for (const { rpcUrl } of lab.lab.proxies)
    await fetch(rpcUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`fsha:${password}`).toString('base64')}` },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'dispatcher.set_state', params, id: 1 }),
    });
}

function turns({ events }: Called): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    events.flatMap(({ type, node, data }) => (type === 'node.foreseen' ? [[node ?? '', data]] : [])),
  );
}

/** In which order nodes were taken out. */
function taken(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap(({ type, node, step }) =>
    type === 'step.started' && node !== undefined && step === `${node}/deactivate` ? [node] : [],
  );
}

async function calls(name: string, count: number): Promise<readonly PhoneDialog[]> {
  const node = lab.lab.nodes.find((one) => one.name === name);
  if (node === undefined) throw new Error(`the lab has no ${name}`);
  const dialogs: PhoneDialog[] = [];
  for (let nth = 0; nth < count; nth += 1) dialogs.push(await phone.call(node.sip, `${1_000 + nth}`));
  return dialogs;
}

describe('a node that somebody else has disabled', () => {
  test('would be refused, and the next ones are not begun: so says the dry run, and so it is', async () => {
    await setState('d', 'node-2');
    const planned = await lab.call('rolling', '--all', '--dry-run', '--json');
    const refused = {
      turn: 'refused',
      why: expect.stringMatching(/^found-state: node-2 is disabled already/) as string,
      sessions: 0,
    };
    const behind = {
      turn: 'not begun',
      why: 'node-2 would be refused, and none may fail',
      sessions: 0,
    };
    // It is out already, and goes first.
    expect(turns(planned)).toEqual({ 'node-2': refused, 'node-1': behind, 'node-3': behind });
    const said = (await lab.call('rolling', '--all', '--dry-run')).stdout;
    expect(said).toContain('node-2 would be refused: found-state: node-2 is disabled already');
    expect(said).not.toContain('could go now');
    const real = await lab.call('rolling', '--all', '--json', ...QUICK);
    expect([planned.exit, real.exit, taken(real.events)]).toEqual([3, 3, []]);
    await setState('ap', 'node-2');
  });

  test('--then activate: it goes first, and all are in service afterwards', async () => {
    await setState('d', 'node-2');
    const wish = ['rolling', '--all', '--then', 'activate', '--json', ...QUICK];
    const planned = await lab.call(...wish, '--dry-run');
    expect(Object.values(turns(planned))).toMatchObject([
      { turn: 'goes' },
      { turn: 'goes' },
      { turn: 'goes' },
    ]);
    const { exit, events } = await lab.call(...wish);
    expect([exit, taken(events)]).toEqual([0, ['node-2', 'node-1', 'node-3']]);
    expect((await lab.flags()).every((one) => one.endsWith(' AP'))).toBe(true);
  });
});

test('the fewest sessions first: the dry run shows how many, and the run goes so', async () => {
  const dialogs = [...(await calls('node-1', 3)), ...(await calls('node-2', 1))];
  const wish = ['rolling', '--all', '--order', 'sessions', '--headroom', '0%'];
  const said = (await lab.call(...wish, '--dry-run')).stdout;
  expect(said).toMatch(
    /\n {2}1\. node-3 \(0 sessions, could go now\).*\n {2}2\. node-2 \(1 session, .*\n {2}3\. node-1 \(3 sessions, /,
  );
  const run = lab.start(...wish, '--json', ...QUICK);
  await run.until('step.started', 'node-2/wait_drained');
  for (const dialog of dialogs) dialog.request('BYE');
  const { exit, events } = await run.done;
  expect([exit, taken(events)]).toEqual([0, ['node-3', 'node-2', 'node-1']]);
});

test('resume --dry-run: who would go on, who would wait, and why', async () => {
  const run = lab.start(
    'rolling',
    '--all',
    '--json',
    '--poll',
    '200ms',
    '--settle',
    '200ms',
    '--pause',
    '1h',
  );
  await run.until('batch.settled');
  run.send('SIGINT');
  const id = (await run.done).events[0]?.run ?? '';
  await setState('d', 'node-3');
  const planned = await lab.call('resume', id, '--dry-run', '--json');
  expect(JSON.parse(planned.stdout)).toMatchObject({
    foreseen: [
      {
        node: 'node-2',
        turn: 'waits',
        why: 'node-3 (disabled on lb-1): no more than 1 may be out at a time',
      },
      { node: 'node-3', turn: 'refused', why: expect.stringMatching(/^found-state: /) as string },
    ],
  });
  const said = (await lab.call('resume', id, '--dry-run')).stdout;
  expect(said).toContain('node-2 would not go now: node-3 (disabled on lb-1)');
  expect(said).toContain('node-3 would be refused: found-state: node-3 is disabled already');
  await setState('ap', 'node-3');
  const open = await lab.call('resume', id, '--dry-run');
  expect(open.stdout).toMatch(/1\. node-2 \(0 sessions, could go now\)\n/);
});
