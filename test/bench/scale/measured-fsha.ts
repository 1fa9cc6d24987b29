/** fsha as a process, measured from outside and by the kernel: wall time, CPU, memory, sockets. */
import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../../bin/fsha.js', import.meta.url));
/** Between two looks at the open sockets: ms. */
const LOOK_EVERY = 25;

export interface Measured {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly wallMs: number;
  /** Of fsha's own process, user and system. */
  readonly cpuMs: number;
  /** The most resident memory it ever had. */
  readonly memoryMb: number;
  /** The most sockets that were seen open at once. */
  readonly sockets: number;
}

/**
 * What the process itself says at its end. VmHWM, not ru_maxrss: that one counts the memory of whoever started it
 * (getrusage(2), proc(5)).
 */
const AT_EXIT = `
const { readFileSync, writeFileSync } = require('node:fs');
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const kilobytes = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  writeFileSync(process.env.FSHA_BENCH_USAGE, JSON.stringify({ cpuMs: (user + system) / 1e3, memoryMb: kilobytes / 1024 }));
});
`;

/** Runs it to its end. @throws when that has not come within `limitMs`: it is killed then */
export async function measureFsha(argv: readonly string[], limitMs: number): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), 'fsha-measured-'));
  try {
    const hook = join(directory, 'at-exit.cjs');
    const usageFile = join(directory, 'usage.json');
    await writeFile(hook, AT_EXIT);
    const profile = process.env['FSHA_BENCH_PROFILE'];
    const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
    const began = performance.now();
    const child = spawn(process.execPath, ['--require', hook, ...profiling, LAUNCHER, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FSHA_BENCH_USAGE: usageFile },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    let sockets = 0;
    const looking = setInterval(() => {
      sockets = Math.max(sockets, openSockets(child.pid ?? 0));
    }, LOOK_EVERY);
    const late = { is: false };
    const limit = setTimeout(() => {
      late.is = true;
      child.kill('SIGKILL');
    }, limitMs);
    const exit = await new Promise<number | null>((resolve) => child.once('close', resolve));
    const wallMs = performance.now() - began;
    clearInterval(looking);
    clearTimeout(limit);
    if (late.is)
      throw new Error(
        `fsha ${argv.join(' ')} took longer than ${limitMs} ms: ${stdout.slice(-2_000)}${stderr}`,
      );
    const usage = JSON.parse(await readFile(usageFile, 'utf8')) as { cpuMs: number; memoryMb: number };
    return { exit, stdout, stderr, wallMs, sockets, ...usage };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** TCP, UDP and unix; none where the process has ended. */
function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).filter((fd) => isSocket(`${folder}/${fd}`)).length;
  } catch {
    return 0;
  }
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    // It was closed in this moment.
    return false;
  }
}
