/** Moments of a drain in which a signal may come, one for each step at least, and what is to be afterwards. */
import { existsSync } from 'node:fs';
import type { Service } from '../../../src/domain/run-events.ts';
import { until } from '../../support/until.ts';
import { atRequestOf } from './at-request-of.ts';
import type { Changes } from './deep-merge.ts';
import { isRestartIntent, stepStarted, waits } from './events-of.ts';
import { readFinalState } from './final-state.ts';
import { oneCall } from './hold-at-node.ts';
import type { RealCluster } from './real-cluster.ts';
import { SETTERS } from './rpc-gate.ts';
import { type RunOf, whileItRuns } from './run-of.ts';

export const WELL = 'lb-1 AP, lb-2 AP; open; no restart; no mark';
/** Behind the restart: out and fenced, whatever the signal. */
export const OUT = 'lb-1 DX, lb-2 DX; paused; 1 restart; marked';

export interface Moment {
  readonly step: string;
  readonly settings?: Changes;
  /** Before fsha is started. */
  readonly before?: () => Promise<unknown>;
  /** Sees to it that `send` is called in that moment; resolves at the latest when it was. */
  readonly hit: (run: RunOf, send: () => void) => Promise<unknown>;
  readonly state: string;
  readonly node: Service;
  /** Instead of the signal's own. */
  readonly exit?: number;
  /** What `next` begins with, behind `fsha --config FILE`. */
  readonly next: readonly string[];
}

/**
 * @param cluster once it is there
 * @param hookFile what the command of `drain.onOut` touches: `$HOOK_FILE` in the environment of fsha
 */
export function signalMoments(cluster: () => RealCluster, hookFile: () => string): readonly Moment[] {
  const READS = ['core.version', 'dispatcher.list'];

  /** In the very moment in which the step first asks lb-1 something. */
  const atFirstRequestOf =
    (kind: string, methods: readonly string[]) =>
    (run: RunOf, send: () => void): Promise<unknown> => {
      let sent = false;
      atRequestOf(
        cluster().gates[0],
        () => run,
        kind,
        methods,
        () => {
          sent = true;
          send();
        },
      );
      return whileItRuns(run.fsha, `${kind} asks lb-1`, () => sent);
    };

  return [
    {
      step: 'preflight',
      hit: atFirstRequestOf('preflight', READS),
      state: WELL,
      node: 'unknown',
      next: ['doctor node-1'],
    },
    {
      step: 'deactivate',
      hit: atFirstRequestOf('deactivate', SETTERS),
      state: WELL,
      node: 'in service',
      next: ['drain node-1'],
    },
    {
      step: 'on_out',
      settings: { drain: { onOut: { command: 'echo begun > $HOOK_FILE; sleep 300', timeout: '4m' } } },
      hit: async (run, send) => {
        await whileItRuns(run.fsha, 'the command runs', () => existsSync(hookFile()));
        send();
      },
      state: WELL,
      node: 'in service',
      next: ['drain node-1'],
    },
    {
      step: 'wait_drained',
      before: () => oneCall(cluster()),
      hit: async (run, send) => {
        await run.until('it waits', waits);
        send();
      },
      state: WELL,
      node: 'in service',
      next: ['drain node-1'],
    },
    {
      step: 'fence',
      hit: async (run, send) => {
        await run.until('the wait has begun', stepStarted('wait_drained'));
        // Each answer of the node's takes its time: what the fence asks after it has paused it, too.
        await cluster().nodes[0].fault('slowEsl', 40);
        await run.until(
          'the fence is up',
          (event) => event.type === 'effect.settled' && event.data.effect === 'node.pause',
        );
        send();
      },
      state: WELL,
      node: 'in service',
      next: ['drain node-1'],
    },
    {
      step: 'restart (last look)',
      hit: atFirstRequestOf('restart', READS),
      state: WELL,
      node: 'in service',
      next: ['drain node-1'],
    },
    {
      step: 'restart (it boots)',
      before: () => cluster().nodes[0].fault('slowBoot', 1_000),
      hit: async (run, send) => {
        const [node] = cluster().nodes;
        await run.until('the restart is announced', isRestartIntent);
        await until('it boots', () => node.starts() > cluster().startsBefore(node), 30_000);
        send();
      },
      state: OUT,
      node: 'out of service',
      exit: 9,
      next: ['status', 'show RUN', 'resume RUN', 'activate node-1'],
    },
    {
      step: 'verify',
      before: () => cluster().nodes[0].fault('noGateway', true, 'nextStart'),
      hit: async (run, send) => {
        await run.until(
          'it is not well yet',
          (event) => event.type === 'step.retrying' && event.step === 'node-1/verify',
        );
        send();
      },
      state: OUT,
      node: 'out of service',
      next: ['activate node-1'],
    },
    {
      step: 'activate (at lb-1’s ip)',
      hit: atFirstRequestOf('activate', SETTERS),
      state: OUT,
      node: 'out of service',
      next: ['activate node-1'],
    },
    {
      step: 'activate (soak)',
      settings: { verify: { minSoak: '60s' } },
      hit: async (run, send) => {
        await run.until('it goes back in', stepStarted('activate'));
        await until('it is in', async () =>
          Object.values((await readFinalState(cluster())).flags).every((flags) => flags === 'AP'),
        );
        send();
      },
      state: OUT,
      node: 'out of service',
      next: ['activate node-1'],
    },
  ];
}
