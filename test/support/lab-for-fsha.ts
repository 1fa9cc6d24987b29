/** A lab cluster for tests of commands: what the proxies really show, faults, and the journals. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabCluster, type LabClusterOptions, startLabCluster } from '../../src/lab/cluster.ts';
import { askLine } from '../../src/lab/json-lines.ts';
import { until } from './until.ts';
import { callFsha, type Called, startFsha, type Calling } from './call-fsha.ts';

export interface LabForFsha {
  readonly lab: LabCluster;
  readonly call: (...argv: string[]) => Promise<Called>;
  readonly start: (...argv: string[]) => Calling;
  /** FLAGS of every destination, as `lb-1 node-1 AP`, read without fsha. */
  readonly flags: () => Promise<readonly string[]>;
  readonly askProxy: (name: string, command: object) => Promise<unknown>;
  readonly askNode: (name: string, command: object) => Promise<unknown>;
  readonly stateDir: string;
  /** Names of the files of the runs. */
  readonly journals: () => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

export async function startLabForFsha(options: Partial<LabClusterOptions> = {}): Promise<LabForFsha> {
  const dir = await mkdtemp(join(tmpdir(), 'fsha-cli-'));
  const dist = process.env['FSHA_DIST'];
  if (dist === undefined)
    throw new Error('FSHA_DIST is not set: run this in a project with test/global-setup.ts');
  const lab = await startLabCluster({ proxies: 2, callsPerSecond: 0, dist, dir, ...options });
  const withConfig = (argv: readonly string[]): readonly string[] => [...argv, '--config', lab.configFile];
  const nameAt = (uri: string): string =>
    lab.nodes.find(({ sip }) => uri.includes(`${sip.host}:${sip.port}`))?.name ?? uri;
  const flags = async (): Promise<readonly string[]> => {
    const password = (await readFile(join(dir, 'rpc.secret'), 'utf8')).trim();
    const all = await Promise.all(
      lab.proxies.map(async ({ name, rpcUrl }) => {
        const answer = await fetch(rpcUrl, {
          method: 'POST',
          headers: { authorization: `Basic ${Buffer.from(`fsha:${password}`).toString('base64')}` },
          body: JSON.stringify({ jsonrpc: '2.0', method: 'dispatcher.list', id: 1 }),
        });
        const list = (await answer.json()) as {
          result: { RECORDS: { SET: { TARGETS: { DEST: { URI: string; FLAGS: string } }[] } }[] };
        };
        return list.result.RECORDS.flatMap(({ SET }) =>
          SET.TARGETS.map(({ DEST }) => `${name} ${nameAt(DEST.URI)} ${DEST.FLAGS}`),
        );
      }),
    );
    return all.flat().sort();
  };
  // Before its first ping a destination is AX: what fsha is to find is the state that lasts.
  await until('every destination is probed', async () => (await flags()).every((one) => one.endsWith(' AP')));
  return {
    lab,
    call: (...argv) => callFsha(withConfig(argv)),
    start: (...argv) => startFsha(withConfig(argv)),
    flags,
    askProxy: (name, command) => askLine(controlOf(lab.proxies, name), JSON.stringify(command)),
    askNode: (name, command) => askLine(controlOf(lab.nodes, name), JSON.stringify(command)),
    stateDir: join(dir, 'state'),
    journals: () => readdir(join(dir, 'state', 'runs')).catch(() => []),
    stop: async () => {
      await lab.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

type Controlled = {
  readonly name: string;
  readonly control: { readonly host: string; readonly port: number };
};

function controlOf(things: readonly Controlled[], name: string): Controlled['control'] {
  const thing = things.find((one) => one.name === name);
  if (thing === undefined) throw new Error(`the lab has no ${name}`);
  return thing.control;
}

export const ALL_IN: readonly string[] = [
  'lb-1 node-1 AP',
  'lb-1 node-2 AP',
  'lb-2 node-1 AP',
  'lb-2 node-2 AP',
];
export const NODE_1_OUT: readonly string[] = [
  'lb-1 node-1 DX',
  'lb-1 node-2 AP',
  'lb-2 node-1 DX',
  'lb-2 node-2 AP',
];
