/** The shipped playbooks that change proxies, on real Kamailio and OpenSSH: what is in the lists, and in which state, at the end. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { only, readEvents, runFsha, startFsha, type StartedFsha } from './harness/fsha.ts';
import type { RealProxy } from './harness/kamailio.ts';
import { runShipped, script } from './harness/playbook-scripts.ts';
import { type RealCluster, startRealCluster } from './harness/real-cluster.ts';
import type { StandInNode } from './harness/stand-in-node.ts';
import { until } from '../support/until.ts';

let cluster: RealCluster;
let first: RealProxy;
let second: RealProxy;
let third: StandInNode;
let lists: readonly string[];

beforeAll(async () => {
  cluster = await startRealCluster({ via: 'ssh', jump: false, quick: true, nodes: 3 });
  [first, second] = cluster.proxies;
  const [, , node] = cluster.nodes;
  if (node === undefined) throw new Error('there is no third node');
  third = node;
  lists = cluster.proxies.map(({ listFile }) => readFileSync(listFile, 'utf8'));
});
beforeEach(async () => {
  for (const [index, proxy] of cluster.proxies.entries()) {
    const list = lists[index] ?? '';
    for (const name of left(proxy)) rmSync(join(dirname(proxy.listFile), name));
    if (readFileSync(proxy.listFile, 'utf8') === list && Object.keys(await proxy.list()).length === 3)
      continue;
    writeFileSync(proxy.listFile, list);
    await reload(proxy);
  }
  await cluster.reset();
});
afterAll(() => cluster.stop());

/** Kamailio refuses a second one within 5 s. */
function reload(proxy: RealProxy): Promise<unknown> {
  return until(
    'it reloads',
    () =>
      proxy.reload().then(
        () => true,
        () => false,
      ),
    15_000,
  );
}

/** As `lb-1 AP AP DX`, by node; `-` where it is not listed. */
async function states(): Promise<string> {
  const all = await cluster.flags();
  return all
    .map((flags, index) => [
      `lb-${index + 1}`,
      ...cluster.nodes.map(({ destination }) => flags[`1 ${destination}`] ?? '-'),
    ])
    .map((words) => words.join(' '))
    .join(', ');
}

async function withoutThird(): Promise<readonly string[]> {
  const short: string[] = [];
  for (const proxy of cluster.proxies) {
    const list = readFileSync(proxy.listFile, 'utf8')
      .split('\n')
      .filter((line) => !line.includes(third.destination));
    writeFileSync(proxy.listFile, list.join('\n'));
    short.push(list.join('\n'));
    await reload(proxy);
  }
  await until('the others are probed', async () => (await states()) === 'lb-1 AP AP -, lb-2 AP AP -', 15_000);
  return short;
}

/** Files of runs beside a list. */
function left(proxy: RealProxy): readonly string[] {
  return readdirSync(dirname(proxy.listFile)).filter((name) => name.includes('.fsha-'));
}

/** What stands for `systemctl restart kamailio`: this process, which started it, does so when the script asks. */
async function restartable<T>(
  proxy: RealProxy,
  act: () => Promise<void>,
  work: (command: string) => Promise<T>,
): Promise<T> {
  const asked = join(cluster.directory, 'restart-asked');
  const done = join(cluster.directory, 'restart-done');
  const wait = `i=0; while [ ! -e ${done} ] && [ $i -lt 200 ]; do i=$((i+1)); sleep 0.1; done; rm -f ${done}`;
  const command = script(cluster.directory, 'restart-kamailio', `touch ${asked}\n${wait}`);
  rmSync(asked, { force: true });
  const end = new AbortController();
  const serving = (async () => {
    while (!end.signal.aborted) {
      if (existsSync(asked)) {
        writeFileSync(join(cluster.directory, 'list-at-restart'), readFileSync(proxy.listFile));
        await act();
        writeFileSync(done, '');
        return;
      }
      await delay(50);
    }
  })();
  try {
    return await work(command);
  } finally {
    end.abort();
    await serving;
  }
}

