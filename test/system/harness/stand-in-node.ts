import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askLine } from '../../../src/lab/json-lines.ts';
import { until } from '../../support/until.ts';
import { startServer } from './server-process.ts';

/** Stands where FreeSWITCH would: a process under a unit of its own that `restartCommand` restarts. */
export interface StandInNode {
  readonly name: string;
  readonly host: string;
  readonly destination: string;
  readonly esl: { readonly host: string; readonly port: number; readonly password: string };
  readonly restartCommand: string;
  /** As the node itself counts, past everything of fsha. */
  stats(): Promise<NodeStats>;
  /** Every start, new INVITE and stop since the beginning, restarts included. */
  log(): readonly NodeLogLine[];
  stop(): Promise<void>;
}

export interface NodeStats {
  readonly coreUuid: string;
  readonly phase: string;
  readonly sessionsNow: number;
  readonly paused: unknown;
}

/** `at` is wall clock, ms since 1970: when it happened; of an INVITE when it came. */
export type NodeLogLine =
  | { readonly at: number; readonly event: 'start'; readonly coreUuid: string }
  | { readonly at: number; readonly event: 'invite'; readonly callId: string; readonly code: number }
  | { readonly at: number; readonly event: 'stop'; readonly coreUuid: string; readonly cut: number };

/**
 * Starts a stand-in node: SIP on `host:5080`, ESL on `host:8021`.
 * @param directory for its configuration, logs and the socket of its unit
 */
export async function startStandInNode(directory: string, name: string, host: string): Promise<StandInNode> {
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
  const stats = async (): Promise<NodeStats> =>
    ((await askLine(control, '{"stats":true}')) as { stats: NodeStats }).stats;
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
    log: () =>
      (existsSync(inviteLog) ? readFileSync(inviteLog, 'utf8') : '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as NodeLogLine),
    stop: () => unit.stop(),
  };
}
