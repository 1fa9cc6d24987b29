import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askLine } from '../../../src/lab/json-lines.ts';
import type { NodeConfigInput } from '../../../src/lab/node/config.ts';
import { NodeControl, type NodeStats } from '../../../src/lab/node/control-client.ts';
import type { FaultName, FaultTime, FaultValue } from '../../../src/lab/node/faults.ts';
import { rawEsl } from './raw-esl.ts';
import { allStopped, processEntry, signalEntry, type ProcessEntry } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { startServer } from './server-process.ts';
import type { UnitStatus } from '../../../src/lab/unit/unit.ts';

export type { NodeStats };

/** Stands where FreeSWITCH would: a process under a unit of its own that `restartCommand` restarts. */
export interface StandInNode {
  readonly name: string;
  readonly host: string;
  readonly destination: string;
  readonly esl: { readonly host: string; readonly port: number; readonly password: string };
  readonly restartCommand: string;
  /** As the node itself counts, past everything of fsha. Rejects while its process is not there. */
  stats(): Promise<NodeStats>;
  /** Every start, new INVITE and stop since the beginning, restarts included. A crash leaves no stop. */
  log(): readonly NodeLogLine[];
  /** How often it was started, the first time included. */
  starts(): number;
  /** What is wrong with it from now on, see src/lab/node/faults.ts; those of a start wait for the next one. */
  fault(name: FaultName, value?: FaultValue, when?: FaultTime): Promise<void>;
  clearFaults(): Promise<void>;
  /** An `api` command by hand, past fsha: `fsctl pause inbound`, `global_getvar fsha_run`, `originate loopback/…`. */
  api(command: string): Promise<string>;
  /** Answers or refuses (503) every call that rings (numbers `ring60000`: for so many ms); resolves with their number. */
  settleRinging(how: 'answer' | 'fail'): Promise<number>;
  /** SIGKILL: calls are gone without a BYE. Comes back by itself after 100 ms; resolves when it has ended. */
  kill(): Promise<void>;
  /** Its unit, as systemctl: `stop` leaves it down until `start`. */
  unit(verb: 'start' | 'stop' | 'restart' | 'status'): Promise<UnitStatus>;
  /** SIGSTOP: SIP, ESL and control port fall silent. Its unit can still stop it, after 10 s by SIGKILL. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  stop(): Promise<void>;
}

export type NodeChanges = Partial<Omit<NodeConfigInput, 'name' | 'sip' | 'esl' | 'control'>>;

/** Longer than a stop of the unit's that ends in SIGKILL. */
const UNIT_TIMEOUT_MS = 15_000;

/** `at` is wall clock, ms since 1970: when it happened; of an INVITE when it came. */
export type NodeLogLine =
  | { readonly at: number; readonly event: 'start'; readonly coreUuid: string }
  | { readonly at: number; readonly event: 'invite'; readonly callId: string; readonly code: number }
  | { readonly at: number; readonly event: 'stop'; readonly coreUuid: string; readonly cut: number };

/**
 * Starts a stand-in node: SIP on `host:5080`, ESL on `host:8021`.
 * @param directory for its configuration, logs and the socket of its unit
 * @param changes what is different from the stand-in's defaults: `bootMs`, `stopMs`, `sessionLimit`, …
 */
export async function startStandInNode(
  directory: string,
  name: string,
  host: string,
  changes: NodeChanges = {},
): Promise<StandInNode> {
  const dist = process.env['FSHA_DIST'];
  if (dist === undefined) throw new Error('FSHA_DIST is not set: test/global-setup.ts sets it');
  const esl = { host, port: 8021, password: `ClueCon-${name}` };
  const control = { host, port: 9000 };
  const socket = join(directory, `${name}.socket`);
  const inviteLog = join(directory, `${name}.invites.ndjson`);
  const outputFile = join(directory, `${name}.log`);
  const nodeFile = join(directory, `${name}.json`);
  const unitFile = join(directory, `${name}.unit.json`);
  const node = {
    name,
    sip: { host, port: 5080 },
    esl: { ...esl, acl: ['127.0.0.0/8'] },
    control,
    stateFile: join(directory, `${name}.state.json`),
    inviteLog,
    endWithStdin: true,
    gateways: [{ name: 'trunk-a', state: 'REGED', registersAfterMs: 500 }],
    ...changes,
  };
  await writeFile(nodeFile, JSON.stringify(node));
  await writeFile(
    unitFile,
    JSON.stringify({
      name,
      command: [process.execPath, join(dist, 'lab-node.js'), nodeFile],
      socket,
      logFile: outputFile,
      readyPattern: '"ready":true',
      restartAlways: true,
    }),
  );
  const unit = await startServer(process.execPath, [join(dist, 'lab-unit.js'), 'run', unitFile], {
    endsWithStdin: true,
  });
  const nodeControl = new NodeControl(control);
  const stats = (): Promise<NodeStats> => nodeControl.stats();
  const ctl = async (verb: string): Promise<UnitStatus> => {
    const status = (await askLine({ path: socket }, verb, UNIT_TIMEOUT_MS)) as UnitStatus;
    if (!status.ok) throw new Error(`${name}: unit ${verb}: ${status.error ?? 'failed'}`);
    return status;
  };
  const running = async (): Promise<ProcessEntry | undefined> => {
    const { pid } = await ctl('status');
    return pid === null ? undefined : processEntry(pid);
  };
  const log = (): readonly NodeLogLine[] =>
    (existsSync(inviteLog) ? readFileSync(inviteLog, 'utf8') : '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as NodeLogLine);
  try {
    await until(
      `${name} runs`,
      async () => {
        if (unit.ended) throw new Error(`its unit ended:\n${unit.log()}`);
        return (await stats()).phase === 'running';
      },
      20_000,
    );
  } catch (error) {
    await unit.stop();
    throw error;
  }
  return {
    name,
    host,
    destination: `sip:${host}:5080`,
    esl,
    restartCommand: `${process.execPath} ${join(dist, 'lab-unit.js')} ctl ${socket} restart`,
    stats,
    log,
    starts: () => log().filter(({ event }) => event === 'start').length,
    fault: (fault, value, when) => nodeControl.fault(fault, value, when),
    clearFaults: () => nodeControl.clearFaults(),
    api: (command) => rawEsl(esl, command),
    settleRinging: (how) => nodeControl.settleRinging(how),
    async kill() {
      await ctl('kill');
    },
    unit: ctl,
    async freeze() {
      const its = await running();
      if (its === undefined) throw new Error(`${name} does not run`);
      signalEntry(its, 'SIGSTOP');
      await allStopped([its]);
    },
    async thaw() {
      const its = await running();
      if (its !== undefined) signalEntry(its, 'SIGCONT');
    },
    stop: () => unit.stop(),
  };
}