describe('proxy-restart', () => {
  const run = (command: string, more: Readonly<Record<string, string>> = {}) =>
    runShipped(cluster, 'proxy-restart', { proxy: 'lb-1', sudo: 'false', command, ...more }, []);

  test('every state is as it was, without one that had to be set again, and so is the file', async () => {
    await first.setState('d', 1, cluster.nodes[1].destination);
    const before = first.pid;
    const { exitCode, stdout, stderr } = await restartable(first, () => first.restart(), run);
    const results = only(readEvents(stdout), 'step.result').map(({ data }) => data.value);
    expect([exitCode, stderr, await states()]).toEqual([0, '', 'lb-1 AP DX AP, lb-2 AP AP AP']);
    expect(first.pid).not.toBe(before);
    expect(results.find(({ said }) => typeof said === 'string' && said.includes('as it was'))).toMatchObject({
      set: 0,
      changed: true,
    });
    expect(readFileSync(first.listFile, 'utf8')).toBe(lists[0]);
    expect(left(first)).toEqual([]);
    // While Kamailio began anew, its file had the node disabled.
    const atRestart = readFileSync(join(cluster.directory, 'list-at-restart'), 'utf8');
    expect(atRestart.split('\n').filter((line) => line.includes(cluster.nodes[1].destination))).toEqual([
      expect.stringContaining(`${cluster.nodes[1].destination} 4 `),
    ]);
  });

  test('a command that does nothing is found out, and the file is as it was', async () => {
    const { exitCode, stdout } = await run(script(cluster.directory, 'nothing', 'exit 0'));
    expect([exitCode, await states(), readFileSync(first.listFile, 'utf8'), left(first)]).toEqual([
      12,
      'lb-1 AP AP AP, lb-2 AP AP AP',
      lists[0],
      [],
    ]);
    expect(stdout).toContain('is still the process that it was');
  }, 120_000);
});

describe('a proxy that does not come back, and a run that is killed', () => {
  test('the file goes on saying the states until it is given back', async () => {
    await first.setState('d', 1, cluster.nodes[1].destination);
    const config = await cluster.configWith({});
    const { exitCode, stdout } = await restartable(
      first,
      () => first.down(),
      (command) => {
        const vars = ['--var', 'proxy=lb-1', '--var', 'sudo=false', '--var', `command=${command}`];
        const path = resolve('playbooks/proxy-restart.yaml');
        return runFsha(['run', path, ...vars, '--config', config, '--json'], 150_000);
      },
    );
    const held = readFileSync(first.listFile, 'utf8');
    await first.up();
    const [{ run } = { run: '' }] = readEvents(stdout);
    const undo = await runFsha(['resume', run, '--undo', '--config', config, '--json'], 60_000);
    expect([exitCode, held.includes(`${cluster.nodes[1].destination} 4 `)]).toEqual([9, true]);
    expect([undo.exitCode, await states()]).toEqual([0, 'lb-1 AP DX AP, lb-2 AP AP AP']);
    expect([readFileSync(first.listFile, 'utf8'), left(first)]).toEqual([lists[0], []]);
  }, 180_000);

  test('killed while Kamailio restarts: gone on with, by what is so', async () => {
    await first.setState('d', 1, cluster.nodes[1].destination);
    const config = await cluster.configWith({});
    const before = first.pid;
    let started: StartedFsha | undefined;
    const stdout = await restartable(
      first,
      async () => {
        await started?.end();
        await first.restart();
      },
      async (command) => {
        const vars = ['--var', 'proxy=lb-1', '--var', 'sudo=false', '--var', `command=${command}`];
        const path = resolve('playbooks/proxy-restart.yaml');
        started = await startFsha(['run', path, ...vars, '--config', config, '--json']);
        return (await started.done).stdout;
      },
    );
    const [{ run } = { run: '' }] = readEvents(stdout);
    const resumed = await runFsha(['resume', run, '--config', config, '--json'], 60_000);
    expect([resumed.exitCode, resumed.stderr, first.pid === before]).toEqual([0, '', false]);
    expect(await states()).toBe('lb-1 AP DX AP, lb-2 AP AP AP');
    expect([readFileSync(first.listFile, 'utf8'), left(first)]).toEqual([lists[0], []]);
  });
});

