/** Every command of fsha's on servers that are well, and drains that go wrong in their middle. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../support/until.ts';
import { type Changes, deepMerge } from './deep-merge.ts';
import { searchTree } from './secret-files.ts';
import { beginsAt, type Lane, waitsAt, withNodeAlone } from './secret-lane.ts';
import { type Marker, markerOf } from './secret-markers.ts';

/** Other lanes have the other nodes out at the same time, as if from other hosts. */
export const BESIDE = ['--force', 'mark', '--force', 'survivors', '--force', 'capacity'];

/** What only looks. */
export async function looks({ node, run, start, way, world }: Lane): Promise<void> {
  const { fsha, end, untilSays } = await start(['status', '--watch', '--poll', '1s']);
  await Promise.all([
    run(['config', 'schema'], [0]),
    run(['playbook', 'list'], [0]),
    run(['playbook', 'show', 'drain'], [0]),
    run(['playbook', 'check', 'upgrade-freeswitch'], [0]),
    run(['playbook', 'schema'], [0]),
    run(['playbook', 'new', join(world.temporary, `new-${way}.yaml`)], [0]),
    run(['status'], [0]),
    run(['doctor'], [0, 13]),
    run(['drain', node.name, '--dry-run', ...BESIDE], [0]),
    untilSays('it shows something', /./),
  ]);
  fsha.send('SIGINT');
  await end([130]);
}

/** A drain that waits for a call is killed and undone, or stopped by `unlock`; in one way of calling, one that fails. */
export async function endedDrain(lane: Lane): Promise<void> {
  if (lane.way === 'verbose') await failingDrain(lane);
  else await withCall(lane, () => stoppedDrain(lane));
}

/** A drain that waits for a call: looked at from everywhere, killed, and gone on with to its end. */
export async function killedDrain(lane: Lane): Promise<void> {
  await withCall(lane, async () => {
    const { node, run, start } = lane;
    const killed = await start(drainOf(lane));
    await killed.untilEvent('the drain waits', waitsAt(lane));
    const follower = await start(['show', 'last', '--follow']);
    await Promise.all([
      run(['calls', node.name], [0]),
      run(['unlock', '--dry-run'], [0]),
      run(drainOf(lane), [4]),
    ]);
    killed.fsha.send('SIGKILL');
    await killed.end(['SIGKILL']);
    cpSync(join(lane.stateDir, 'runs'), keptRuns(lane), { recursive: true });
    await Promise.all([run(['runs', '--all'], [0]), run(['resume', 'last', '--dry-run', ...BESIDE], [0])]);
    const before = lane.events().length;
    const resumed = await start(['resume', 'last', ...BESIDE]);
    await until('it waits again', () => lane.events().some(waitsAt(lane, before)), 60_000);
    await run(['calls', node.name, '--hangup', '--older-than', '1s', '--yes'], [0, 10]);
    await resumed.end([0]);
    await follower.end([0]);
  });
}

async function stoppedDrain(lane: Lane): Promise<void> {
  const { run, start, way } = lane;
  const drain = await start(drainOf(lane));
  await drain.untilEvent('the drain waits', waitsAt(lane));
  if (way === 'json') {
    await run(['unlock', '--yes'], [0]);
    await drain.end([143]);
  } else {
    drain.fsha.send('SIGKILL');
    await drain.end(['SIGKILL']);
    await run(['resume', 'last', '--undo', ...BESIDE], [0]);
  }
}

function drainOf({ node }: Lane): readonly string[] {
  return ['drain', node.name, '--reason', 'a test', ...BESIDE];
}

async function withCall({ world, node }: Lane, work: () => Promise<void>): Promise<void> {
  const at = { host: node.host, port: 5080 };
  const call = await world.cluster.hold({ '1000': 1 }, { at, holdMs: 170_000 });
  try {
    await work();
  } finally {
    await call.stop();
  }
}

/** The journals as they were when a drain of the lane's node had been killed. */
export function keptRuns({ world, way }: Lane): string {
  return join(world.cluster.directory, `kept-${way}`, 'runs');
}

