/** The way to a host: one SSH connection, or several, each through the one before. */
import type { Duplex } from 'node:stream';
import type { Timeouts } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { openConnection, type SshConnection } from './connection.ts';
import { hopLabel, readHostKeyCheck } from './host-key-check.ts';
import { gatherIdentities } from './identities.ts';
import { loadSsh2 } from './load-ssh2.ts';
import { type Hop, hopText } from './route.ts';
import { connectTcp } from './tcp-connect.ts';
import { openTunnel } from './tunnel.ts';

export interface Chain {
  /** The connection to the host itself. */
  readonly last: SshConnection;
  close(): Promise<void>;
  destroy(): void;
}

export interface ChainContext {
  /** Names the host in messages. */
  readonly where: string;
  readonly home: string;
  readonly timeouts: Timeouts;
  /** Host keys seen earlier, by hop; those of a chain that came to stand are added. */
  readonly pins: Map<string, Buffer>;
  readonly onWarning: (text: string) => void;
  /** Hears what is being done, as a clause: "the login as …". */
  readonly onProgress: (doing: string) => void;
}

/** Opens every hop in turn, or none: what was opened before a failure is closed again. */
export async function openChain(
  route: readonly Hop[],
  context: ChainContext,
  ended: AbortSignal,
): Promise<Chain> {
  const connections: SshConnection[] = [];
  const destroy = (reason: string): void => connections.toReversed().forEach((each) => each.destroy(reason));
  try {
    for (const [index, hop] of route.entries()) {
      const label = hopLabel(context.where, hop, index < route.length - 1);
      connections.push(await openHop(hop, label, connections.at(-1), context, ended));
    }
  } catch (error) {
    destroy('not all hops could be opened');
    throw error;
  }
  const last = connections.at(-1);
  if (last === undefined) throw new Error('a route has no hops');
  route.forEach((hop, index) => {
    const key = connections[index]?.hostKey;
    if (key !== undefined) context.pins.set(hopText(hop), key);
  });
  route.forEach((hop, index) => {
    const at = index < route.length - 1 ? `at jump host ${hopText(hop)}: ` : '';
    connections[index]?.whenLost((reason) => destroy(`${at}${reason}`));
  });
  return {
    last,
    destroy: () => destroy('nobody waited for it any more'),
    close: () => closeAll(connections),
  };
}

async function closeAll(connections: readonly SshConnection[]): Promise<void> {
  for (const connection of connections.toReversed()) await connection.close();
}

async function openHop(
  hop: Hop,
  label: string,
  before: SshConnection | undefined,
  context: ChainContext,
  ended: AbortSignal,
): Promise<SshConnection> {
  const { home, onWarning, onProgress, timeouts, pins, where } = context;
  const pinned = pins.get(hopText(hop)) ?? null;
  const ssh2 = await loadSsh2();
  const hostKeys = await readHostKeyCheck({ hop, label, pinned, onWarning });
  onProgress(`the wait for the keys of the ssh agent`);
  const identities = await gatherIdentities({ hop, label, home, onWarning }, ended);
  onProgress(`connecting to ${hopText(hop)}`);
  let sock: Duplex;
  try {
    sock =
      before === undefined
        ? await connectTcp(hop.host, hop.port, timeouts.connect, ended)
        : await openTunnel(before, hop.host, hop.port, ended, () => undefined);
  } catch (error) {
    identities.close();
    throw before === undefined ? named(error, where) : error;
  }
  const onPhase = (phase: string): void =>
    onProgress(
      phase === 'handshake'
        ? `the SSH handshake with ${hopText(hop)}`
        : `the login as ${hopText(hop)}, where an agent may be asking for consent`,
    );
  return openConnection(
    { ssh2, hop, label, sock, hostKeys, identities, keepalive: timeouts.keepalive, onPhase },
    ended,
  );
}

function named(error: unknown, where: string): unknown {
  if (!(error instanceof FshaError)) return error;
  return new FshaError(error.code, `${where}: SSH: ${error.message}`, error.hint, error.cause);
}
