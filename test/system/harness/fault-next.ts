/** The commands with which a run ends, given to whom they are for. */
import type { RealCluster } from './real-cluster.ts';
import { runWarmFsha } from './warm-fsha.ts';

const LIMIT_MS = 60_000;

/**
 * Does what a run said that is to be done next, in that order: fsha's own commands, `kamcmd … # on lb-1`, and
 * `fs_cli -x '…' # on node-1`.
 * @returns the exit code of each command of fsha's
 * @throws at a line that nobody would know what to do with
 */
export async function carryOutNext(
  cluster: RealCluster,
  next: readonly string[],
): Promise<readonly string[]> {
  const done: string[] = [];
  for (const line of next) {
    const byHand = /^kamcmd dispatcher\.set_state (\w+) (\d+) '?([^' ]+)'? {2}# on lb-([12])$/.exec(line);
    const onNode = /^fs_cli -x '([^']+)' {2}# on node-1$/.exec(line);
    if (byHand !== null) {
      const [, state = '', set = '', uri = '', proxy] = byHand;
      await cluster.proxies[proxy === '1' ? 0 : 1].setState(state, Number(set), uri);
    } else if (onNode !== null) {
      await cluster.nodes[0].api(onNode[1] ?? '');
    } else if (line.startsWith('fsha ')) {
      const args = line.split(' ').slice(1);
      const { exitCode, stdout, stderr } = await runWarmFsha(args, LIMIT_MS);
      if (/a bug/.test(stderr)) throw new Error(`${line}: ${stderr}`);
      if (exitCode !== 0) console.log(line, exitCode, stdout.slice(-2_000), stderr);
      done.push(`${args.slice(2).join(' ')}: ${exitCode}`);
    } else throw new Error(`what is to be done with: ${line}`);
  }
  return done;
}
