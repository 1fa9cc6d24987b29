/** Runs a step's command on a host, and ends it there when nobody waits for it any more. */
import { randomUUID } from 'node:crypto';
import type { Node } from '../../domain/cluster.ts';
import { FshaError } from '../../domain/errors.ts';
import { printable } from '../../domain/text.ts';
import type { ActionAround } from '../../workflow/action-port.ts';
import type { CommandResult, HostPort } from '../../workflow/ports.ts';
import { timeLeft } from './read-params.ts';
import { endLine, type RemoteStep, remoteLine } from './remote-line.ts';

/** How long ending it may take, once it is not waited for any more: ms. */
const ENDING = 3_000;
/** What the host gives a command beyond the step's own time, which is ended from here: ms. */
const BEYOND = 2_000;

/**
 * @param on the name of a node or a proxy of the inventory
 * @throws FshaError `usage` where there is none of that name, or one without SSH
 */
export function hostNamed(on: string, { world }: ActionAround): HostPort {
  const host = world.hosts.get(on) ?? world.proxyHosts?.get(on);
  if (host !== undefined) return host;
  const isProxy = world.proxies.has(on);
  throw new FshaError(
    'usage',
    isProxy
      ? `${on} has no SSH in the inventory`
      : `"${printable(on, 60)}" is no node and no proxy of the inventory`,
    isProxy ? `Give proxies.${on} via: ssh and an ssh of its own.` : 'fsha status lists both.',
  );
}

export interface OnHost extends Omit<RemoteStep, 'timeout' | 'token'> {
  readonly on: string;
  readonly stdin?: string | Uint8Array | undefined;
}

/** @throws FshaError as HostPort.run; where it was interrupted or too late, what it had begun was told to end */
export async function onHost(what: OnHost, around: ActionAround): Promise<CommandResult> {
  const host = hostNamed(what.on, around);
  const token = `fsha-step-${randomUUID()}`;
  const timeout = timeLeft(around);
  const line = remoteLine({ ...what, timeout: timeout + BEYOND, token });
  try {
    return await host.run(line, timeout, around.signal, what.stdin);
  } catch (error) {
    const left = error instanceof FshaError && (error.code === 'interrupted' || error.code === 'timeout');
    if (left) await end(host, endLine(token, what.sudo));
    throw error;
  }
}

/** Best effort: the host ends it in its own time in any case. */
async function end(host: HostPort, line: string): Promise<void> {
  await host.run(line, ENDING, AbortSignal.timeout(ENDING)).catch(() => undefined);
}

/** The name of the host a step runs on: its node's, where it says no other. */
export function hostOf(on: string | null, node: Node): string {
  return on ?? node.name;
}
