/** Runs of fsha in this process, whose host hands in requests as the keys of a view would. */
import { expect } from 'vitest';
import type { RunRequest } from '../../../src/domain/policy.ts';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import type { RequestAnswer, RequestDesk } from '../../../src/workflow/request-desk.ts';
import { startFsha, type Calling } from '../../support/call-fsha.ts';
import { until } from '../../support/until.ts';
import type { Changes } from './deep-merge.ts';
import { settledRun } from './events-of.ts';
import { journalEvents } from './fsha.ts';
import type { RealCluster } from './real-cluster.ts';
import type { EndedRun } from './run-of.ts';

const running = new Set<Calling>();

/** Stops what a failed test has left, without an undo, and waits for its end. */
export async function endScriptedRuns(): Promise<void> {
  for (const run of running) {
    run.send('SIGINT');
    run.send('SIGINT');
    await run.done;
  }
}

export interface ScriptedRun {
  readonly calling: Calling;
  /** Hands in a request, as a key of a view would. */
  ask(request: RunRequest, by?: string): Promise<RequestAnswer>;
  /** What the journal has. */
  events(): readonly RunEvent[];
  until(wanted: (event: RunEvent) => boolean, timeoutMs?: number): Promise<RunEvent>;
  end(): Promise<Pick<EndedRun, 'events' | 'settled'> & { readonly exitCode: number }>;
}

/**
 * `fsha drain node-1` in this process, by a host that holds the desk, with an inventory and a state directory of its own.
 * Resolves when the run has begun.
 */
export async function startScriptedDrain(
  cluster: RealCluster,
  flags: readonly string[] = [],
  settings: Changes = {},
): Promise<ScriptedRun> {
  const config = await cluster.configWith(settings);
  const stateDir = cluster.stateDirOf(config);
  const desks: RequestDesk[] = [];
  const calling = startFsha(
    ['drain', 'node-1', '--json', '--config', config, ...flags],
    {},
    {
      onRun: (desk) => {
        desks.push(desk);
        return () => undefined;
      },
    },
  );
  running.add(calling);
  void calling.done.then(() => running.delete(calling));
  const tooSoon = calling.done.then(({ exit }) => {
    if (desks[0] === undefined) throw new Error(`the run has ended with ${exit} before it had begun`);
    return desks[0];
  });
  // The first in a process loads all of fsha.
  const desk = await Promise.race([until('the run has begun', () => desks[0], 60_000), tooSoon]);
  const events = (): readonly RunEvent[] => journalEvents(stateDir).at(-1) ?? [];
  return {
    calling,
    ask: (request, by = 'key') => desk.submit(request, by),
    events,
    until: (wanted, timeoutMs = 60_000) => until('an event', () => events().find(wanted), timeoutMs),
    async end() {
      const { exit, events: printed } = await calling.done;
      // What was printed is what is on the disk, word for word.
      expect(printed).toEqual(events());
      return { exitCode: exit, events: printed, settled: settledRun(printed) };
    },
  };
}
