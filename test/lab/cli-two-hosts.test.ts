/** Hosts that know nothing of each other but what stands on the nodes, and come for different nodes at one moment. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import type { Called } from '../support/call-fsha.ts';
import { callFsha } from '../support/call-fsha.ts';
import { rawEsl } from '../system/harness/raw-esl.ts';
import { type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';

/** Before every answer of a node: ms. Every host looks at it for longer than all of them take to begin. */
const SLOW = 150;

let lab: LabForFsha;
let configs: readonly string[];

beforeAll(async () => {
  lab = await startLabForFsha({ nodes: 4, proxies: 1 });
  const text = await readFile(lab.lab.configFile, 'utf8');
  configs = await Promise.all(
    ['a', 'b', 'c'].map(async (host) => {
      const file = lab.lab.configFile.replace('fsha.yaml', `${host}.yaml`);
      await writeFile(file, text.replace(lab.stateDir, `${lab.stateDir}-${host}`));
      return file;
    }),
  );
});
afterAll(() => lab.stop());

const quickly = ['--no-restart', '--settle', '3s', '--poll', '200ms', '--json'];

/** Drains node-1, node-2, … on as many hosts at once, all of which have looked before any has marked its node. */
async function atOnce(hosts: number): Promise<readonly Called[]> {
  await lab.askNode('node-4', { fault: 'slowEsl', value: SLOW });
  const runs = configs
    .slice(0, hosts)
    .map((config, index) => callFsha(['drain', `node-${index + 1}`, ...quickly, '--config', config]));
  return Promise.all(runs).finally(() => lab.askNode('node-4', { fault: 'slowEsl', value: false }));
}

const intended = ({ events }: Called): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'effect.intended'
      ? [`${event.data.effect}${event.data.wanted === null ? ' away' : ''}`]
      : [],
  );
const endOf = ({ events }: Called): unknown =>
  events.findLast((event): event is RunEvent & { type: 'run.settled' } => event.type === 'run.settled')?.data;
const passed = ({ events }: Called): boolean =>
  events.some(({ type, step }) => type === 'step.started' && step?.endsWith('/deactivate') === true);

test.each([2, 3])('%i of them: one goes on, the others take nothing but their marks away', async (hosts) => {
  const ended = await atOnce(hosts);
  expect(ended.map(passed)).toEqual(ended.map(() => true));
  const [winner, ...more] = ended.filter(({ exit }) => exit === 0);
  expect(more).toEqual([]);
  const run = winner?.events[0]?.run ?? '';
  for (const loser of ended.filter((one) => one !== winner)) {
    expect(loser.exit).toBe(4);
    expect(intended(loser)).toEqual(['node.mark', 'node.mark away']);
    expect(endOf(loser)).toMatchObject({ outcome: 'refused', error: { code: 'locked' } });
    if (hosts === 2)
      expect(endOf(loser)).toMatchObject({ error: { message: expect.stringContaining(run) as string } });
  }
  expect((await lab.flags()).filter((flags) => !flags.endsWith(' AP'))).toEqual([]);
  const status = await lab.call('status', '--json');
  expect(status.exit, status.stdout).toBe(0);
  const marks = (JSON.parse(status.stdout) as { nodes: { mark: unknown }[] }).nodes.map(({ mark }) => mark);
  expect(marks).toEqual([null, null, null, null]);
});

describe('a run that has ended and left its node out, seen from another host', () => {
  const on = (host: number, ...argv: string[]): Promise<Called> =>
    callFsha([...argv, '--config', configs[host] ?? '']);
  const markNow = async (): Promise<string> => {
    const { stdout } = await on(0, 'status', '--json');
    return (JSON.parse(stdout) as { nodes: { mark: string | null }[] }).nodes[0]?.mark ?? 'none';
  };
  afterEach(async () => {
    expect((await on(0, 'activate', 'node-1', '--force', 'mark')).exit).toBe(0);
  });

  test.each([
    [0, ['deactivate', 'node-1']],
    [6, ['drain', 'node-1', '--hold', '--settle', '100ms', '--poll', '100ms']],
  ])('exit %i of %j: it is said, and nobody has to wait', async (exit, argv) => {
    const begun = await on(0, ...argv, '--json');
    expect(begun.exit).toBe(exit);
    const run = begun.events[0]?.run ?? '';
    expect(await markNow()).toMatch(new RegExp(`^${run},[^,]+,[^,]+,[0-9a-f]+,up\\d+,ended$`));

    const status = await on(1, 'status');
    expect(status.stdout).toMatch(
      new RegExp(
        `node-1: left out by run ${run} of \\S+, marked \\S+ ago, which has ended on another\\s+host`,
      ),
    );
    expect((await on(1, 'doctor', 'node-1')).stdout).not.toContain(`held by run ${run}`);
    // Another node, and the node itself: as if the run had been one of this host.
    expect((await on(1, 'drain', 'node-2', ...quickly)).exit).toBe(0);
    const back = await on(1, 'activate', 'node-1', '--json');
    expect([back.exit, back.stderr]).toEqual([0, '']);
    expect(await markNow()).toBe('none');
  });

  test('one that was killed there is in the way as ever, by the clock of the node', async () => {
    expect((await on(0, 'deactivate', 'node-1')).exit).toBe(0);
    const [run = '', who = '', , token = '', up = ''] = (await markNow()).split(',');
    const { host = '', port = 0 } = lab.lab.nodes[0]?.esl ?? {};
    const secret = lab.lab.configFile.replace('fsha.yaml', 'esl.secret');
    const password = (await readFile(secret, 'utf8')).trim();
    const longAgo = new Date(Date.now() - 600_000).toISOString();
    const mark = [run, who, longAgo, token, up].join(',');
    await rawEsl({ host, port, password }, `global_setvar fsha_run=${mark}`);
    for (const argv of [
      ['activate', 'node-1'],
      ['drain', 'node-2', ...quickly],
    ])
      expect((await on(1, ...argv)).exit).toBe(4);
  });
});
