/** Secrets are nowhere: not in what fsha says, writes and runs, here and on the nodes, whether all is well or not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import {
  anotherPassword,
  demo,
  endedDrain,
  killedDrain,
  looks,
  outAndIn,
  secretsOfDemos,
} from './harness/secret-commands.ts';
import { everyView, failures } from './harness/secret-errors.ts';
import { searchTree } from './harness/secret-files.ts';
import {
  type Lane,
  type LanePlace,
  openLane,
  type Said,
  type State,
  type Way,
  WAYS,
} from './harness/secret-lane.ts';
import { type Leak, leaksIn } from './harness/secret-markers.ts';
import { type Watch, watchProcesses } from './harness/secret-processes.ts';
import { commandIn, registeredCommands } from './harness/secret-registry.ts';
import { startUselessServers, type UselessServers } from './harness/secret-servers.ts';
import { bugs, misread, nothingWell, troubled } from './harness/secret-trouble.ts';
import { secretsInEnvironment, type SecretWorld, startSecretWorld } from './harness/secret-world.ts';

const WAY_NAMES = Object.keys(WAYS) as readonly Way[];
const CALLS = registeredCommands()
  .filter(({ readsInventory }) => readsInventory)
  .map(({ call }) => call);

let world: SecretWorld;
let useless: UselessServers;
let watch: Watch;
const said: Said[] = [];
const lanes: Lane[] = [];

beforeAll(async () => {
  world = await startSecretWorld();
  useless = await startUselessServers(world.cluster.network.host(5));
  watch = watchProcesses({
    below: process.pid,
    markers: world.markers,
    stateDirs: () => lanes.map(({ stateDir }) => stateDir),
  });
});
afterAll(async () => {
  await watch.stop();
  await useless.stop();
  await world.stop();
});

function lane(way: Way, state: State, more: Partial<LanePlace> = {}): Promise<Lane> {
  const index = WAY_NAMES.indexOf(way);
  const node = world.cluster.nodes[index];
  if (node === undefined) throw new Error('there are more ways than nodes');
  return openLane({
    ...{ world, way, state, node },
    opened: (one) => lanes.push(one),
    said: (one) => said.push(one),
    ...more,
  });
}

// Some hundred calls of fsha, tens of them at a time.
describe.concurrent('while everything is looked at', { timeout: 400_000 }, () => {
  test.each(WAY_NAMES)(
    'every command, %s, all well and nothing well',
    async (way) => {
      const well = await lane(way, 'well');
      await looks(well);
      await endedDrain(well);
      await killedDrain(well);
      await outAndIn(well);
      const env = { SECRET_ESL: world.secrets.wrong.text };
      await troubled(await lane(way, 'in trouble', { inventory: nothingWell(world, useless), env }));
    },
    280_000,
  );

  test('inventories with mistakes where secrets stand', async () => {
    await misread(await lane('verbose', 'misread'), CALLS);
  });

  test('bugs', async () => {
    const broken = await lane('verbose', 'with bugs', { env: bugs(world) });
    for (const call of CALLS) {
      const { stdout, stderr } = await broken.run(call, [0, 1, 2, 3, 9, 13]);
      expect(stdout + stderr, call.join(' ')).toContain('a bug');
    }
  });

  test('a node that comes back with another password', async () => {
    const node = world.cluster.nodes[3];
    if (node === undefined) throw new Error('there are three nodes');
    await anotherPassword(await lane('verbose', 'well', { node }));
  }, 280_000);

  // It reads no inventory, and cannot know that there are secrets in its environment. It has secrets of its own.
  test('the demo', async () => {
    const env = Object.fromEntries(
      Object.keys(secretsInEnvironment(world.secrets)).map((name) => [name, undefined]),
    );
    for (const way of WAY_NAMES) await demo(await lane(way, 'well', { env }));
    const secrets = secretsOfDemos(world.temporary);
    expect(secrets).toHaveLength(2 * WAY_NAMES.length);
    const journals = searchTree(world.temporary, secrets, (entry) => entry.endsWith('.ndjson'));
    expect(journals.leaks).toEqual([]);
    const told = said.filter(({ words }) => words[0] === 'demo').map(({ text }) => text);
    expect(leaksIn('what demos said', told.join('\n'), secrets)).toEqual([]);
    expect(leaksIn('command lines of demos', watch.seen().join('\n'), secrets)).toEqual([]);
  });

  test('every error of the adapters', async () => {
    const all = failures(world, useless);
    const thrown = await Promise.all(all.map(async ({ act }) => rejection(act())));
    const codes = thrown.map((error) => (error instanceof FshaError ? error.code : error));
    expect(all.map(({ what }, index) => [what, codes[index]])).toEqual(
      all.map(({ what, code }) => [what, code]),
    );
    const leaks = all.flatMap(({ what }, index) => leaksIn(what, everyView(thrown[index]), world.markers));
    expect(leaks).toEqual([]);
  });
});

describe('then', () => {
  test('every command was there, in every way, in every state of the world', () => {
    const ran = new Set(said.map(({ words, way, state }) => `${commandIn(words)}, ${way}, ${state}`));
    const wanted = registeredCommands().flatMap(({ name, readsInventory }) => [
      ...WAY_NAMES.map((way) => `${name}, ${way}, well`),
      ...(readsInventory ? WAY_NAMES.map((way) => `${name}, ${way}, in trouble`) : []),
      ...(readsInventory ? [`${name}, verbose, misread`, `${name}, verbose, with bugs`] : []),
    ]);
    expect(wanted.filter((one) => !ran.has(one))).toEqual([]);
  });

  test('none is in what fsha has said', () => {
    expect(said.flatMap(({ what, text }) => leaksIn(what, text, world.markers))).toEqual([]);
  });

  test('none is in journals, locks, temporary files, or wherever else fsha may write', () => {
    const trees = [world.home, world.temporary, ...lanes.map(({ stateDir }) => stateDir)];
    const searched = trees.map((tree) => searchTree(tree, world.markers));
    expect(searched.flatMap(({ leaks }) => leaks)).toEqual([]);
    const kinds = new Set(searched.flatMap(({ entries }) => entries).map(kindOf));
    for (const kind of watch.files().map(kindOf)) kinds.add(kind);
    expect([...kinds]).toEqual(expect.arrayContaining(['ndjson', 'lock', 'holder', 'new', 'wanted', 'yaml']));
  });

  test('none is in an argument or the environment of what fsha runs, here and on the nodes', () => {
    const { local, remote, cluster } = world;
    const recorded = local.flatMap((one) => leaksIn('recorded here', one.recorded(), world.markers));
    const there = leaksIn('recorded on a node', remote.recorded(), world.markers);
    expect([...distinct(watch.leaks()), ...recorded, ...there]).toEqual([]);
    // They were there to be seen.
    const seen = watch.seen().join('\n');
    for (const program of [/ssh -G /, /flock --nonblock/, /^\/bin\/sh -c env;/m, /lab-node\.js/, /^sshd: /m])
      expect(seen).toMatch(program);
    expect(seen).toMatch(/flock -o .* timeout -k .* sh -c .*restart/);
    for (const { recorded: calls } of local) expect(calls().length).toBeGreaterThan(0);
    expect(remote.recorded()).toContain(cluster.nodes[0].restartCommand);
  });

  test('none is in the logs of the servers', () => {
    const { cluster, guarded } = world;
    const logs = [
      ...[cluster.ssh.jump, ...cluster.ssh.hosts.values()].map((one) => ['sshd', one.log()] as const),
      ...[...cluster.proxies, guarded].map((one) => ['Kamailio', one.log()] as const),
    ];
    for (const [what, log] of logs) expect(log.length, what).toBeGreaterThan(0);
    expect(logs.flatMap(([what, log]) => leaksIn(`a log of ${what}`, log, world.markers))).toEqual([]);
  });
});

async function rejection(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    return error;
  }
}

function kindOf(file: string): string {
  return file.slice(file.lastIndexOf('.') + 1);
}

/** A process is seen more than once, and many are alike. */
function distinct(leaks: readonly Leak[]): readonly Leak[] {
  const key = ({ where, secret, how }: Leak): string => [where, secret, how].join('\n');
  return [...new Map(leaks.map((leak) => [key(leak), leak])).values()];
}
