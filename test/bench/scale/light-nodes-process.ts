/**
 * `node light-nodes.js CONFIG.json`: many stand-in nodes in one process, each with an SSH server for its restart command.
 * A line `NAME` to the control port restarts that node. Says {"ready":true} when all are up; ends with its standard input.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerLines } from '../../../src/lab/json-lines.ts';
import { nodeConfig, type NodeConfig, type NodeConfigInput } from '../../../src/lab/node/config.ts';
import { Faults } from '../../../src/lab/node/faults.ts';
import { StandInNode } from '../../../src/lab/node/stand-in-node.ts';
import type { LabSshKeys } from '../../../src/lab/ssh-server/ssh-keys.ts';
import { startLabSshServer } from '../../../src/lab/ssh-server/ssh-server.ts';

export interface LightNodesConfig {
  readonly nodes: readonly NodeConfigInput[];
  readonly control: { readonly host: string; readonly port: number };
  /** Of every node's SSH server, which listens where its node does. */
  readonly ssh: { readonly port: number; readonly user: string; readonly keys: LabSshKeys };
}

/** How long a restarted node is down before it begins to come up: ms. */
const DOWN_MS = 100;

/** One node through all its lives. */
class LightNode {
  readonly #config: NodeConfig;
  #life: StandInNode;
  #turn: Promise<void> = Promise.resolve();

  constructor(config: NodeConfig) {
    this.#config = config;
    this.#life = this.#newLife();
  }

  start(): Promise<void> {
    return this.#life.start();
  }

  /** Returns when it is on its way up, as `systemctl restart` does. */
  restart(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      await this.#life.stop();
      await sleep(DOWN_MS);
      this.#life = this.#newLife();
      // A node that does not come up is what fsha is to find out.
      this.#life.start().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    });
    return this.#turn;
  }

  stop(): Promise<void> {
    return this.#turn.then(() => this.#life.stop());
  }

  #newLife(): StandInNode {
    const nothing = (): void => undefined;
    return new StandInNode(this.#config, new Faults(undefined), {
      sipBound: nothing,
      eslListens: nothing,
      wantsToStop: nothing,
    });
  }
}

const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as LightNodesConfig;
const nodes = new Map(config.nodes.map((input) => [input.name, new LightNode(nodeConfig(input))]));
const servers = await Promise.all(
  config.nodes.map(({ sip }) => startLabSshServer({ ...config.ssh, host: sip.host })),
);
const control = createServer((socket) =>
  answerLines(socket, async (name) => {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    await node.restart();
    return { ok: true };
  }),
);
await new Promise<void>((resolve, reject) => {
  control.once('error', reject);
  control.listen(config.control.port, config.control.host, resolve);
});
await Promise.all([...nodes.values()].map((node) => node.start()));

let isEnding = false;
async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await Promise.all([...nodes.values()].map((node) => node.stop()));
  await Promise.all(servers.map((server) => server.close()));
  control.close();
  process.stdin.destroy();
}
process.stdin.on('end', () => void end()).resume();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end());
process.stdout.write('{"ready":true}\n');
