import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askLine } from './json-lines.ts';
import { writeJson } from './lab-files.ts';
import { startLabProcess } from './lab-process.ts';

const START_TIMEOUT_MS = 20_000;

export interface StartedUnit {
  /** Of the unit, and of what it runs at this moment. */
  pids(): Promise<readonly number[]>;
  stop(): Promise<void>;
}

/**
 * Runs a script of the lab's under a unit of its own, which restarts it on demand, and ends it when this process ends,
 * whatever way that ends.
 * @throws with the end of its log when it is not ready within 20 s; nothing is left of it then
 */
export async function startUnit(options: {
  readonly name: string;
  /** For its configuration and its log. */
  readonly directory: string;
  /** Where the scripts are. */
  readonly dist: string;
  /** The unit's own socket. */
  readonly socket: string;
  /** The script, one of those in `dist`, and its argument. */
  readonly script: string;
  readonly configFile: string;
}): Promise<StartedUnit> {
  const { name, directory, dist, socket } = options;
  const logFile = join(directory, `${name}.log`);
  const unitFile = await writeJson(directory, `${name}.unit.json`, {
    name,
    command: [process.execPath, join(dist, options.script), options.configFile],
    socket,
    logFile,
    readyPattern: '"ready":true',
    restartAlways: true,
  });
  const unit = await startLabProcess(
    join(dist, 'lab-unit.js'),
    ['run', unitFile],
    (line) => line['unit'] === true,
    START_TIMEOUT_MS,
  );
  try {
    await untilReady(name, socket, logFile);
  } catch (error) {
    await unit.stop();
    throw error;
  }
  return {
    async pids() {
      const { pid } = await status(socket);
      return pid === null ? [unit.pid] : [unit.pid, pid];
    },
    stop: () => unit.stop(),
  };
}

async function untilReady(name: string, socket: string, logFile: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await status(socket)).ready) {
    if (performance.now() > deadline) {
      const log = (await readFile(logFile, 'utf8')).slice(-1_000).trim();
      throw new Error(`${name} did not come up within ${START_TIMEOUT_MS} ms: ${log}`);
    }
    await sleep(50);
  }
}

async function status(socket: string): Promise<{ readonly ready: boolean; readonly pid: number | null }> {
  return (await askLine({ path: socket }, 'status')) as { ready: boolean; pid: number | null };
}
