/** Once for the project `faults`: the bundle that does harm to itself, and the runs from which cases are derived. */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../../scripts/build.mjs';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { FOR_FAULTS, ON_OUT } from './fault-quick.ts';
import { startFaultRun } from './fault-run.ts';
import { type FshaResult, journalEvents, runFsha } from './fsha.ts';
import { FENCED, RESTART_ANNOUNCED } from './kill-points.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';
import { runToEnd } from './run-of.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The events of a drain that went well. */
    cleanRun: readonly RunEvent[];
    /** Of one that Ctrl-C has stopped once it was fenced. */
    undoneRun: readonly RunEvent[];
    /** Of the process that went on with one which had died as its restart was announced; not those of the first one. */
    resumedRun: readonly RunEvent[];
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dist = fileURLToPath(
    new URL(`../../../node_modules/.fsha-test/faults-${process.pid}`, import.meta.url),
  );
  await bundle(dist, { main: 'test/system/harness/fault-main.ts' });
  process.env['FSHA_FAULT_DIST'] = dist;
  const cluster = await startRealCluster(FOR_FAULTS);
  try {
    project.provide('cleanRun', await cleanRun(cluster));
    await cluster.reset();
    project.provide('undoneRun', await undoneRun(cluster));
    await cluster.reset();
    project.provide('resumedRun', await resumedRun(cluster));
  } finally {
    await cluster.stop();
  }
  return () => rm(dist, { recursive: true, force: true });
}

async function cleanRun(cluster: RealCluster): Promise<readonly RunEvent[]> {
  const ended = await runToEnd(cluster, { settings: ON_OUT });
  mustEnd(ended, 0);
  return ended.events;
}

async function undoneRun(cluster: RealCluster): Promise<readonly RunEvent[]> {
  const run = await startFaultRun(cluster, {
    settings: ON_OUT,
    moments: [{ when: 'after', key: FENCED, hook: () => run.fsha.send('SIGINT') }],
  });
  const ended = await run.end();
  mustEnd(ended, 130);
  return ended.events;
}

async function resumedRun(cluster: RealCluster): Promise<readonly RunEvent[]> {
  const config = await cluster.configWith(ON_OUT);
  const death = { when: 'after', key: RESTART_ANNOUNCED, nth: 1, act: { kind: 'kill' } } as const;
  const run = await startFaultRun(cluster, { config, orders: [death] });
  await run.fsha.done;
  const first = run.events();
  await run.stop();
  mustEnd(await runFsha(['resume', first[0]?.run ?? '', '--config', config], 60_000), 0);
  return (journalEvents(run.stateDir).at(-1) ?? []).slice(first.length);
}

function mustEnd({ exitCode, stdout, stderr }: FshaResult, exit: number): void {
  if (exitCode !== exit)
    throw new Error(`a run to be recorded ended with ${exitCode} instead of ${exit}:\n${stdout}\n${stderr}`);
}
