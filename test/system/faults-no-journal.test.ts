/** A drain that died, and whoever brings its node back without its journal: from another host, or where it was moved away. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { well } from './harness/fault-cases.ts';
import { bothSaid, otherHost } from './harness/fault-hosts.ts';
import { type Killed, killSuite } from './harness/fault-kill-suite.ts';
import { begins, placesOf } from './harness/fault-stages.ts';
import { finalState, flagsOf } from './harness/final-state.ts';
import { startFsha, type StartedFsha } from './harness/fsha.ts';
import { restartsOf } from './harness/node-log.ts';
import { journalFile } from './harness/run-of.ts';

const suite = killSuite('Killed, and taken over without its journal');
const places = placesOf(inject('recorded')).filter(({ stage }) => stage === 'drain');

test.each(places.map((place) => [place.step, place] as const))(
  'killed as %s begins, then activate --force mark on another host',
  async (step, place) => {
    await suite.killAt({ when: 'after', key: begins(place), nth: 1 });
    const activated = await (await otherHost(suite.cluster())).run('activate', 'node-1', '--force', 'mark');
    const state = await suite.row(
      `killed as ${step} begins`,
      'activate elsewhere: brought it back',
      activated,
    );
    const restarts = step === 'verify' || step === 'activate' ? 1 : 0;
    expect([activated.exitCode, state], bothSaid(activated)).toEqual([0, well(restarts)]);
  },
);

/** Dead while the restart that it has begun goes on for as long as it is not told to end. */
async function killedInRestart(): Promise<{ readonly dead: Killed; readonly endRestart: () => void }> {
  const [node] = suite.cluster().nodes;
  const file = (name: string): string => join(suite.cluster().directory, `${name}-${Date.now()}`);
  const [begun, go] = [file('begun'), file('go')];
  const command = `touch ${begun}; while [ ! -e ${go} ]; do sleep 0.1; done; ${node.restartCommand}`;
  const dead = await suite.killWhen('the restart is under way', () => existsSync(begun), {
    settings: { nodes: { 'node-1': { restart: { command, timeout: '30s' } } } },
  });
  return { dead, endRestart: () => writeFileSync(go, '') };
}

describe('killed while its restart is under way on the node: waited for, and no call is cut by it', () => {
  const elsewhere =
    (...args: readonly string[]) =>
    async (): Promise<StartedFsha> =>
      (await otherHost(suite.cluster())).start(...args, 'node-1', '--force', 'mark');
  const here = async (dead: Killed): Promise<StartedFsha> => {
    const { path } = journalFile(dead.stateDir);
    renameSync(path, join(dead.stateDir, 'moved-away'));
    return startFsha(['activate', 'node-1', '--force', 'mark', '--config', dead.config, '--json']);
  };

  test.each<[string, (dead: Killed) => Promise<StartedFsha>, number]>([
    ['activate on another host', elsewhere('activate'), 1],
    ['drain --then activate on another host', elsewhere('drain', '--then', 'activate'), 2],
    ['activate on its own, the journal moved away', here, 1],
  ])('%s', async (what, start, restarts) => {
    const { dead, endRestart } = await killedInRestart();
    const taking = await start(dead);
    await taking.untilEvent(
      (event) =>
        event.type === 'step.retrying' &&
        /a restart of node-1 is still under way/.test(event.data.error.message),
    );
    expect(Object.values(await flagsOf(suite.cluster()))).toEqual(['DX', 'DX']);
    endRestart();
    const taken = await taking.done;
    const state = await suite.row('killed while its restart is under way', `${what}: waited for it`, taken);
    expect([taken.exitCode, state], bothSaid(taken)).toEqual([0, well(restarts)]);
    expect(restartsOf(suite.cluster())).toEqual({ restarts, cutByStop: 0 });
    expect(await finalState(suite.cluster())).toBe(well(restarts));
  });
});