/** Out, guarded, in, and the whole of a drain. */
export async function outAndIn(lane: Lane): Promise<void> {
  const { node, run, start } = lane;
  await run(['deactivate', node.name, ...BESIDE], [0]);
  const guard = await start(['deactivate', node.name, '--guard', ...BESIDE]);
  await guard.untilEvent('it guards', beginsAt(lane, 'guard'));
  await run(['activate', node.name, ...BESIDE], [0]);
  await guard.end([0]);
  await run(['drain', node.name, ...BESIDE], [0]);
  await run(['rolling', node.name, '--no-restart', '--max-unavailable', '9', ...BESIDE], [0]);
  const { words, env } = playbookOf(lane);
  await run([...words, ...BESIDE], [0], { env });
  await run(['show', 'last'], [0]);
}

/** A run of a playbook that gives its secret to commands on the node, which tell it to whoever is there. */
export function playbookOf({ world, node, way }: Lane): {
  readonly words: readonly string[];
  /** Only for it: what knows nothing of that playbook cannot know that there is a secret in its environment. */
  readonly env: Readonly<Record<string, string>>;
} {
  const file = join(world.cluster.directory, `secret-${way}.yaml`);
  writeFileSync(file, SECRET_PLAYBOOK);
  return {
    words: ['run', file, node.name, '--var', 'token=env:SECRET_PLAYBOOK'],
    env: { SECRET_PLAYBOOK: world.secrets.playbook.text },
  };
}

const SECRET_PLAYBOOK = `version: 1
name: secret
description: A secret on its way
vars:
  token: { secret: true, required: true, description: Whoever has it may do everything }
steps:
  - name: By its environment
    ssh: { run: 'echo "$TOKEN"', env: { TOKEN: '{{ vars.token }}' }, reads: true }
    register: told
  - assert: told.stdout == vars.token
  - preflight:
  - deactivate:
  - name: By its standard input
    ssh: { run: 'cat; cat >&2', stdin: '{{ vars.token }}' }
    undo: []
  - name: What fails tells it, too
    ssh: { run: 'echo "$TOKEN" >&2; exit 3', env: { TOKEN: '{{ vars.token }}' } }
    undo: []
    rescue:
      - name: Everybody hears of it
        notify: { command: 'env', text: 'the token is {{ vars.token }}' }
  - activate:
`;

/** A hook and a restart that fail and tell their environments. */
async function failingDrain({ node, run, stateDir, world }: Lane): Promise<void> {
  const config = await world.cluster.configWith(
    withNodeAlone(
      deepMerge(world.inventory, {
        drain: { onOut: { command: 'env; echo no >&2; exit 3' } },
        nodes: { [node.name]: { restart: { command: 'env >&2; exit 1' } } },
      }),
      world,
      node,
    ),
    { stateDir },
  );
  await run(['drain', node.name, ...BESIDE], [7], { config });
  await run(['activate', node.name, ...BESIDE], [0], { config });
}

/** A node that comes back from its restart with another ESL password. */
export async function anotherPassword({ node, run, world }: Lane): Promise<void> {
  const file = join(world.cluster.directory, `${node.name}.json`);
  const esl = { password: world.secrets.wrong.text };
  const before = JSON.parse(readFileSync(file, 'utf8')) as Changes;
  writeFileSync(file, JSON.stringify(deepMerge(before, { esl })));
  await run(['drain', node.name, ...BESIDE], [9]);
  await run(['activate', node.name, ...BESIDE], [3]);
}

/** The demo has servers of its own. Once it goes on to its end, else it is stopped when its drain has begun. */
export async function demo({ start, way }: Lane): Promise<void> {
  const { fsha, end, untilSays } = await start(['demo']);
  if (way !== 'plain') {
    await untilSays('its drain begins', /run[ .](started|\d{8}-)/);
    fsha.send('SIGINT');
  }
  await end(way === 'plain' ? [0] : [130]);
}

/** The secrets of every demo whose files are in that folder. */
export function secretsOfDemos(folder: string): readonly Marker[] {
  const files = searchTree(folder, []).entries.filter((entry) => entry.endsWith('.secret'));
  return files.map((file) => markerOf(file, readFileSync(join(folder, file), 'utf8').trim()));
}
