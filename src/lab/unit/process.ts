import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { answerLines, askLine } from '../json-lines.ts';
import { Unit, type UnitConfig, type UnitStatus } from './unit.ts';

const USAGE = 'usage: lab-unit.js run UNIT.json | lab-unit.js ctl SOCKET start|stop|restart|kill|status\n';
/** Longer than a stop that ends in SIGKILL and the start after it. */
const ANSWER_TIMEOUT_MS = 30_000;

/** systemctl's own codes: status tells inactive by 3, everything else that fails by 1. */
async function control(socket: string, verb: string): Promise<number> {
  try {
    const status = (await askLine({ path: socket }, verb, ANSWER_TIMEOUT_MS)) as UnitStatus;
    process.stdout.write(`${JSON.stringify(status)}\n`);
    if (!status.ok) return 1;
    return verb === 'status' && status.state !== 'active' ? 3 : 0;
  } catch (error) {
    process.stderr.write(
      `Failed to connect to ${socket}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
}

async function run(config: UnitConfig): Promise<void> {
  const unit = new Unit(config);
  const server = createServer((socket) => answerLines(socket.unref(), (line) => unit.command(line)));
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    await unit.command('stop');
    server.close();
    rmSync(config.socket, { force: true });
    process.stdin.destroy();
  };
  process.stdout.on('error', () => undefined);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end());
  process.stdin.on('end', () => void end()).on('error', () => void end());
  process.stdin.resume();
  rmSync(config.socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.socket, resolve);
  });
  const started = await unit.command('start');
  process.stdout.write(`${JSON.stringify({ unit: true, ...started })}\n`);
}

const [verb, subject, command] = process.argv.slice(2);
if (verb === 'run' && subject !== undefined)
  await run(JSON.parse(readFileSync(subject, 'utf8')) as UnitConfig);
else if (verb === 'ctl' && subject !== undefined && command !== undefined) {
  process.exitCode = await control(subject, command);
} else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
