/** `fsha demo`: a cluster in processes of its own, with calls on it, and the very drain that runs on real ones. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import { planDrain } from '../domain/plan.ts';
import { startLabCluster } from '../lab/cluster.ts';
import type { Call } from './command.ts';
import { runOnNode } from './run-command.ts';
import { showStatus } from './show-status.ts';

/** Exits 0 only where the drain did and no call failed. */
export async function runDemo(call: Call): Promise<ExitCode> {
  const { host } = call;
  const say = (line: string): void => {
    if (!call.globals.json) host.stdout.write(`${line}\n`);
  };
  const dir = await mkdtemp(join(tmpdir(), 'fsha-demo-'));
  say(
    'Starting two stand-in FreeSWITCH nodes, a stand-in Kamailio, an SSH server, and calls of 3 to 8 s ...',
  );
  const lab = await startLabCluster({ dist: host.dist, dir });
  try {
    const there: Call = { ...call, globals: { ...call.globals, config: lab.configFile, dryRun: false } };
    await untilCalls(call, () => lab.calls().reduce((sum, { active }) => sum + active, 0));
    if (!call.globals.json) {
      say('\n$ fsha status');
      await showStatus(there);
      say("\n$ fsha drain node-1 --reason 'just to see'");
    }
    const drain: Call = { ...there, options: { reason: 'just to see', restart: true } };
    const exit = await runOnNode(drain, 'node-1', 'drain', planDrain);
    const calls = lab.calls();
    const sum = (key: 'attempted' | 'answered'): number =>
      calls.reduce((total, stats) => total + stats[key], 0);
    const failed = calls.reduce((total, stats) => total + stats.failed.length, 0);
    say(
      `\n${sum('attempted')} calls were made meanwhile, ${sum('answered')} answered, ${failed} failed. Everything of this demo is in ${dir}`,
    );
    return exit === EXIT.done && failed > 0 ? EXIT.problems : exit;
  } finally {
    await lab.stop();
  }
}

/** A drain of an idle node shows nothing: first some calls have to be up. */
async function untilCalls({ host }: Call, active: () => number): Promise<void> {
  const never = new AbortController().signal;
  const deadline = host.clock.now() + 10_000;
  while (active() < 12 && host.clock.now() < deadline) await host.clock.sleep(100, never);
}
