/** Once for the project `faults`: the bundle that does harm to itself, and the runs from which cases are derived. */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../../scripts/build.mjs';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { stepStarted } from './events-of.ts';
import { FOR_FAULTS } from './fault-quick.ts';
import { startFaultRun } from './fault-run.ts';
import { cleanExit, finishStage, type Stage, startStage } from './fault-stages.ts';
import { troubledDrain } from './fault-troubled.ts';
import { type FshaResult, only } from './fsha.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The events of a run of every kind in which a fault may begin, without one: `drain` is one that went well. */
    recorded: Readonly<Record<Stage, readonly RunEvent[]>>;
    /** Of a drain in which nodes and proxies made trouble by themselves: see `fault-troubled.ts`. */
    troubledRun: readonly RunEvent[];
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
    project.provide('recorded', {
      drain: await recordOf(cluster, 'drain'),
      rolling: await recordOf(cluster, 'rolling'),
      undo: await recordOf(cluster, 'undo'),
      resume: await recordOf(cluster, 'resume'),
      guard: await recordOf(cluster, 'guard'),
      secure: await recordOf(cluster, 'secure'),
    });
    project.provide('troubledRun', await troubled(cluster));
  } finally {
    await cluster.stop();
  }
  return () => rm(dist, { recursive: true, force: true });
}

/** Without the events of a process that had to die before. */
async function recordOf(cluster: RealCluster, stage: Stage): Promise<readonly RunEvent[]> {
  await cluster.reset();
  const run = await startStage(cluster, stage, { moments: [] });
  if (stage === 'guard') {
    await run.until('it keeps watch', stepStarted('guard'));
    await finishStage(cluster, stage, run);
  }
  const ended = await run.end();
  mustEnd(ended, cleanExit(stage));
  const resumed = only(ended.events, 'run.resumed').at(-1)?.seq ?? 1;
  return ended.events.filter(({ seq }) => seq >= resumed);
}

async function troubled(cluster: RealCluster): Promise<readonly RunEvent[]> {
  await cluster.reset();
  const run = await startFaultRun(cluster, await troubledDrain(cluster));
  const ended = await run.end();
  mustEnd(ended, 0);
  return ended.events;
}

function mustEnd({ exitCode, stdout, stderr }: FshaResult, exit: number): void {
  if (exitCode !== exit)
    throw new Error(`a run to be recorded ended with ${exitCode} instead of ${exit}:\n${stdout}\n${stderr}`);
}
