/** The login at one SSH server, reached over TCP or through the server before it. */
import type { Duplex } from 'node:stream';
import type { Timeouts } from '../domain/cluster.ts';
import { openConnection, type SshConnection } from './connection.ts';
import { readHostKeyCheck } from './host-key-check.ts';
import { gatherIdentities } from './identities.ts';
import { loadSsh2 } from './load-ssh2.ts';
import type { KeyFiles } from './private-key-file.ts';
import { type Hop, hopText } from './route.ts';
import { connectTcp } from './tcp-connect.ts';
import { toldOf } from './told-of.ts';
import { openTunnel } from './tunnel.ts';

/** What is the same for every login of this process. */
export interface LoginSettings {
  readonly home: string;
  readonly timeouts: Timeouts;
  readonly keyFiles: KeyFiles;
  readonly onWarning: (text: string) => void;
}

export interface HopLogin {
  readonly hop: Hop;
  /** Names the host in messages; null: whoever hears them adds it. */
  readonly where: string | null;
  readonly isJump: boolean;
  /** The key that the host showed earlier in this process. */
  readonly pinned: Buffer | null;
  /** The server before; null: the host is reached from here. */
  readonly through: { readonly connection: SshConnection; readonly hop: Hop } | null;
  /** Hears what is being done, as a clause: "the login as …". */
  readonly onProgress: (doing: string) => void;
}

/** @throws FshaError as {@link openConnection}, {@link connectTcp} and {@link openTunnel} do, or `ssh.key` */
export async function openHop(
  { hop, where, isJump, pinned, through, onProgress }: HopLogin,
  { home, timeouts, keyFiles, onWarning }: LoginSettings,
  ended: AbortSignal,
): Promise<SshConnection> {
  const label = hopLabel(where, hop, isJump);
  const ssh2 = await loadSsh2();
  const hostKeys = await readHostKeyCheck({ hop, label, pinned, onWarning });
  onProgress(`the wait for the keys of the ssh agent`);
  const identities = await gatherIdentities({ hop, label, home, keyFiles, onWarning }, ended);
  onProgress(`connecting to ${hopText(hop)}`);
  let sock: Duplex;
  try {
    sock =
      through === null
        ? await connectTcp(hop.host, hop.port, timeouts.connect, ended)
        : await openTunnel(through.connection, hop.host, hop.port, ended, () => undefined, {
            label: hopLabel(where, through.hop, true),
          });
  } catch (error) {
    identities.close();
    // What TCP says names no more than the address.
    throw through === null ? toldOf(where, toldOf('SSH', error)) : error;
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

/** Begins the messages about a hop. */
function hopLabel(where: string | null, hop: Hop, isJump: boolean): string {
  const label = `SSH to ${isJump ? 'jump host ' : ''}${hopText(hop)}`;
  return where === null ? label : `${where}: ${label}`;
}
