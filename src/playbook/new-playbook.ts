/** A playbook to begin with. */
import { open } from 'node:fs/promises';
import { FshaError } from '../domain/errors.ts';
import { saidFile } from '../yaml/said-back.ts';

/** @param name of small letters, digits and - */
export function newPlaybookText(name: string): string {
  return `# yaml-language-server: $schema=./playbook.schema.json
# What can stand here: docs/playbooks.md. For editors: fsha playbook schema > playbook.schema.json
version: 1
name: ${name}
description: Say here what it is for

vars:
  service: { type: string, default: freeswitch, description: The service that is looked at }

nodes: all

steps:
  - name: Is the service running?
    ssh: { run: [systemctl, is-active, '{{ vars.service }}'], reads: true }
    register: service

  # Takes the node out, waits until its calls have ended, restarts it, and puts it back in once it is well.
  - preflight:
  - deactivate:
  - wait_drained:
  - fence:
  - restart:
  - verify:
  - activate:
`;
}

/** Writes a file that is not there yet. @throws FshaError `usage` where it is, or cannot be written */
export async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const why = code === 'EEXIST' ? 'is there already' : `cannot be written: ${code}`;
    throw new FshaError('usage', `${saidFile(path)} ${why}.`, 'Name another file.', error);
  }
}
