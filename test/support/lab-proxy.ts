import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { askLine } from '../../src/lab/json-lines.ts';
import type { ProxyActivity } from '../../src/lab/proxy/activity-log.ts';
import type { ProxyConfigInput } from '../../src/lab/proxy/proxy-config.ts';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;

/** As the process's configuration; the three listeners follow from `host`: SIP 5060, RPC 8080, control 9090. */
export interface LabProxyOptions extends Omit<ProxyConfigInput, 'rpc' | 'sip' | 'control'> {
  /** An address of a lab network. */
  readonly host: string;
  readonly basic?: { readonly username: string; readonly password: string };
}

/** The commands of src/lab/proxy/control.ts. */
export type ProxyCommand =
  | { readonly silent: boolean }
  | { readonly refuse: boolean }
  | { readonly lie: boolean }
  | { readonly truncate: boolean }
  | { readonly emptyResult: boolean }
  | { readonly slow: number }
  | { readonly only: readonly string[] | null }
  | { readonly pingsOff: boolean }
  | { readonly reload: true }
  | { readonly restart: true }
  | { readonly markDst: { readonly set: number; readonly uri: string; readonly state: string } };

export interface LabProxy {
  readonly rpcUrl: string;
  readonly sip: { readonly host: string; readonly port: number };
  readonly control: { readonly host: string; readonly port: number };
  readonly pid: number;
  /** @throws Error when the command was refused */
  command(command: ProxyCommand): Promise<void>;
  /** What it forwarded, and what it was asked to change. */
  activity(): Promise<ProxyActivity>;
  stop(): Promise<void>;
}

/**
 * Starts a stand-in proxy from this run's bundle (FSHA_DIST) and returns when it is up.
 *
 * @throws Error with what it wrote to stderr when it does not come up within 20 s
 */
export async function startLabProxy(options: LabProxyOptions): Promise<LabProxy> {
  const dist = process.env['FSHA_DIST'];
  if (dist === undefined)
    throw new Error('FSHA_DIST is not set: run this in a project with test/global-setup.ts');
  const { host, basic, ...rest } = options;
  const control = { host, port: 9090 };
  const config: ProxyConfigInput = {
    ...rest,
    rpc: { host, port: 8080, ...(basic === undefined ? {} : { basic }) },
    sip: { host, port: 5060 },
    control,
  };
  const directory = await mkdtemp(join(tmpdir(), 'fsha-lab-proxy-'));
  const file = join(directory, 'proxy.json');
  await writeFile(file, JSON.stringify(config));
  const child = spawn(process.execPath, ['--enable-source-maps', join(dist, 'lab-proxy.js'), file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);

  async function stop(): Promise<void> {
    process.off('exit', killNow);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(killNow, STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    }
    await rm(directory, { recursive: true, force: true });
  }

  try {
    await ready(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    rpcUrl: `http://${host}:8080/RPC`,
    sip: { host, port: 5060 },
    control,
    pid: child.pid ?? 0,
    async command(command) {
      const answer = (await askLine(control, JSON.stringify(command))) as { ok?: boolean; error?: string };
      if (answer.ok !== true)
        throw new Error(`the stand-in proxy refused ${JSON.stringify(command)}: ${answer.error ?? ''}`);
    },
    activity: async () => (await askLine(control, '{"stats":true}')) as ProxyActivity,
    stop,
  };
}

async function ready(
  child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream },
): Promise<void> {
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`the stand-in proxy ${why}: ${errors}`));
    const timer = setTimeout(() => fail('did not come up'), START_TIMEOUT_MS);
    lines.once('line', () => {
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', () => {
      clearTimeout(timer);
      fail('ended at its start');
    });
  });
}
