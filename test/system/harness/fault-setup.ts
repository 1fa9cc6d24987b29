/** Once for the project `faults`: the bundle that does harm to itself, and the run without trouble from which cases are derived. */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../../scripts/build.mjs';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { FOR_FAULTS, ON_OUT } from './fault-quick.ts';
import { startRealCluster } from './real-cluster.ts';
import { runToEnd } from './run-of.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The events of a drain that went well. */
    cleanRun: readonly RunEvent[];
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
    const { exitCode, events, stdout, stderr } = await runToEnd(cluster, { settings: ON_OUT });
    if (exitCode !== 0)
      throw new Error(`the run without trouble ended with ${exitCode}:\n${stdout}\n${stderr}`);
    project.provide('cleanRun', events);
  } finally {
    await cluster.stop();
  }
  return () => rm(dist, { recursive: true, force: true });
}