describe('add-node', () => {
  test('a line that Kamailio drops: the list and the states are as they were', async () => {
    const short = await withoutThird();
    await first.setState('d', 1, cluster.nodes[1].destination);
    const { exitCode, stdout } = await runShipped(cluster, 'add-node', { sudo: 'false' }, ['node-3'], {
      nodes: { 'node-3': { destinations: [{ set: 1, uri: 'sip:nosuch.invalid:5080' }] } },
    });
    expect([exitCode, await states()]).toEqual([12, 'lb-1 AP DX -, lb-2 AP AP -']);
    expect(stdout).toContain('set 1 sip:nosuch.invalid:5080 is in the file and not loaded; its list');
    expect(cluster.proxies.map(({ listFile }) => readFileSync(listFile, 'utf8'))).toEqual(short);
  });

  test('the node is in on every proxy, and who was out stays out', async () => {
    await withoutThird();
    await first.setState('d', 1, cluster.nodes[1].destination);
    const { exitCode, stdout, stderr } = await runShipped(
      cluster,
      'add-node',
      { sudo: 'false', attrs: 'duid=node-3' },
      ['node-3'],
    );
    expect([exitCode, stderr, await states()]).toEqual([0, '', 'lb-1 AP DX AP, lb-2 AP AP AP']);
    expect(stdout).not.toContain('drift.detected');
    for (const proxy of cluster.proxies) {
      expect(readFileSync(proxy.listFile, 'utf8')).toContain(`1 ${third.destination} 0 0 duid=node-3`);
      expect(left(proxy).filter((name) => name.endsWith('-held'))).toEqual([]);
    }
  });

  test('a list that somebody has half changed is not reloaded', async () => {
    const short = await withoutThird();
    writeFileSync(second.listFile, `${short[1] ?? ''}\n1 sip:10.9.9.9:5080\n`);
    const { exitCode, stdout } = await runShipped(cluster, 'add-node', { sudo: 'false' }, ['node-3']);
    // lb-1 was given back.
    expect([exitCode, await states()]).toEqual([12, 'lb-1 AP AP -, lb-2 AP AP -']);
    expect(stdout).toContain('sip:10.9.9.9:5080 is in the file and not loaded');
    expect(readFileSync(first.listFile, 'utf8')).toBe(short[0]);
  });
});

describe('remove-node', () => {
  test('it is drained first, then in no list, and who was out stays out', async () => {
    await second.setState('d', 1, cluster.nodes[1].destination);
    const calls = await cluster.hold({ '1000': 1 }, { at: { host: third.host, port: 5080 } });
    const running = runShipped(cluster, 'remove-node', { sudo: 'false' }, ['node-3']);
    await until('it is out', async () => (await states()) === 'lb-1 AP AP DX, lb-2 AP DX DX', 30_000);
    // As long as its call is up it stays in the lists.
    await delay(2_000);
    expect(await states()).toBe('lb-1 AP AP DX, lb-2 AP DX DX');
    await calls.hangUp();
    const { exitCode, stderr } = await running;
    expect([exitCode, stderr, await states()]).toEqual([0, '', 'lb-1 AP AP -, lb-2 AP DX -']);
  });

  test('one list cannot be changed: the node is back on every proxy', async () => {
    const { exitCode, stdout } = await runShipped(cluster, 'remove-node', { sudo: 'false' }, ['node-3'], {
      proxies: { 'lb-2': { list: `${second.listFile}.none` } },
    });
    expect([exitCode, await states()]).toEqual([12, 'lb-1 AP AP AP, lb-2 AP AP AP']);
    expect(stdout).toContain('is no file');
    expect(readFileSync(first.listFile, 'utf8')).toBe(lists[0]);
  });

  test('a dead one goes without being asked', async () => {
    await third.unit('stop');
    await until('it is inactive', async () => (await states()) === 'lb-1 AP AP IP, lb-2 AP AP IP', 30_000);
    const { exitCode } = await runShipped(cluster, 'remove-node', { sudo: 'false', dead: 'true' }, [
      'node-3',
    ]);
    expect([exitCode, await states()]).toEqual([0, 'lb-1 AP AP -, lb-2 AP AP -']);
  });
});
