/** What holds for each node: its own keys over the defaults of the inventory over those of fsha. Pure. */
import { isIPv6 } from 'node:net';
import type { Capacity, Destination, SipSettings } from '../domain/cluster.ts';
import { parseDuration } from '../domain/duration.ts';
import { DEFAULTS } from './defaults.ts';
import type { Inventory } from './schema.ts';
import type { SecretReference } from './secret-reference.ts';
import { readSipUri } from './sip-uri.ts';
import type { SipUri } from './sip-uri.ts';

type WrittenSsh = NonNullable<Inventory['defaults']['ssh']>;

/** A node before its secrets are read. What is undefined here the inventory does not say and cannot do without. */
export interface NodeSettings {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly destinations: readonly Destination[];
  readonly esl: {
    readonly host: string | undefined;
    readonly port: number;
    readonly password: SecretReference | undefined;
    readonly via: 'direct' | 'ssh';
  };
  readonly ssh: Omit<WrittenSsh, 'host'> & { readonly host: string | undefined };
  readonly sip: SipSettings;
  readonly capacity: Capacity;
  readonly restart: { readonly command: string; readonly timeout: number };
}

export function nodeSettings(
  inventory: Inventory,
  name: string,
  node: Inventory['nodes'][string],
): NodeSettings {
  const { defaults } = inventory;
  // The blocks hold nothing but values, lists and secrets: key by key is as deep as merging goes.
  const esl = { ...defaults.esl, ...node.esl };
  const ssh = { ...defaults.ssh, ...node.ssh };
  const sip = sipSettings({ ...defaults.sip, ...node.sip }, firstUri(node.destinations));
  const via = esl.via ?? 'direct';
  const eslHost = esl.host ?? (via === 'ssh' ? DEFAULTS.eslHostThroughSsh : (ssh.host ?? sip.ip));
  return {
    name,
    labels: node.labels ?? {},
    destinations: node.destinations,
    esl: { host: eslHost, port: esl.port ?? DEFAULTS.eslPort, password: esl.password, via },
    ssh: { ...ssh, host: ssh.host ?? sip.ip ?? (via === 'direct' ? eslHost : undefined) },
    sip,
    capacity: capacityOf({ ...defaults.capacity, ...node.capacity }),
    restart: restartOf({ ...inventory.restart, ...node.restart }),
  };
}

function sipSettings(
  written: NonNullable<Inventory['defaults']['sip']>,
  uri: SipUri | undefined,
): SipSettings {
  const { profile = DEFAULTS.sipProfile, ip = uri?.host, extIp, rtp } = written;
  // A URI that leads elsewhere (an address in front of the node) says nothing of the node's own port.
  const port = written.port ?? (uri !== undefined && uri.host === ip ? uri.port : DEFAULTS.sipPort);
  return {
    profile,
    port,
    ...(ip !== undefined && { ip }),
    ...(extIp !== undefined && { extIp }),
    ...(rtp !== undefined && { rtp }),
  };
}

function firstUri(destinations: readonly Destination[]): SipUri | undefined {
  for (const { uri } of destinations) {
    const reading = uri === undefined ? undefined : readSipUri(uri);
    if (reading !== undefined && 'uri' in reading) return reading.uri;
  }
  return undefined;
}

function capacityOf(written: NonNullable<Inventory['defaults']['capacity']>): Capacity {
  const { calls = DEFAULTS.calls, callsPerSecond = DEFAULTS.callsPerSecond } = written;
  return { calls, sessions: written.sessions ?? 2 * calls, callsPerSecond };
}

function restartOf(written: Inventory['restart']): NodeSettings['restart'] {
  const { command = DEFAULTS.restartCommand, timeout = parseDuration(DEFAULTS.restartTimeout) ?? 0 } =
    written;
  return { command, timeout };
}

/** `host:port`, IPv6 in square brackets. */
export function hostAndPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host.toLowerCase()}:${port}`;
}
