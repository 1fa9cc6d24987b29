import { connect } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SshTarget } from '../../src/domain/cluster.ts';
import { createHosts } from '../../src/ssh/host.ts';
import type { HostPort } from '../../src/workflow/ports.ts';
import { startSpoofAgent } from './spoof-agent.ts';
import {
  acceptKeys,
  type Home,
  makeHome,
  never,
  newKey,
  type Spoof,
  type SpoofOptions,
  startSpoof,
  TIMEOUTS,
  until,
} from './spoof-server.ts';

/** A jump host that connects wherever it is told to, or behaves as `answer` says. */
interface Bastion extends Spoof {
  answer: 'connects' | 'says nothing' | 'refuses';
  /** The public keys that have signed a login, as they are on the wire. */
  readonly usedKeys: Set<string>;
}

let home: Home;
let bastion: Bastion;
let target: Spoof;
let make: ReturnType<typeof createHosts>;
const cleanups: (() => Promise<unknown>)[] = [];
const hosts: HostPort[] = [];

beforeEach(async () => {
  home = await makeHome();
  bastion = await startBastion();
  target = await startSpoof();
  await trustAll(bastion, target);
  shareBy(1);
  cleanups.push(
    () => home.remove(),
    () => bastion.close(),
    () => target.close(),
    () => Promise.all(hosts.splice(0).map((host) => host.close())),
  );
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** @param connections how many there may be before hosts share them */
function shareBy(connections?: number, timeouts = TIMEOUTS, agent?: string): void {
  make = createHosts({
    timeouts,
    env: { PATH: '/nonexistent', SSH_AUTH_SOCK: agent },
    home: home.dir,
    ...(connections === undefined ? {} : { connectionsToJumpHost: connections }),
  });
}

async function startBastion(options: SpoofOptions = {}): Promise<Bastion> {
  const usedKeys = new Set<string>();
  const started = await startSpoof({
    authenticate: (context) => {
      if (context.method === 'publickey' && context.signature !== undefined)
        usedKeys.add(context.key.data.toString('base64'));
      acceptKeys(context);
    },
    tcpip: (accept, reject, { destIP, destPort }) => {
      if (opened.answer === 'says nothing') return;
      if (opened.answer === 'refuses') {
        reject();
        return;
      }
      const onward = connect(destPort, destIP);
      onward.on('error', () => undefined);
      const channel = accept();
      channel.on('error', () => undefined);
      channel.pipe(onward).pipe(channel);
      channel.on('close', () => onward.destroy());
    },
    ...options,
  });
  const opened: Bastion = { ...started, usedKeys, answer: 'connects' };
  return opened;
}

function trustAll(...servers: Spoof[]): Promise<void> {
  return writeFile(
    home.knownHosts,
    servers.map(({ port, hostKey }) => `[127.0.0.1]:${port} ${hostKey.public}\n`).join(''),
  );
}

function behind(where: string, more: Partial<SshTarget> = {}): HostPort {
  const host = make(where, {
    host: '127.0.0.1',
    port: target.port,
    user: 'ops',
    identityFile: join(home.dir, 'id'),
    knownHostsFile: home.knownHosts,
    jump: [`ops@127.0.0.1:${bastion.port}`],
    ...more,
  });
  hosts.push(host);
  return host;
}

function several(count: number): HostPort[] {
  return Array.from({ length: count }, (_, index) => behind(`node-${index + 1}`));
}

const loginAll = (all: readonly HostPort[]): Promise<unknown> =>
  Promise.all(all.map((host) => host.login(never)));

test('up to eight hosts have a connection of their own to the jump host', async () => {
  shareBy();
  await loginAll(several(8));
  expect(bastion.opened()).toBe(8);
});

test('many hosts share eight, as many on each', async () => {
  shareBy(undefined, { ...TIMEOUTS, connect: 15_000 });
  const all = several(24);
  await loginAll(all);
  expect(bastion.opened()).toBe(8);
  for (const host of all.slice(0, 8)) await host.close();
  for (const host of all.slice(8, 16)) await host.close();
  expect(bastion.open()).toBe(8);
  for (const host of all.slice(16)) await host.close();
  await until(() => bastion.open() === 0);
});

describe('hosts that share a connection to a jump host', () => {
  test('log in there once, and at each of themselves', async () => {
    await loginAll(several(4));
    expect(bastion.opened()).toBe(1);
    expect(target.opened()).toBe(4);
  });

  test('share a connection by eight', async () => {
    await loginAll(several(17));
    expect(bastion.opened()).toBe(3);
  });

  test('get a place that another has left', async () => {
    const [first, ...others] = several(8);
    await loginAll([...others, ...(first === undefined ? [] : [first])]);
    await first?.close();
    await behind('node-9').login(never);
    expect(bastion.opened()).toBe(1);
  });

  test('keep it until the last of them is closed', async () => {
    const [one, two] = [behind('node-1'), behind('node-2')];
    await loginAll([one, two]);
    await one.close();
    await expect(two.run('true', 2_000, never)).resolves.toMatchObject({ exitCode: 0 });
    await two.close();
    await until(() => bastion.open() === 0 && target.open() === 0);
    expect(bastion.opened()).toBe(1);
  });

  test('that was lost itself leaves the others alone, and comes back over the same', async () => {
    const other = await startSpoof({ exec: () => other.cut() });
    cleanups.push(() => other.close());
    await trustAll(bastion, target, other);
    const [lost, standing] = [behind('node-1', { port: other.port }), behind('node-2')];
    await loginAll([lost, standing]);
    await expect(lost.run('restart', 5_000, never)).rejects.toMatchObject({ code: 'connection.lost' });
    await lost.login(never);
    await expect(standing.run('true', 2_000, never)).resolves.toMatchObject({ exitCode: 0 });
    expect([other.opened(), bastion.opened(), target.opened()]).toEqual([2, 1, 1]);
  });

  test('are all lost with it, each by its name, and all come back over one new connection', async () => {
    const silent = await startSpoof({ exec: () => undefined });
    cleanups.push(() => silent.close());
    await trustAll(bastion, silent);
    const all = [1, 2, 3].map((index) => behind(`node-${index}`, { port: silent.port }));
    const running = all.map((host) => host.run('restart', 10_000, never).catch((error: unknown) => error));
    await until(() => silent.commands.length === 3);
    bastion.cut();
    expect(await Promise.all(running)).toEqual(
      [1, 2, 3].map((index): unknown =>
        expect.objectContaining({
          code: 'connection.lost',
          message: expect.stringMatching(
            new RegExp(`^node-${index}: .*at jump host ops@127.0.0.1:${bastion.port}: .*outcome is unknown$`),
          ) as unknown,
        }),
      ),
    );
    await loginAll(all);
    expect(bastion.opened()).toBe(2);
    expect(silent.commands).toHaveLength(3);
  });

  test('go on opening it for the others when one of them gives up', async () => {
    const [first, ...others] = several(3);
    const controller = new AbortController();
    const given = expect(first?.login(controller.signal)).rejects.toMatchObject({ code: 'interrupted' });
    const opening = loginAll(others);
    controller.abort();
    await Promise.all([given, opening]);
    expect(bastion.opened()).toBe(1);
  });

  test('are told apart by user and by key: nobody gets in by another one’s', async () => {
    const key = newKey();
    await writeFile(join(home.dir, 'other'), key.private, { mode: 0o600 });
    await loginAll([
      behind('node-1'),
      behind('node-2', { identityFile: join(home.dir, 'other') }),
      behind('node-3', { jump: [`root@127.0.0.1:${bastion.port}`] }),
    ]);
    expect(bastion.opened()).toBe(3);
    expect(bastion.usedKeys).toEqual(new Set([home.key, key].map((pair) => pair.public.split(' ')[1])));
  });

  test('go through several, and share each of them', async () => {
    const second = await startBastion();
    cleanups.push(() => second.close());
    await trustAll(bastion, second, target);
    const jump = [bastion, second].map(({ port }) => `ops@127.0.0.1:${port}`);
    const all = [1, 2, 3].map((index) => behind(`node-${index}`, { jump }));
    await loginAll([...all, behind('node-4')]);
    expect([bastion.opened(), second.opened(), target.opened()]).toEqual([1, 1, 4]);
    bastion.cut();
    await until(() => second.open() === 0 && target.open() === 0);
    await loginAll(all);
    expect([bastion.opened(), second.opened()]).toEqual([2, 2]);
  });
});

describe('what fails at a jump host', () => {
  test('is told to each of those who wait, by its name', async () => {
    await trustAll(target);
    const trouble = (where: string): unknown =>
      expect.objectContaining({
        code: 'ssh.host-key-unknown',
        message: expect.stringMatching(
          new RegExp(`^${where}: SSH to jump host ops@127.0.0.1:${bastion.port}: the host key`),
        ) as unknown,
      });
    const failed = await Promise.all(
      ['node-1', 'lb-1'].map((where) =>
        behind(where)
          .login(never)
          .catch((error: unknown) => error),
      ),
    );
    expect(failed).toEqual([trouble('node-1'), trouble('lb-1')]);
    expect(bastion.opened()).toBe(1);
    expect(target.opened()).toBe(0);
  });

  test('is asked for anew by the next', async () => {
    await trustAll(target);
    const host = behind('node-1');
    await expect(host.login(never)).rejects.toMatchObject({ code: 'ssh.host-key-unknown' });
    await trustAll(bastion, target);
    await host.login(never);
  });

  test('does not excuse the host behind it from showing a known key', async () => {
    await trustAll(bastion);
    await expect(behind('node-1').login(never)).rejects.toMatchObject({ code: 'ssh.host-key-unknown' });
    expect(target.commands).toEqual([]);
  });

  test('that nothing is ever forwarded costs no other its connection, and the next one opens a new one', async () => {
    const standing = behind('node-1');
    await standing.login(never);
    bastion.answer = 'says nothing';
    const host = behind('node-2');
    await expect(host.login(never)).rejects.toMatchObject({ code: 'connect.timeout' });
    bastion.answer = 'connects';
    await host.login(never);
    expect(bastion.opened()).toBe(2);
    await expect(standing.run('true', 2_000, never)).resolves.toMatchObject({ exitCode: 0 });
  });

  test('does not count where it is the host behind that refuses', async () => {
    await behind('node-1').login(never);
    bastion.answer = 'refuses';
    await expect(behind('node-2').login(never)).rejects.toMatchObject({ code: 'connect.refused' });
    bastion.answer = 'connects';
    await behind('node-3').login(never);
    expect(bastion.opened()).toBe(1);
  });

  test('leaves no connection behind when nobody wants it any more', async () => {
    bastion.answer = 'says nothing';
    const controller = new AbortController();
    const opening = expect(behind('node-1').login(controller.signal)).rejects.toMatchObject({
      code: 'interrupted',
    });
    await until(() => bastion.usedKeys.size === 1);
    controller.abort();
    await opening;
    await until(() => bastion.open() === 0);
  });

  test('leaves none behind either where that was between the login there and the host behind it', async () => {
    bastion.answer = 'says nothing';
    // It answers the login at the jump host, and nobody after that.
    const agent = await startSpoofAgent(join(home.dir, 'agent'), 1);
    cleanups.push(() => agent.close());
    shareBy(1, TIMEOUTS, agent.path);
    const controller = new AbortController();
    const opening = expect(behind('node-1').login(controller.signal)).rejects.toMatchObject({
      code: 'interrupted',
    });
    await until(() => agent.asked() === 2);
    expect(bastion.open()).toBe(1);
    controller.abort();
    await opening;
    await until(() => bastion.open() === 0);
  });
});
