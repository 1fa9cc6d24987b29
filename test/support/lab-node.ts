import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { askLine } from '../../src/lab/json-lines.ts';
import { claimNetwork, type LabNetwork } from '../../src/lab/network.ts';
import type { Endpoint, NodeConfigInput } from '../../src/lab/node/config.ts';
import { NodeControl } from '../../src/lab/node/control-client.ts';
import type { UnitStatus } from '../../src/lab/unit/unit.ts';
import { eventually } from './eventually.ts';

const STOP_TIMEOUT_MS = 10_000;

export interface LabNodeOptions extends Partial<Omit<NodeConfigInput, 'sip' | 'control' | 'esl'>> {
  /** Without it the node claims a network of its own and releases it when it is stopped. */
  readonly network?: LabNetwork;
  /** The last number of its address, 11 by default. */
  readonly last?: number;
  readonly password?: string;
  readonly acl?: readonly string[];
  /** Under a unit, which can restart it; `'always'` brings it back when it ends by itself. */
  readonly unit?: boolean | 'always';
  /** What to wait for: ESL (default), the SIP socket, or nothing. */
  readonly until?: 'ready' | 'sip' | 'nothing';
}

/** A line of the log that outlives the node's process. `at` is wall clock, milliseconds. */
export type InviteLogLine =
  | { readonly at: number; readonly event: 'invite'; readonly callId: string; readonly code: number }
  | { readonly at: number; readonly event: 'start'; readonly coreUuid: string }
  | { readonly at: number; readonly event: 'stop'; readonly coreUuid: string; readonly cut: number };

export interface LabNode {
  readonly name: string;
  readonly host: string;
  readonly sip: Endpoint;
  readonly esl: Endpoint & { readonly password: string };
  readonly control: NodeControl;
  readonly network: LabNetwork;
  /** A folder of its own; it goes with the node. */
  readonly directory: string;
  readonly unitSocket: string;
  /** The process itself, or the unit above it. */
  readonly child: ChildProcess;
  inviteLog(): InviteLogLine[];
  /** Only under a unit. */
  unit(verb: 'start' | 'stop' | 'restart' | 'kill' | 'status'): Promise<UnitStatus>;
  /** Waits until ESL listens. */
  ready(): Promise<void>;
  /** SIGTERM, and its exit code once it has ended. */
  terminate(): Promise<number | null>;
  /** Ends what is left of it, and its network and folder if they are its own. */
  stop(): Promise<void>;
}

/** Starts a stand-in node from the bundle in FSHA_DIST. The times are short: it boots in 100 ms unless told otherwise. */
export async function startLabNode(options: LabNodeOptions = {}): Promise<LabNode> {
  const {
    network: given,
    last = 11,
    password = 'ClueCon',
    acl,
    unit: underUnit,
    until = 'ready',
    ...rest
  } = options;
  const network = given ?? (await claimNetwork());
  const directory = await mkdtemp(join(tmpdir(), 'fsha-lab-node-'));
  const host = network.host(last);
  const sip = { host, port: 5080 };
  const esl = { host, port: 8021, password };
  const control = { host, port: 9021 };
  const config: NodeConfigInput = {
    name: 'node-1',
    bootMs: 100,
    stateFile: join(directory, 'state.json'),
    inviteLog: join(directory, 'invites.jsonl'),
    endWithStdin: true,
    ...rest,
    sip,
    esl: { ...esl, ...(acl === undefined ? {} : { acl }) },
    control,
  };
  const command = [
    process.execPath,
    join(distFolder(), 'lab-node.js'),
    await write(directory, 'node.json', config),
  ];
  const unitSocket = join(directory, 'unit.socket');
  const [program = '', ...args] = underUnit
    ? [
        process.execPath,
        join(distFolder(), 'lab-unit.js'),
        'run',
        await write(directory, 'unit.json', {
          name: config.name,
          command,
          socket: unitSocket,
          logFile: join(directory, 'node.log'),
          readyPattern: '"ready":true',
          restartAlways: underUnit === 'always',
        }),
      ]
    : command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const unit = async (verb: string): Promise<UnitStatus> =>
    (await askLine({ path: unitSocket }, verb, 30_000)) as UnitStatus;
  const printed = (start: string): Promise<unknown> =>
    eventually(
      () => lines.some((line) => line.startsWith(start)) || child.exitCode !== null,
      (there) => there,
    );
  const ready = async (): Promise<void> => {
    if (!underUnit) await printed('{"ready":true');
    // The unit's socket is not there from the first moment.
    else
      await eventually(
        () => unit('status').catch(() => undefined),
        (status) => status?.ready === true,
      );
  };
  const terminate = async (): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(late);
    return child.exitCode;
  };
  const inviteLogPath = config.inviteLog ?? '';
  const node: LabNode = {
    name: config.name,
    host,
    sip,
    esl,
    control: new NodeControl(control),
    network,
    directory,
    unitSocket,
    child,
    inviteLog: () => readInviteLog(inviteLogPath),
    unit,
    ready,
    terminate,
    stop: async () => {
      await terminate();
      await rm(directory, { recursive: true, force: true });
      if (!given) await network.release();
    },
  };
  if (until === 'ready') await ready();
  if (until === 'sip') await printed('{"sip":true');
  return node;
}

/** The lines of an invite log, whole ones only. */
export function readInviteLog(path: string): InviteLogLine[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as InviteLogLine);
}

function distFolder(): string {
  const dist = process.env['FSHA_DIST'];
  if (dist === undefined)
    throw new Error('FSHA_DIST is not set: run this in a project with test/global-setup.ts');
  return dist;
}

async function write(directory: string, name: string, content: object): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, JSON.stringify(content));
  return path;
}
