/** What stands where a playbook would call the package manager or reboot: scripts in a folder of the test's own. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Changes } from './deep-merge.ts';
import { type FshaResult, runFsha } from './fsha.ts';
import type { RealCluster } from './real-cluster.ts';

/** @returns the path of a script for sh */
export function script(directory: string, name: string, lines: string): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\nset -eu\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Runs one of fsha's own playbooks, with no sudo: the test's user is whom the stand-ins belong to. */
export async function runShipped(
  cluster: RealCluster,
  name: string,
  vars: Readonly<Record<string, string>>,
  nodes: readonly string[] = ['node-1'],
  changes: Changes = {},
): Promise<FshaResult> {
  const config = await cluster.configWith(changes);
  const set = Object.entries(vars).flatMap(([key, value]) => ['--var', `${key}=${value}`]);
  const path = resolve(`playbooks/${name}.yaml`);
  return runFsha(['run', path, ...nodes, '--config', config, '--json', ...set], 120_000);
}
