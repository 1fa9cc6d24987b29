import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { answerLines } from '../json-lines.ts';
import { nodeConfig, type NodeConfig, type NodeConfigInput } from './config.ts';
import { FAULT_NAMES, Faults, type FaultName, type FaultTime, type FaultValue } from './faults.ts';
import { StandInNode } from './stand-in-node.ts';

/** What the control port is told: one of these a line. */
interface ControlRequest {
  readonly stats?: true;
  readonly clear?: true;
  readonly ringing?: 'answer' | 'fail';
  readonly fault?: string;
  readonly value?: FaultValue | null;
  readonly when?: FaultTime;
}

const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

/** The process: one node after another (the fault `secondRestart`), and the control port beside them. */
class NodeProcess {
  readonly #config: NodeConfig;
  readonly #faults: Faults;
  readonly #control = createServer((socket) => answerLines(socket.unref(), (line) => this.#answer(line)));
  #node: StandInNode;
  #ending = false;

  constructor(config: NodeConfig) {
    this.#config = config;
    this.#faults = new Faults(config.stateFile);
    this.#node = this.#life();
  }

  async run(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#control.once('error', reject);
      this.#control.listen({ ...this.#config.control, exclusive: true }, resolve);
    });
    this.#control.unref();
    await this.#begin();
  }

  async end(code = 0): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    process.exitCode = code;
    await this.#node.stop();
    this.#control.close();
    // What is left would only keep the process up.
    process.stdin.destroy();
  }

  #life(): StandInNode {
    const { name, sip, esl, control } = this.#config;
    return new StandInNode(this.#config, this.#faults, {
      sipBound: () => say({ sip: true, name, host: sip.host, port: sip.port }),
      eslListens: (coreUuid) =>
        say({
          ready: true,
          name,
          pid: process.pid,
          coreUuid,
          sip,
          esl: { host: esl.host, port: esl.port },
          control,
        }),
      wantsToStop: (again) => void (again ? this.#restart() : this.end()),
    });
  }

  async #begin(): Promise<void> {
    try {
      await this.#node.start();
    } catch (error) {
      // A stop in the middle of the boot is no failure.
      if (this.#ending) return;
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      await this.end(1);
    }
  }

  async #restart(): Promise<void> {
    if (this.#ending) return;
    await this.#node.stop();
    this.#node = this.#life();
    await this.#begin();
  }

  async #answer(line: string): Promise<unknown> {
    const request = JSON.parse(line) as ControlRequest;
    if (request.stats) return { ok: true, stats: this.#node.stats() };
    if (request.clear) {
      this.#faults.clear();
      for (const name of FAULT_NAMES) await this.#node.faultSet(name);
      return { ok: true };
    }
    if (request.ringing === 'answer' || request.ringing === 'fail')
      return { ok: true, settled: this.#node.settleRinging(request.ringing) };
    if (request.fault === undefined)
      throw new Error(
        'say {"stats":true}, {"fault":NAME,"value":…}, {"ringing":"answer"|"fail"} or {"clear":true}',
      );
    this.#faults.set(request.fault, request.value ?? null, request.when);
    await this.#node.faultSet(request.fault as FaultName);
    return { ok: true };
  }
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: node lab-node.js CONFIG.json\n');
  process.exitCode = 2;
} else {
  const config = nodeConfig(JSON.parse(readFileSync(path, 'utf8')) as NodeConfigInput);
  const node = new NodeProcess(config);
  // Who read the lines may be gone; the node goes on.
  process.stdout.on('error', () => undefined);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void node.end());
  if (config.endWithStdin)
    process.stdin
      .on('end', () => void node.end())
      .on('error', () => void node.end())
      .resume();
  await node.run();
}
